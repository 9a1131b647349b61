"""The git program over a bare mirror, without any setting of this machine or of the repository."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed, Process, last_lines


@dataclass(frozen=True)
class GitProgram:
    """`path` is the program, `environment` what it may see of this machine's. `timeout` in seconds."""

    path: str
    process: Process
    environment: Mapping[str, str] = field(repr=False)
    timeout: float

    def run(
        self,
        argv: list[str],
        *,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run one of `git_cli`'s commands, whatever it answers. `on_line` takes its output line by line."""
        environment = {**git_cli.environment(self.environment), **(extra or {})}
        return self.process.run(argv, cwd=cwd, env=environment, timeout=self.timeout, on_line=on_line)

    def checked(
        self,
        argv: list[str],
        mirror: Path,
        *,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command that has to end with 0. Raises DeployError where it does not."""
        done = self.run(argv, cwd=cwd, extra=extra, on_line=on_line)
        if done.returncode:
            raise broken(mirror, done)
        return done

    def found(self, mirror: Path, *shas: str) -> set[str]:
        """Which of the commits the mirror has."""
        argv, environment = git_cli.has_commits(self.path, str(mirror)), git_cli.environment(self.environment)
        stdin = git_cli.commit_names(shas)
        done = self.process.run(argv, env=environment, timeout=self.timeout, stdin=stdin)
        if done.returncode:  # not even a repository
            return set()
        answers = zip(shas, done.stdout.splitlines(), strict=True)
        return {sha for sha, answer in answers if not answer.endswith(git_cli.MISSING)}


def broken(mirror: Path, done: Completed) -> DeployError:
    """The mirror or the disk has a fault: git failed at what always works."""
    return DeployError(
        f"git failed: {last_lines(done.stderr)}",
        where=str(mirror),
        todo="if the disk is not full, remove this folder: it is fetched again",
    )
