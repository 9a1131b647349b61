"""Checks the names in a deploy.yaml against each other: what refers to what, and what must be the only one.

It works on plain values, so that a mistake of shape in one place does not hide a wrong name in another: whatever has
the wrong shape is left out here, `spec_validation` reports it.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from deploy_pipeline.core.spec import LoadBalancerSpec
from deploy_pipeline.core.spec_mistakes import dotted
from deploy_pipeline.core.spec_positions import Flaw, Node, Path, flaw_at, plain
from deploy_pipeline.core.spec_words import did_you_mean

Place = tuple[Path, Any]
"""Where a value stands, and the value."""
Problem = tuple[Path, str]
"""Where a mistake stands, and what was expected there."""

_SMOKE_TEST_TARGETS = {"function": "functions", "service": "services", "stack": "terraform"}


def check_references(root: Node) -> list[Flaw]:
    """The flaws between places, in no particular order."""
    data = plain(root)
    checks = (_unknown_names, _repeated_names, _load_balancers, _stack_variables, _repeated_ignores)
    return [flaw_at(root, path, expected) for check in checks for path, expected in check(data)]


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _entries(data: Mapping[str, Any], section: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, entry in _mapping(data, section).items():
        if isinstance(entry, Mapping):
            yield (section, name), entry


def _smoke_tests(data: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    tests = data.get("smoke_tests")
    for number, test in enumerate(tests if isinstance(tests, list) else []):
        if isinstance(test, Mapping):
            yield ("smoke_tests", number), test


def _unknown_names(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path, service in _entries(data, "services"):
        yield from _unknown_name(data, (*path, "image"), service.get("image"), "images")
    for path, test in _smoke_tests(data):
        for key, section in _SMOKE_TEST_TARGETS.items():
            yield from _unknown_name(data, (*path, key), test.get(key), section)


def _unknown_name(data: Mapping[str, Any], path: Path, name: Any, section: str) -> Iterator[Problem]:
    names = sorted(_mapping(data, section))
    if not isinstance(name, str) or name in names or not isinstance(data.get(section, {}), Mapping):
        return
    if not names:
        yield path, f"a name under {section}, which has none"
        return
    close = get_close_matches(name, names, n=1)
    yield path, did_you_mean(close) + f"one of the names under {section}: {', '.join(names)}"


def _repeated_names(data: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _repeated("function name", _values(data, "functions", "function_name"))
    yield from _repeated("ECR repository", _values(data, "images", "repository"))
    yield from _repeated("smoke test name", (((*path, "name"), test.get("name")) for path, test in _smoke_tests(data)))
    yield from _repeated("service in the cluster", _pairs(_entries(data, "services"), "service", "cluster"))
    backends = (((*path, "backend"), _mapping(stack, "backend")) for path, stack in _entries(data, "terraform"))
    yield from _repeated("state key in the bucket", _pairs(backends, "key", "bucket"))


def _values(data: Mapping[str, Any], section: str, key: str) -> Iterator[Place]:
    return (((*path, key), entry.get(key)) for path, entry in _entries(data, section))


def _pairs(entries: Iterator[tuple[Path, Mapping[str, Any]]], key: str, within: str) -> Iterator[Place]:
    for path, entry in entries:
        if isinstance(entry.get(key), str) and isinstance(entry.get(within), str):
            yield (*path, key), (entry[key], entry[within])


def _repeated(what: str, places: Iterator[Place]) -> Iterator[Problem]:
    first: dict[Any, Path] = {}
    for path, value in places:
        if not isinstance(value, str | tuple):
            continue
        if value in first:
            yield path, f"its own {what} ({dotted(first[value])} has this one)"
        first.setdefault(value, path)


def _load_balancers(data: Mapping[str, Any]) -> Iterator[Problem]:
    groups: list[Place] = []
    listeners: list[Place] = []
    for path, service in _entries(data, "services"):
        balancer, place = _mapping(service, "load_balancer"), (*path, "load_balancer")
        blue, green = balancer.get("blue_target_group"), balancer.get("green_target_group")
        if isinstance(blue, str):
            groups.append(((*place, "blue_target_group"), blue))
        if isinstance(green, str):
            groups.append(((*place, "green_target_group"), green))
        listeners += _listeners(place, balancer)
    yield from _repeated("target group", iter(groups))
    yield from _repeated("listener port", iter(listeners))


def _listeners(place: Path, balancer: Mapping[str, Any]) -> Iterator[Place]:
    default = LoadBalancerSpec.model_fields["production_port"].default
    for key, port in (
        ("production_port", balancer.get("production_port", default)),
        ("test_port", balancer.get("test_port")),
    ):
        if isinstance(balancer.get("name"), str) and type(port) is int:
            yield (*place, key), (balancer["name"], port)


def _stack_variables(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path, stack in _entries(data, "terraform"):
        given = [((*path, "variables", name), name) for name in _mapping(stack, "variables")]
        fed = [((*path, key), stack.get(key)) for key in ("image_variable", "package_variable")]
        yield from _repeated("variable", iter(fed + given))


def _repeated_ignores(data: Mapping[str, Any]) -> Iterator[Problem]:
    ignore = _mapping(data, "scan").get("ignore")
    entries = enumerate(ignore if isinstance(ignore, list) else [])
    places = [
        (("scan", "ignore", number, "id"), entry.get("id")) for number, entry in entries if isinstance(entry, Mapping)
    ]
    yield from _repeated("id", iter(places))
