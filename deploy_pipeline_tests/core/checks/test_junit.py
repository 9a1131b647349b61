"""pytest's real JUnit report (family xunit1) is read whole; what is no such report is None."""

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.junit import MOST_ELEMENTS, TestRun, read_junit

REPORT = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" \
failures="1" skipped="2" tests="5" time="0.104"><testcase classname="tests.test_m" name="test_ok" \
file="tests/test_m.py" line="3" time="0.001" /><testcase classname="tests.test_m" name="test_bad" \
file="tests/test_m.py" line="4" time="0.002"><failure message="AssertionError: #x1B[31mnot&#10;  two&#10;assert 1 == 2"\
>def test_bad():</failure></testcase><testcase classname="tests.test_m" name="test_skip" file="tests/test_m.py" \
line="6" time="0.0"><skipped type="pytest.skip" message="later">later</skipped></testcase><testcase \
classname="tests.test_m" name="test_err" file="tests/test_m.py" line="10"><error message="failed on setup">E</error>\
</testcase><testcase classname="tests.test_m" name="test_x" file="../x.py" line="11"><skipped type="pytest.xfail" \
message="" /></testcase></testsuite></testsuites>"""
BAD = Finding(
    "failure", "AssertionError: #x1B[31mnot two assert 1 == 2", path="tests/test_m.py", line=5,
    subject="tests.test_m::test_bad",
)  # fmt: skip
ERROR = Finding("error", "failed on setup", path="tests/test_m.py", line=11, subject="tests.test_m::test_err")
ENTITIES = b'<!DOCTYPE a [<!ENTITY b "x">]><testsuites><testcase name="&b;"/></testsuites>'


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (REPORT, TestRun(5, 2, (BAD, ERROR))),
        (b"<testsuites/>", TestRun(0, 0, ())),
        (
            b'<t><testcase name="a&#10;b" file="/etc/passwd" line="x"><error/></testcase></t>',
            TestRun(1, 0, (Finding("error", "no message", subject="a b"),)),
        ),
        (None, None),
        (b"", None),
        (b"<testsuites>", None),
        (b"\xff\xfe", None),
        (ENTITIES, None),
        (b"<a>" + b"<b/>" * (MOST_ELEMENTS + 1) + b"</a>", None),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', None),
    ],
    ids=range(10),
)
def test_read_junit(report: bytes | None, expected: TestRun | None) -> None:
    assert read_junit(report, "/checkout") == expected
