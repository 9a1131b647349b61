"""The keys of a function's stages: what decides its package, and what decides what its alias serves."""

import re
from collections.abc import Mapping

from deploy_pipeline.core.candidate import FunctionDeployment
from deploy_pipeline.core.content_key import ContentKey, Entry, key_of, listed, no_key
from deploy_pipeline.core.spec import FunctionSpec

_COMMENT = re.compile(r"(^|\s)#.*$")
IN_DOUBT = "in doubt"
"""In what describes the installer: why it may install something else tomorrow."""
_HASH = re.compile(r"\s--hash=\w+:\w+")


def package_key(
    name: str, function: FunctionSpec, files: tuple[Entry, ...], requirements: str, installer: Mapping[str, str]
) -> ContentKey:
    """The key of a package. `installer` describes pip, its settings and the interpreter that runs it.

    The installer counts only where there are requirements; `requirements` is "" where there are none.
    """
    doubt = requirements_doubt(requirements) or (installer.get(IN_DOUBT, "") if requirements else "")
    if doubt:
        return no_key(doubt)
    return key_of(
        "package",
        name=name,
        runtime=function.runtime,
        files=listed(files),
        installer=dict(installer) if requirements else {},
    )


def requirements_doubt(requirements: str, name: str = "requirements.txt") -> str:
    """Why requirements may depend on more than their own text; "" where they do not. `name` is the file's."""
    for line in requirements.replace("\\\n", " ").splitlines():
        text = _HASH.sub("", _COMMENT.sub("", line)).strip()
        if text.startswith("-") or any(sign in text for sign in "/\\@$"):
            return f"{name} has {text!r}, which lies elsewhere"
    return ""


def alias_key(deployment: FunctionDeployment) -> ContentKey:
    """The key of what an alias serves: the function, the alias and the hash of the code."""
    function = deployment.function
    return key_of(
        "function",
        function_name=function.function_name,
        alias=function.alias,
        code_sha256=deployment.package.code_sha256,
    )
