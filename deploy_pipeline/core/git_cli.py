"""The git command lines, their environment and their errors, as values. Running them is `gateways.git`."""

import base64
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from deploy_pipeline.core.errors import DeployError

# A repository must not run code here: no hooks, no file-system monitor, no transport helper, no submodule.
# Packs are never split (`unpackLimit`), so an interrupted fetch leaves all of a commit's history or nothing of it.
SAFE = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "fetch.unpackLimit": "1",
    "gc.autoDetach": "false",
    "gc.pruneExpire": "never",
}
# A diff reads no attributes (of the machine, of a branch), which could make a big file text or name a program, and
# does not read files of more than a MiB: they count as binary. Names come quoted: one line each, in ASCII.
PLAIN_DIFF = {
    "core.attributesFile": "/dev/null",
    "attr.tree": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "core.bigFileThreshold": "1m",
    "core.quotePath": "true",
}
# What stands in a mirror's `info/attributes` outranks every .gitattributes of a commit: files are written as git stores
# them. `ident` alone can make a file ten times as large as git says.
EXACT_FILES = "* -text -ident -filter !eol !working-tree-encoding\n"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REFUSED = re.compile(
    r"authentication failed|could not read (username|password)|invalid username|\b40[13]\b|access denied", re.I
)
ABSENT = re.compile(r"not our ref|couldn't find remote ref|unadvertised object", re.I)
NO_REPOSITORY = re.compile(
    r"repository .*not found|does not appear to be a git repository|does not exist|\b404\b", re.I
)
TRANSIENT = re.compile(
    r"could not resolve host|connection (reset|refused|timed out)|failed to connect|couldn't connect|early eof"
    r"|timed out|hung up unexpectedly|gnutls|ssl_|tls|\b(429|5\d\d)\b|curl \d+",
    re.I,
)
MISSING = " missing"
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def checked_sha(sha: str) -> str:
    """`sha` itself when it is a full commit id; anything else could mean an option or another commit later."""
    if SHA.fullmatch(sha):
        return sha
    raise DeployError(f"{sha!r} is not a full commit id", where="git", todo="give all 40 lower-case hexadecimal digits")


def environment(base: Mapping[str, str], clone_url: str = "", token: str | None = None) -> dict[str, str]:
    """The whole environment of a git command. The token travels only here, bound to the host of `clone_url`."""
    settings = dict(SAFE)
    if token and clone_url.startswith(("https://", "http://")):
        credential = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings[f"http.{_host_of(clone_url)}.extraHeader"] = f"Authorization: Basic {credential}"
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        numbered |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return {
        **base,
        **numbered,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "LC_ALL": "C",
    }


def _host_of(clone_url: str) -> str:
    parts = urlsplit(clone_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise DeployError("will not send a token over plain http", where=without_login(clone_url), todo="use https")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"


def without_login(clone_url: str) -> str:
    """The URL as it may be shown: without a user name or password in it."""
    parts = urlsplit(clone_url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def mirror_name(clone_url: str) -> str:
    """`owner-name.git`, safe as a file name."""
    words = re.findall(r"[\w.-]+", clone_url.removesuffix("/").removesuffix(".git"))
    return "-".join(words[-2:]).lstrip(".-") + ".git"


def init(git: str, mirror: str) -> list[str]:
    """Make an empty bare repository, without the hooks of a template."""
    return [git, "init", "--quiet", "--bare", "--template=", "--", mirror]


def fetch_all(git: str, mirror: str, clone_url: str) -> list[str]:
    """Bring the mirror's branches and tags to where the remote's are."""
    return [*_fetch(git, mirror), "--prune", "--", clone_url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]


def fetch_commit(git: str, mirror: str, clone_url: str, sha: str) -> list[str]:
    """Bring one commit that no branch holds, such as the head of a pull request."""
    return [*_fetch(git, mirror), "--", clone_url, f"+{sha}:refs/commits/{sha}"]


def _fetch(git: str, mirror: str) -> list[str]:
    quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
    return [git, f"--git-dir={mirror}", "fetch", *quiet]


def has_commits(git: str, mirror: str) -> list[str]:
    """Prints a line for each line of `commit_names` that it reads: one that ends in MISSING, or what it has found."""
    return [git, f"--git-dir={mirror}", "cat-file", "--batch-check"]


def commit_names(shas: Sequence[str]) -> str:
    """What `has_commits` reads."""
    return "".join(f"{sha}^{{commit}}\n" for sha in shas)


def list_files(git: str, mirror: str, sha: str) -> list[str]:
    """Print a line for every file of the commit: mode, kind, object, size in bytes ("-" for a submodule), tab, path.

    The path is in quotes where it is not plain ASCII.
    """
    command = [git, f"--git-dir={mirror}", "-c", "core.quotePath=true", "ls-tree"]
    return [*command, "-r", "--long", "--full-tree", sha]


def write_tree(git: str, mirror: str, sha: str, tree: str) -> list[str]:
    """Write the commit's files into the empty folder `tree`.

    Not `git archive`: that leaves out `export-ignore` paths and rewrites `export-subst` files.
    """
    return [git, f"--git-dir={mirror}", f"--work-tree={tree}", "read-tree", "-u", "--reset", sha]


def is_ancestor(git: str, mirror: str, ancestor: str, descendant: str) -> list[str]:
    """Ends with 0 for yes and 1 for no."""
    return [git, f"--git-dir={mirror}", "merge-base", "--is-ancestor", ancestor, descendant]


def merge_base(git: str, mirror: str, base: str, head: str) -> list[str]:
    """Prints the best common ancestor; ends with 1 where there is none."""
    return [git, f"--git-dir={mirror}", "merge-base", base, head]


def merges(git: str, mirror: str, base: str, head: str) -> list[str]:
    """Print the commits of the branch after `base` up to `head`, the newest first, without those of merged branches."""
    return [git, "-C", mirror, "rev-list", "--first-parent", f"{base}..{head}", "--"]


def diff(git: str, mirror: str, base: str, head: str, output: str) -> list[str]:
    """Write to the file `output` which files differ (the raw format), then a patch without context.

    A renamed file is one removed and one added. Nothing that the repository names is run.
    """
    settings = [word for name, value in PLAIN_DIFF.items() for word in ("-c", f"{name}={value}")]
    plain = ["--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--submodule=short"]
    form = ["--raw", "--no-abbrev", "--patch", "--unified=0", "--src-prefix=a/", "--dst-prefix=b/"]
    command = [git, f"--git-dir={mirror}", *settings, "diff-tree", "-r"]
    return [*command, *plain, *form, f"--output={output}", base, head, "--"]


def fetch_error(clone_url: str, stderr: str) -> DeployError:
    """What a failed fetch means to an operator."""
    where, said = f"git fetch {without_login(clone_url)}", stderr.strip()[-1000:]
    if REFUSED.search(stderr):
        return DeployError(
            f"the remote refused: {said}", where=where, todo="check that the token may read the repository's contents"
        )
    if TRANSIENT.search(stderr):
        return DeployError(f"the remote did not answer: {said}", where=where, todo="check the network", retryable=True)
    if NO_REPOSITORY.search(stderr):
        return DeployError(
            f"no such repository: {said}", where=where, todo="check the name, and that the token can see it"
        )
    return DeployError(said, where=where, todo="correct what git complains about, then run the step again")


def unknown_commit(clone_url: str, sha: str) -> DeployError:
    """The remote has no such commit."""
    return DeployError(
        f"the repository has no commit {sha}",
        where=without_login(clone_url),
        todo="push the commit, or deploy one that is on the branch; a force-push may have removed it",
    )
