"""The fake isolation behaves as a real one: what it was told, a box that is gone stays gone, everything is recorded."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Outcome
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, BoxCall, FakeIsolation, finished

SETUP = BoxSetup(name="black", checkout="/tree")
TIMED_OUT = Outcome("timed_out", None, "", "", 60.0)


def test_run_answers_by_program_and_hands_over_lines() -> None:
    lines: list[str] = []
    isolation = FakeIsolation({"black": finished("a\nb\n", returncode=1)})
    with isolation.box(SETUP) as box:
        argv = (box.places.program("black"), "--check")
        assert box.run(argv, timeout=5, environment={"A": "1"}, on_line=lines.append).returncode == 1
        assert box.run(("/bin/true",), timeout=5) == finished()
        assert isolation.open == ["black"]
    assert (lines, isolation.open, isolation.boxes) == (["a", "b"], [], [SETUP])
    assert isolation.calls == [BoxCall(SETUP, argv, 5, None, {"A": "1"}), BoxCall(SETUP, ("/bin/true",), 5)]


def test_a_callable_sees_the_call_and_may_write_files() -> None:
    def write(call: BoxCall) -> Outcome:
        isolation.files["/scratch/report.json"] = call.argv[1].encode()
        return finished()

    isolation = FakeIsolation(write)
    with isolation.box(SETUP) as box:
        assert box.read("/scratch/report.json") is None
        box.run(("bandit", "{}"), timeout=1)
        assert box.read("/scratch/report.json") == b"{}"
        assert box.read("/scratch/report.json", limit_mb=0) is None
        assert box.places == PLACES


def test_a_box_is_gone_after_any_ending_but_finished() -> None:
    isolation = FakeIsolation({"pytest": TIMED_OUT}, {"/scratch/a": b"1"})
    with isolation.box(SETUP) as box:
        assert box.run(("pytest",), timeout=60) == TIMED_OUT
        assert box.run(("true",), timeout=60).ending == "died"
        assert box.read("/scratch/a") is None


def test_once_closed_no_box_begins_and_what_runs_has_died() -> None:
    isolation = FakeIsolation()
    with isolation.box(SETUP) as box:
        isolation.close()
        assert box.run(("true",), timeout=60).ending == "died"
    with pytest.raises(DeployError, match="no box begins any more"), isolation.box(SETUP):
        pass


def test_preparations_are_recorded_and_may_fail() -> None:
    isolation = FakeIsolation(environment=DeployError("no"), gives_up="everything")
    assert isolation.prepare_tools({"black": "black==1"}, print) == "tools"
    with pytest.raises(DeployError, match="no"):
        isolation.prepare_environment("tools", ("pytest==9",), {"requirements.txt": "idna"}, print)
    assert isolation.tools == [{"black": "black==1"}]
    assert isolation.environments == [("tools", ("pytest==9",), {"requirements.txt": "idna"})]
    assert isolation.gives_up() == "everything"
