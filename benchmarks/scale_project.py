"""A generated application of any size: trivial functions and images, no Terraform. Files, and what AWS needs before."""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

PROJECT = Path(__file__).parents[1]
REPOSITORY = "acme/scale"
BRANCH = "main"
BUCKETS = ("scale-artifacts", "scale-ledger")
COPIED = ("dagster.yaml", "workspace.yaml")
HANDLER = "def handler(event, context):\n    return {{'statusCode': 200, 'body': '{note}'}}\n"
METADATA = "Metadata-Version: 2.1\nName: example\nVersion: 1.0\nSummary: {note}\n"
DOCKERFILE = "FROM scratch\nCOPY METADATA /example-1.0.dist-info/METADATA\n"
"""An image of one file, which a scanner takes for a package: an image without any has not been scanned."""


@dataclass(frozen=True)
class Size:
    """How many functions and images an application has."""

    functions: int
    images: int

    @property
    def name(self) -> str:
        """The size in words."""
        return f"{self.functions} functions, {self.images} images"

    @property
    def function_names(self) -> list[str]:
        """The names of the functions, in AWS too."""
        return [f"f{number:03}" for number in range(self.functions)]

    @property
    def image_names(self) -> list[str]:
        """The names of the images, in the registry `scale/<name>`."""
        return [f"i{number:03}" for number in range(self.images)]


def spec(size: Size) -> dict[str, Any]:
    """The spec of the application."""
    return {
        "version": 1,
        "environment": "production",
        "repository": {"name": REPOSITORY, "branch": BRANCH},
        "aws": {"region": "us-east-1", "artifact_bucket": BUCKETS[0], "ledger_bucket": BUCKETS[1]},
        "images": {name: {"repository": f"scale/{name}", "context": f"images/{name}"} for name in size.image_names},
        "functions": {name: {"function_name": name, "source": f"functions/{name}"} for name in size.function_names},
        "rollout": {"functions": {"shape": "AllAtOnce"}},  # nobody sends them requests
    }


def sources(size: Size, note: str) -> dict[str, bytes | None]:
    """The files that a deployment works on; `note` makes every one of them new."""
    handlers = {f"functions/{name}/handler.py": HANDLER.format(note=f"{name} {note}") for name in size.function_names}
    contents = {f"images/{name}/METADATA": METADATA.format(note=f"{name} {note}") for name in size.image_names}
    return {path: text.encode() for path, text in {**handlers, **contents}.items()}


def write_project(folder: Path, size: Size) -> None:
    """Write the application's repository into a folder, with the settings of this project's Dagster."""
    files = sources(size, "first") | {f"images/{name}/Dockerfile": DOCKERFILE.encode() for name in size.image_names}
    files |= {name: (PROJECT / name).read_bytes() for name in COPIED}
    files["deploy.yaml"] = json.dumps(spec(size), indent=2).encode()  # JSON is YAML
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content or b"")


def prepare_account(size: Size) -> None:
    """Make the buckets, the registries and the functions, as Terraform would, in the account of the environment."""
    s3, ecr, functions = boto3.client("s3"), boto3.client("ecr"), boto3.client("lambda")
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name in size.image_names:
        ecr.create_repository(repositoryName=f"scale/{name}")
    package = zipped(HANDLER.format(note="before"))
    for name in size.function_names:
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Role="arn:aws:iam::123456789012:role/scale",
            Handler="handler.handler", Code={"ZipFile": package}, Publish=True,
        )  # fmt: skip
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


def zipped(handler: str) -> bytes:
    """A package with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("handler.py", handler)
    return buffer.getvalue()
