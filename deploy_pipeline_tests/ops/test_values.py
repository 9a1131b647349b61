"""Values between ops as JSON files."""

import stat
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.candidate import Candidate, PushedImage
from deploy_pipeline.ops.values import JsonValues
from deploy_pipeline_tests.samples import a_candidate, a_pushed_image

SEEN: list[object] = []


@dg.op
def make_candidate() -> Candidate:
    return a_candidate()


@dg.op(out=dg.DynamicOut(str))
def fan_out(candidate: Candidate) -> list[dg.DynamicOutput[str]]:
    return [dg.DynamicOutput(name, mapping_key=name) for name in ("one", "two")]


@dg.op
def make_image(name: str) -> PushedImage:
    return a_pushed_image(name=name)


@dg.op
def take(candidate: Candidate, images: list[PushedImage]) -> list[PushedImage]:
    SEEN.extend([candidate, images])
    return images


@dg.op
def take_list(images: list[PushedImage]) -> None:
    SEEN.append(images)


@dg.job
def value_job() -> None:
    candidate = make_candidate()
    take_list(take(candidate, fan_out(candidate).map(make_image).collect()))


def test_values_arrive_as_they_were_sent_and_only_the_owner_can_read_them(tmp_path: Path) -> None:
    SEEN.clear()
    resources = {"io_manager": dg.IOManagerDefinition.hardcoded_io_manager(JsonValues(tmp_path))}
    assert value_job.execute_in_process(resources=resources).success
    images = [a_pushed_image(name="one"), a_pushed_image(name="two")]
    assert [a_candidate(), images, images] == SEEN
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
