"""The environment in which types and tests are checked: the head's requirements beside mypy and pytest."""

from dataclasses import replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.environment_files import requirement_files
from deploy_pipeline.checks.relevance import why_not
from deploy_pipeline.checks.runner import tell
from deploy_pipeline.core.checks.catalogue import IN_ENVIRONMENT, environment_packages
from deploy_pipeline.core.checks.requirements import Uninstallable, checked_requirements
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Prepared


def prepared_environment(subject: Subject, bench: Bench, *, everything: bool = False) -> Prepared:
    """Make the environment, or say why there is none. Nothing is installed when no check needs it."""
    try:
        if not everything and all(why_not(name, subject) for name in IN_ENVIRONMENT):
            return bench.prepared
        requirements = _requirements(subject, bench)
        packages = environment_packages(subject.spec)
        handle = bench.isolation.prepare_environment(bench.prepared.tools, packages, requirements, bench.on_line)
    except Uninstallable as error:
        return replace(bench.prepared, problem=str(error))
    return replace(bench.prepared, environment=handle)


def _requirements(subject: Subject, bench: Bench) -> dict[str, str]:
    named = subject.spec.validation.requirements
    try:
        return checked_requirements(requirement_files(subject), named)
    except Uninstallable:
        raise
    # Whatever a head makes a parser or the file system do: all checks come after this, and most do not need it.
    except Exception as error:
        tell(error, bench.on_line)
        what = f"the requirements cannot be read ({type(error).__name__})"
        raise Uninstallable(what, where=", ".join(named), todo="see the log of this step") from error
