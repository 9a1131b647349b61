"""The fake process keeps what its interface promises."""

from deploy_pipeline.gateways.process import Completed
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall


def test_fake_process_records_calls_and_streams_its_answer() -> None:
    lines: list[str] = []
    fake = FakeProcess(lambda call: Completed(call.argv, 1, "a\nb\n", "c\n"))
    done = fake.run(["git", "fetch"], timeout=5, env={"A": "b"}, on_line=lines.append)
    assert (done.returncode, lines) == (1, ["a", "b", "c"])
    assert fake.calls == [ProcessCall(("git", "fetch"), None, {"A": "b"}, 5, None, 10.0)]
