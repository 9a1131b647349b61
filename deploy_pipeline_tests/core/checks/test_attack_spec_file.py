"""A pull request's deploy.yaml that is made to exhaust or to confuse whoever reads it."""

import pytest

from deploy_pipeline.core.checks.spec_file import assess_spec

ALIASES = "x0: &x0 [1, 1, 1, 1]\n" + "".join(
    f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 10)}]\n" for level in range(1, 10)
)


@pytest.mark.parametrize(
    "text",
    [
        ALIASES,
        "a: &a {b: *a}\n",
        "a: " + "[" * 100_000,
        "{a: " * 50_000,
        "---\n" * 100_000,
        "a: !!python/object/apply:os.system [id]\n",
        "a: 1" + ":1" * 100_000,
        "".join(f"k{number}: 1\n" for number in range(60_000)),
        "a: " + "9" * 900_000,
        'a: "\\ud800"\n',
        "a: \0\n",
        "a: 1e999\n",
    ],
    ids=[
        "aliases",
        "cycle",
        "lists",
        "mappings",
        "documents",
        "tag",
        "base-60",
        "keys",
        "digits",
        "half",
        "nul",
        "inf",
    ],
)
def test_assess_spec_fails_for_a_file_that_attacks_its_reader(text: str) -> None:
    assert assess_spec(text.encode()).state == "failed"
