"""Whether a pull request concerns a check: by the patterns of the spec, and by what its own files name besides."""

from deploy_pipeline.checks.environment_files import known_files
from deploy_pipeline.checks.tree_files import SPEC_FILE, file_names, head_spec
from deploy_pipeline.core.checks.catalogue import policy_of
from deploy_pipeline.core.checks.relevance import and_above, relevant
from deploy_pipeline.core.checks.subject import Subject

OF_STACKS = ("terraform_validate", "terraform_plan", "cost")
OF_REQUIREMENTS = ("mypy", "pip_audit", "safety", "pytest")
TERRAFORM = (".tf", ".tf.json")


def why_not(check: str, subject: Subject) -> str | None:
    """The reason why the check does not have to run; None when it has to."""
    return relevant(policy_of(subject.spec, check), subject.changes, _also(check, subject))


def _also(check: str, subject: Subject) -> tuple[str, ...]:
    if check in OF_STACKS:
        return (SPEC_FILE, *_stack_folders(subject), *_module_folders(subject))
    return known_files(subject) if check in OF_REQUIREMENTS else ()


def _stack_folders(subject: Subject) -> tuple[str, ...]:
    """A configuration may read any file, such as the text of a policy. The head's own folders may be others."""
    specs = (subject.spec, head_spec(subject))
    return tuple(stack.directory for spec in specs if spec for stack in spec.terraform.values())


def _module_folders(subject: Subject) -> tuple[str, ...]:
    """The folders with Terraform files that changed files lie in or below: a module may read them, too."""
    folders = {folder for path in subject.changed_paths for folder in and_above(path)[1:]}
    return tuple(
        folder
        for folder in folders
        for tree in (subject.head_tree, subject.base_tree)
        if any(name.endswith(TERRAFORM) for name in file_names(tree, folder))
    )
