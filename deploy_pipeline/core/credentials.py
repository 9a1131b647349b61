"""Credentials as they come from an environment: checked before a library can quote them in an error."""

from deploy_pipeline.core.errors import DeployError


def header_value(secret: str, variable: str) -> str:
    """`secret` without the white space around it, fit for an HTTP header; `variable` is the setting it came from.

    HTTP libraries refuse a line break in a header with a message that quotes the whole header.
    """
    value = secret.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise DeployError(f"{variable} is empty or holds characters that no token has", todo=f"set {variable} again")
    return value
