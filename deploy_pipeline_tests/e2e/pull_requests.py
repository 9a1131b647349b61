"""Pull requests of every kind against the sample repository, each as the files that it changes."""

from collections.abc import Mapping

from deploy_pipeline_tests.e2e.validation_case import SAMPLE

Changes = Mapping[str, bytes | None]


def original(path: str) -> str:
    """A file as main has it."""
    return (SAMPLE / path).read_text()


SCORE, TESTS = original("app/score.py"), original("tests/test_score.py")
MAIN, SPEC = original("terraform/main/main.tf"), original("deploy.yaml")
TABLE = MAIN[MAIN.index('resource "aws_dynamodb_table"') :]
GATEWAYS = """
resource "aws_nat_gateway" "outbound" {
  count             = 8
  connectivity_type = "private"
  subnet_id         = "subnet-0123456789abcdef0"
}
"""
UNTESTED = '''

def advice(value: float) -> str:
    """What to tell the team about a score."""
    if value < 0.2:
        return "call"
    if value < 0.5:
        return "write"
    if value < 0.8:
        return "thank"
    return "ask for a reference"
'''

CLEAN: Changes = {
    "app/score.py": SCORE.replace("sessions / 20", "sessions / 25").encode(),
    "requirements.txt": b"# of the score\nidna==3.10\n",
    "web/index.html": b"<p>more engaged</p>\n",
    "web/Dockerfile": original("web/Dockerfile").replace('CMD ["', '# served as it is\nCMD ["').encode(),
    "terraform/main/main.tf": MAIN.replace(
        'cidr_block = "10.20.0.0/16"\n}', 'cidr_block = "10.20.0.0/16"\n\n  tags = {\n    Name = "sample"\n  }\n}'
    ).encode(),
    "deploy.yaml": (SPEC + "nightly_e2e:\n  enabled: false\n").encode(),
}
KINDS: Mapping[str, Changes] = {
    "clean": CLEAN,
    "unformatted": {
        "app/score.py": SCORE.replace("import idna\n", "import json,os\nimport idna\n")
        .replace("return min(", "return  min(")
        .encode()
    },
    "type broken": {"app/score.py": SCORE.replace("(name: str) -> str:", "(name: str) -> bytes:").encode()},
    "failing test": {"app/score.py": SCORE.replace("min(1.0", "min(0.9").encode()},
    "below the coverage minimum": {"app/score.py": (SCORE + UNTESTED).encode()},
    "vulnerable dependency": {"requirements.txt": b"idna==3.6\n"},
    "open to the world": {
        "terraform/main/main.tf": MAIN.replace('cidr_blocks = ["10.20.0.0/16"]', 'cidr_blocks = ["0.0.0.0/0"]').encode()
    },
    "destroys a table": {"terraform/main/main.tf": MAIN.replace(TABLE, "").rstrip().encode() + b"\n"},
    "too expensive": {"terraform/main/main.tf": (MAIN + GATEWAYS).encode()},
    "not YAML": {"deploy.yaml": SPEC.replace("repository:\n", "repository: [\n", 1).encode()},
    "not HCL": {"terraform/main/main.tf": MAIN.replace('"aws_vpc" "main" {', '"aws_vpc" main {{').encode()},
    "not UTF-8": {"app/score.py": SCORE.replace("customer's", "kund\xe4s").encode("latin-1")},
    "two thousand files": {
        f"notes/{number % 40:02}/{number:04}.md": f"# Note {number}\n".encode() for number in range(2000)
    },
    "empty": {},
}
