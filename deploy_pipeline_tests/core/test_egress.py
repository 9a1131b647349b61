"""What a box may reach: names, redirects and addresses."""

import pytest

from deploy_pipeline.core.egress import EgressRules, Route, may_connect, route

RULES = EgressRules(("*.amazonaws.com:443", "pypi.org:443"), {"aws.sandbox.internal:4566": "127.0.0.1:4566"})
FULL, WILDCARD = Route("x", 443, internal=True), Route("x", 443, internal=False)
REDIRECT = Route("127.0.0.1", 4566, internal=True, local=True)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("pypi.org:443", Route("pypi.org", 443, internal=True)),
        ("PyPI.org.:443", Route("pypi.org", 443, internal=True)),
        ("sts.us-east-1.amazonaws.com:443", Route("sts.us-east-1.amazonaws.com", 443, internal=False)),
        ("aws.sandbox.internal:4566", REDIRECT),
        ("amazonaws.com:443", None),
        ("evilamazonaws.com:443", None),
        ("amazonaws.com.evil.org:443", None),
        ("sts.amazonaws.com:80", None),
        ("pypi.org:80", None),
        ("pypi.org", None),
        ("127.0.0.1:4566", None),
        ("evil.org:443\n.amazonaws.com:443", None),
        ("evil.org:443/.amazonaws.com:443", None),
        ("user@sts.amazonaws.com:443", None),
        ("[::1]:443", None),
        ("pypi.org:+443", None),
        ("pypi.org:0443443443443443443", None),
        (":443", None),
        ("", None),
    ],
)
def test_route(target: str, expected: Route | None) -> None:
    assert route(target, RULES) == expected


def test_route_without_rules_leads_nowhere() -> None:
    assert route("pypi.org:443", EgressRules()) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("151.101.0.223", (True, True, True)),
        ("10.0.0.5", (True, False, True)),
        ("172.17.0.1", (True, False, True)),
        ("100.64.0.1", (True, False, True)),
        ("fd12::1", (True, False, True)),
        ("127.0.0.1", (False, False, True)),
        ("127.8.8.8", (False, False, True)),
        ("::1", (False, False, True)),
        ("::ffff:127.0.0.1", (False, False, True)),
        ("::ffff:169.254.169.254", (False, False, True)),
        ("169.254.169.254", (False, False, True)),
        ("fd00:ec2::254", (False, False, True)),
        ("fe80::1%eth0", (False, False, True)),
        ("0.0.0.0", (False, False, True)),
        ("224.0.0.1", (False, False, True)),
    ],
)
def test_may_connect(address: str, expected: tuple[bool, bool, bool]) -> None:
    assert tuple(may_connect(address, way) for way in (FULL, WILDCARD, REDIRECT)) == expected
