"""Makes the bench of the checks from the environment: which boxes, programs and services stand behind them."""

import shutil
from collections.abc import Callable

from pydantic import SecretStr

from deploy_pipeline.checks.bench import Bench, CheckSettings
from deploy_pipeline.composition import Gateways
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.aws_plan_access import AwsPlanAccess
from deploy_pipeline.gateways.docker_isolation import DockerIsolation, IsolationSettings
from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.gateways.isolation import Isolation
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.plan_access import NoPlanAccess, PlanAccess
from deploy_pipeline.gateways.process_isolation import ProcessIsolation, ProcessIsolationSettings
from deploy_pipeline.settings import Settings

PROGRAMS = ("terraform", "trivy", "tfsec", "infracost")
Listener = Callable[[str], None]


def bench_of(
    gateways: Gateways, spec: Spec, *, isolation: str | None = None, account: bool = True, on_line: Listener = print
) -> Bench:
    """The bench that an environment describes. Without an `account` nothing is planned, and reports stay here."""
    store: ObjectStore = FolderObjects(gateways.settings.work_folder / "objects")
    access: PlanAccess = NoPlanAccess()
    if account:
        store, access = gateways.object_store(), AwsPlanAccess(gateways.aws())
    return Bench(
        settings=check_settings(gateways.settings),
        isolation=isolation_of(gateways, spec, isolation or spec.validation.isolation),
        prepared=Prepared(),
        workspace=gateways.workspace(),
        docker_engine=gateways.docker_engine(),
        object_store=store,
        plan_access=access,
        process=gateways.process(),
        web=gateways.web(),
        clock=gateways.clock(),
        on_line=on_line,
    )


def check_settings(given: Settings) -> CheckSettings:
    """What the environment says about checks; a program that is not installed is left out."""
    found = {name: shutil.which(getattr(given, name)) for name in PROGRAMS}
    return CheckSettings(
        programs={name: path for name, path in found.items() if path},
        advisory_url=given.advisory_url,
        provider_mirror=str(given.terraform_mirror) if given.terraform_mirror else None,
        safety_key=_secret(given.safety_api_key),
        infracost_key=_secret(given.infracost_api_key),
        codecov_token=_secret(given.codecov_token),
        codecov_url=given.codecov_url,
    )


def isolation_of(gateways: Gateways, spec: Spec, kind: str) -> Isolation:
    """Containers, or this machine itself."""
    given = gateways.settings
    work = given.work_folder / "isolation"
    if kind == "process":
        own = ProcessIsolationSettings(work, gateways.environment)
        return ProcessIsolation(own, gateways.process(), gateways.clock())
    settings = IsolationSettings(
        host=given.docker_host,
        base_image=spec.validation.base_image,
        build_network=given.build_network,
        work=work,
        index_hosts=tuple(part.strip() for part in given.index_hosts.split(",") if part.strip()),
        environment=gateways.environment,
    )
    return DockerIsolation(settings, gateways.clock())


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
