"""Accounts in GitHub's JSON shapes."""

import base64
import zlib
from typing import Any

from deploy_pipeline.sandbox.github_double.urls import Urls

_USER_LINKS = (
    "followers",
    "subscriptions",
    "organizations",
    "repos",
    "received_events",
)
_SINCE = "2020-01-01T00:00:00Z"
_ROLES = ("none", "read", "triage", "write", "maintain", "admin")
_NEEDED = {"admin": 5, "maintain": 4, "push": 3, "triage": 2, "pull": 1}
_LEGACY = {"maintain": "write", "triage": "read"}
_NOREPLY = "@users.noreply.github.com"


def node_id(kind: str, number: int | str) -> str:
    """An opaque global id, as GraphQL uses them."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def stable_id(name: str) -> int:
    """A number for something that has only a name; the same on every start."""
    return zlib.crc32(name.encode())


def login_of(email: str) -> str | None:
    """The account that a GitHub no-reply address belongs to; None for any other address."""
    if not email.endswith(_NOREPLY):
        return None
    return email.removesuffix(_NOREPLY).rpartition("+")[2] or None


def email_of(login: str) -> str:
    """The no-reply address of an account."""
    return f"{stable_id(login)}+{login}{_NOREPLY}"


def simple_user(urls: Urls, login: str) -> dict[str, Any]:
    """`SimpleUser`."""
    number, api = stable_id(login), f"{urls.api}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node_id("User", number),
        "avatar_url": "",
        "gravatar_id": "",
        "url": api,
        "html_url": urls.page(login),
        **{f"{name}_url": f"{api}/{name}" for name in _USER_LINKS},
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "events_url": f"{api}/events{{/privacy}}",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def private_user(urls: Urls, login: str) -> dict[str, Any]:
    """`PrivateUser`: the account that a token belongs to."""
    nothing = dict.fromkeys(("company", "blog", "location", "hireable", "bio", "twitter_username"))
    counts = ("public_repos", "public_gists", "followers", "following", "private_gists", "total_private_repos")
    more = ("owned_private_repos", "disk_usage", "collaborators")
    return {
        **simple_user(urls, login),
        **nothing,
        **dict.fromkeys(counts + more, 0),
        "name": login,
        "email": email_of(login),
        "created_at": _SINCE,
        "updated_at": _SINCE,
        "two_factor_authentication": True,
        "user_view_type": "private",
    }


def permission(urls: Urls, login: str, level: str) -> dict[str, Any]:
    """`RepositoryCollaboratorPermission` for a role; `permission` is the nearest of admin, write, read and none."""
    rank = _ROLES.index(level)
    flags = {name: rank >= needed for name, needed in _NEEDED.items()}
    user = {**simple_user(urls, login), "permissions": flags, "role_name": level}
    return {"permission": _LEGACY.get(level, level), "role_name": level, "user": user}
