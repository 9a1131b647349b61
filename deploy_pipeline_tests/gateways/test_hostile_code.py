"""Code of a pull request that attacks: what it finds in a box, and what is left of it afterwards."""

import os
from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Limits, Outcome
from deploy_pipeline_tests.gateways.box_case import BASE_IMAGE, SMALL, checkout, isolation, opened, python

pytestmark = pytest.mark.real
PASSWORDS = "/etc/passwd"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def gone(outcome: Outcome) -> tuple[str, int | None]:
    return outcome.ending, outcome.returncode


def test_the_environment_is_the_boxes_own(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "s3cret")
    with opened(tmp_path, tree) as box:
        found = python(box, "import os; print(sorted(set(os.environ) - {'HOSTNAME', 'PWD', 'OLDPWD', 'LC_CTYPE'}))")
        assert "s3cret" not in box.run(("sh", "-c", "cat /proc/*/environ; env; set"), timeout=20).stdout
    names = ["CI", "HOME", "LANG", "PATH", "PIP_CERT", "PYTHONDONTWRITEBYTECODE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
    assert found.stdout.strip() == str([*names, "TMPDIR"])


def test_nothing_can_be_reached(tmp_path: Path, tree: Path) -> None:
    client = docker.APIClient(version="auto")
    request = client.create_container(BASE_IMAGE, ["sleep", "60"])
    try:
        client.start(request["Id"])
        networks = client.inspect_container(request["Id"])["NetworkSettings"]["Networks"]
        bridge = networks["bridge"]
        targets = ["169.254.169.254:80", "1.1.1.1:443", f"{bridge['Gateway']}:22", f"{bridge['IPAddress']}:80"]
        code = f"""
            import errno, socket
            for target in {targets}:
                host, port = target.split(":")
                try:
                    socket.create_connection((host, int(port)), 2)
                    print("reached", target)
                except OSError as error:
                    print(errno.errorcode[error.errno])
            try:
                print(socket.getaddrinfo("pypi.org", 443))
            except OSError:
                print("unknown")
            print([name for _, name in socket.if_nameindex() if name != "lo"])
        """
        with opened(tmp_path, tree) as box:
            outcome = python(box, code)
    finally:
        client.remove_container(request["Id"], force=True)
        client.close()
    assert outcome.stdout.split() == [*["ENETUNREACH"] * 4, "unknown", "[]"]


def test_no_file_of_the_machine_and_no_engine_is_there(tmp_path: Path, tree: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    (tree / "link").symlink_to(secret)
    (tree / "up").symlink_to("../../../../../../../../" + str(secret))
    paths = ["/checkout/link", "/checkout/up", str(secret), "/var/run/docker.sock", "/run/docker.sock",
             "/proc/1/root/etc/shadow", "/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg", "/proc/kcore"]  # fmt: skip
    code = f"""
        import os
        for path in {paths}:
            try:
                os.open(path, os.O_RDONLY)
                print("opened", path)
            except OSError as error:
                pass
        print(open("/etc/hostname").read().strip() == {os.uname().nodename!r}, len(os.listdir("/home")))
    """
    with opened(tmp_path / "work", tree) as box:
        assert python(box, code).stdout.split() == ["False", "0"]


def test_only_scratch_can_be_written(tmp_path: Path, tree: Path) -> None:
    code = """
        import os
        for folder in "/checkout / /etc /usr/bin /opt /home /var /dev /sys/fs/cgroup /scratch".split():
            try:
                open(os.path.join(folder, "x"), "w").close()
                print(folder)
            except OSError:
                pass
        for path in ("/checkout/app.py", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"):
            try:
                open(path, "a").close()
                print(path)
            except OSError:
                pass
    """
    with opened(tmp_path / "work", tree) as box:
        assert python(box, code).stdout.split() == ["/scratch"]
    assert [file.name for file in tree.iterdir()] == ["app.py"]


def test_there_is_no_privilege_to_use_or_gain(tmp_path: Path, tree: Path) -> None:
    code = """
        import ctypes, os
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(os.getuid(), os.getgid(), status["NoNewPrivs"].strip(), status["Seccomp"].strip(),
              {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")})
        libc = ctypes.CDLL(None, use_errno=True)
        mounted = libc.mount(b"x", b"/scratch", b"tmpfs", 0, None)
        print([libc.unshare(0x10000000), mounted, libc.setuid(0), libc.chroot(b"/")])
    """
    with opened(tmp_path / "work", tree) as box:
        assert python(box, code).stdout.splitlines() == ["65534 65534 1 2 {'0000000000000000'}", "[-1, -1, -1, -1]"]


def test_a_huge_file_stops_at_the_limit_of_scratch(tmp_path: Path, tree: Path) -> None:
    code = """
        import os
        written = 0
        for place in ("/scratch/big", "/tmp/big", "/dev/shm/big"):
            try:
                with open(place, "wb", buffering=0) as file:
                    for _ in range(20 * 1024):
                        written += file.write(bytes(2**20))
            except OSError:
                pass
            finally:
                os.path.exists(place) and os.remove(place)
        print(written // 2**20)
    """
    with opened(tmp_path / "work", tree, Limits(512, 1.0, 64, 32, 1)) as box:
        assert int(python(box, code).stdout) <= 32 + 64 + 64


def test_many_small_files_stop_too(tmp_path: Path, tree: Path) -> None:
    code = "import os\nfor n in range(10**7):\n    os.mknod(f'/scratch/{n}')"
    with opened(tmp_path / "work", tree, Limits(512, 2.0, 64, 32, 1)) as box:
        assert "No space left" in python(box, code, timeout=120).stderr


def test_a_fork_bomb_ends_with_the_box(tmp_path: Path, tree: Path) -> None:
    with opened(tmp_path / "work", tree) as box:
        bomb = python(box, "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", timeout=3)
        assert gone(bomb) == ("timed_out", None)
        assert box.read("/scratch/x") is None


def test_an_endless_program_ends_at_its_time(tmp_path: Path, tree: Path) -> None:
    code = "import signal, time\nfor n in range(1, 64):\n    n in (9, 19, 32, 33) or signal.signal(n, signal.SIG_IGN)\n"
    with opened(tmp_path / "work", tree) as box:
        assert gone(python(box, f"{code}while True: time.sleep(9)", timeout=1)) == ("timed_out", None)
        assert gone(box.run(("true",), timeout=1)) == ("died", None)


def test_a_memory_hog_is_told_apart(tmp_path: Path, tree: Path) -> None:
    hog = "held = []\nwhile True: held.append(bytes(2**20))"
    with opened(tmp_path / "work", tree) as box:
        assert gone(python(box, hog, timeout=120)) == ("out_of_memory", None)
    with opened(tmp_path / "work", tree) as box:
        child = f"import subprocess, sys\nsys.exit(subprocess.run([sys.executable, '-c', {hog!r}]).returncode and 1)"
        assert gone(python(box, child, timeout=120)) == ("out_of_memory", None)


def test_a_flood_of_output_is_cut(tmp_path: Path, tree: Path) -> None:
    lines: list[str] = []
    with opened(tmp_path / "work", tree) as box:
        flood = box.run(("sh", "-c", "yes | head -c 50000000; yes >&2"), timeout=4, on_line=lines.append)
    assert (flood.ending, len(flood.stdout), len(flood.stderr), flood.truncated) == ("timed_out", 2**20, 2**20, True)
    assert len(lines) == 2**20


def test_one_endless_line_is_cut(tmp_path: Path, tree: Path) -> None:
    lines: list[str] = []
    with opened(tmp_path / "work", tree) as box:
        box.run(("python3", "-c", "print('x' * 10**6, end='')"), timeout=30, on_line=lines.append)
    assert [len(line) for line in lines] == [2001]


def test_arguments_are_taken_word_by_word(tmp_path: Path, tree: Path) -> None:
    given = (
        "; touch /scratch/x",
        "$(id)",
        "`id`",
        "a\nb",
        "--",
        "-c",
        "",
        "*",
        "\udcff".encode("utf-8", "replace").decode(),
    )
    with opened(tmp_path / "work", tree) as box:
        outcome = box.run(("python3", "-c", "import sys; print(sys.argv[1:])", *given), timeout=20)
        assert box.read("/scratch/x") is None
    assert outcome.stdout.strip() == str(list(given))


def test_who_kills_all_that_it_can_ends_its_own_programs_only(tmp_path: Path, tree: Path) -> None:
    with opened(tmp_path / "work", tree) as box:
        assert gone(python(box, "import os\nos.kill(-1, 9)")) == ("finished", 0)
        assert gone(box.run(("true",), timeout=9)) == ("finished", 0)


def test_a_program_begins_alone(tmp_path: Path, tree: Path) -> None:
    daemon = """
        import os, subprocess
        endless = ["sh", "-c", "while :; do echo changed > /scratch/report; done"]
        subprocess.Popen(endless, start_new_session=True)
        print(len([name for name in os.listdir("/proc") if name.isdigit()]))
    """
    alone = """
        import os, time
        def others():
            found = []
            for name in filter(str.isdigit, os.listdir("/proc")):
                try:
                    if int(name) != os.getpid() and os.stat(f"/proc/{name}").st_uid == 65534:
                        found.append(name)
                except FileNotFoundError:  # it has ended meanwhile
                    pass
            return found
        for _ in range(100):  # the kernel ends what was killed a moment later, on a busy machine
            if not others():
                break
            time.sleep(0.05)
        print(others() or "alone")
    """
    with opened(tmp_path / "work", tree) as box:
        assert gone(python(box, daemon)) == ("finished", 0)
        counted = python(box, alone)
    assert counted.stdout == "alone\n"


@pytest.mark.parametrize(
    "made",
    [
        "os.mkfifo('/scratch/report')",
        f"os.symlink('{PASSWORDS}', '/scratch/report')",
        "os.symlink('/dev/zero', '/scratch/report')",
        "os.mkdir('/scratch/report')",
        "os.symlink('/scratch/report', '/scratch/report')",
        "open('/scratch/report', 'wb').truncate(2 * 2**20)",
        "__import__('socket').socket(1).bind('/scratch/report')",
        "pass",
    ],
)
def test_what_is_no_small_regular_file_is_not_read(tmp_path: Path, tree: Path, made: str) -> None:
    with opened(tmp_path / "work", tree) as box:
        assert python(box, f"import os\n{made}").returncode == 0
        assert box.read("/scratch/report", limit_mb=1) is None


def test_reading_stays_in_scratch(tmp_path: Path, tree: Path) -> None:
    with opened(tmp_path / "work", tree) as box:
        code = "import os\nos.symlink('/etc', '/scratch/d')\nopen('/scratch/ok', 'wb').write(b'\\0\\xff')"
        assert python(box, code).returncode == 0
        paths = ("/scratch/ok", PASSWORDS, "/scratch/../etc/passwd", "/scratch/d/passwd", "ok", "", "/scratch/\0")
        assert [box.read(path) for path in paths] == [b"\0\xff", *[None] * 6]


def test_daemons_do_not_hold_up_the_box_and_end_with_it(tmp_path: Path, tree: Path) -> None:
    mark = f"daemon-of-{tmp_path.name}"
    endless = ["sh", "-c", "while :; do sleep 1; done", mark]
    daemon = f"import subprocess\nsubprocess.Popen({endless}, start_new_session=True)"
    with opened(tmp_path / "work", tree) as box:
        assert gone(python(box, daemon, timeout=20)) == ("finished", 0)
        assert running(mark) == 1
    assert running(mark) == 0


def running(mark: str) -> int:
    """How many processes of this machine, those in containers included, were started with this word."""
    found = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += mark.encode() in file.read_bytes().split(b"\0")
        except OSError:
            continue
    return found


def test_an_environment_that_is_not_there_is_not_made(tmp_path: Path, tree: Path) -> None:
    setup = BoxSetup("hostile", str(tree), environment="deploy-pipeline-no-such-volume", limits=SMALL)
    with pytest.raises(DeployError, match="no such volume"), isolation(tmp_path / "work").box(setup):
        pass
