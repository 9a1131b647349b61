"""What is read from the output of `pip config list`."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.package_index import index_hosts, pip_settings, read_settings
from deploy_pipeline_tests.fakes.fake_process import FakeProcess

OTHER = "global.index-url='https://other.example.com'\n"
PYPI = ("pypi.org:443", "files.pythonhosted.org:443")


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", PYPI),
        ("global.extra-index-url='file:///opt/simple'\n:env:.find-links='/opt/wheels'\n", PYPI),
        ("global.extra-index-url='file:///opt/simple https://more.example.com'\n", (*PYPI, "more.example.com:443")),
        ("global.index-url='https://me:secret@index.example.com/simple'\n", ("index.example.com:443",)),
        ("global.index-url='http://127.0.0.1:3141/root'\n", ("127.0.0.1:3141",)),
        (f":env:.index-url='https://one.example.com'\n{OTHER}", ("one.example.com:443",)),
        (f"{OTHER}install.index-url='https://one.example.com'\n", ("one.example.com:443",)),
        ("global.index-url='https://pypi.org/simple'\n", PYPI),
        (
            "global.extra-index-url='\\nhttps://a.example.com\\nhttps://a.example.com/more\\nhttp://b.example.com'\n",
            (*PYPI, "a.example.com:443", "b.example.com:80"),
        ),
        ("global.index-url='file:///opt/simple'\n", ()),
    ],
)
def test_index_hosts(listed: str, expected: tuple[str, ...]) -> None:
    assert index_hosts(listed) == expected


@pytest.mark.parametrize("address", ["https://secret@index.example.com:port", "http://[::1"])
def test_index_hosts_refuses_what_is_no_address_and_does_not_show_it(address: str) -> None:
    with pytest.raises(DeployError, match="pip config list") as raised:
        index_hosts(f"global.index-url='{address}'\n")

    assert "secret" not in str(raised.value)


def test_read_settings_leaves_out_what_says_nothing_about_the_index() -> None:
    listed = ":env:.cert='/own.pem'\nglobal.timeout='180'\ndownload.index-url='https://other.example.com'\n"

    assert read_settings(listed) == {"timeout": "180"}


def test_pip_settings_are_empty_where_there_is_no_pip() -> None:
    process = FakeProcess(lambda call: Completed(call.argv, 1, "", "No module named pip"))

    assert pip_settings(process, {"PIP_INDEX_URL": "https://index.example.com"}) == ""
    assert process.calls[0].env == {"PIP_INDEX_URL": "https://index.example.com"}
