"""Bad surroundings (settings, the cache, a disk that refuses): a clear message each, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import LEAK, Run

HIT = "TL101 [*] `os.environ` is set here and never restored"


def concise(run: Run, *arguments: str) -> tuple[int, list[str], list[str]]:
    """Run a check and return its status, the findings and the messages."""
    ran = run("check", "-q", "--output-format", "concise", *arguments)
    return ran.status, ran.out.splitlines(), ran.err.splitlines()


# -- configuration


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("testlsp.toml", "\nselct = ['TL1']\n", "testlsp.toml:2: unknown setting `selct`; did you mean `select`?"),
        ("testlsp.toml", "select = 'TL1'\n", "testlsp.toml:1: `select`: must be a list, not 'TL1'"),
        ("testlsp.toml", "select = ['TL1'\n", "testlsp.toml:"),
        (
            "pyproject.toml",
            "[tool.testlsp]\n\nidiom = 'monkeypath'\n",
            "pyproject.toml:3: `idiom`: must be 'monkeypatch', 'patch.dict' or 'mocker', not 'monkeypath'",
        ),
        ("pyproject.toml", "[tool.testlsp]\nx = \n", "pyproject.toml:2: this is not valid TOML: "),
        (
            "testlsp.toml",
            "ignore = ['environ-setitm']\n",
            "testlsp.toml:1: `ignore`: unknown rule `environ-setitm`; did you mean `environ-setitem`?",
        ),
    ],
)
def test_wrong_settings(run: Run, leaky: Path, name: str, text: str, message: str) -> None:
    """A wrong setting is named with file, line and the nearest right word; nothing is checked, nothing fixed."""
    (leaky.parent / name).write_text(text)

    ran = run("check", "--fix")

    assert ran.status == 2
    assert ran.err.splitlines()[0].startswith(f"error: {message}")
    assert ran.err.splitlines()[-1] == "error: the configuration is not valid, so nothing was checked"
    assert ran.out == ""
    assert leaky.read_text() == LEAK


def test_wrong_settings_in_a_file_that_was_named(run: Run, leaky: Path) -> None:
    """A configuration file that was asked for must be one, whatever it is called."""
    (leaky.parent / "other.toml").write_text("selct = ['TL1']\n")
    (leaky.parent / "broken.toml").write_text("[\n")

    assert "error: other.toml:1: unknown setting `selct`" in run("check", "--config", "other.toml").err
    assert run("check", "--config", "broken.toml").status == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--select", "TL999"], "error: command line: `select`: unknown rule `TL999`"),
        (["--ignore", "environ-setitm"], "did you mean `environ-setitem`?"),
        (["--config", "ignor = ['TL1']"], "error: command line: unknown setting `ignor`; did you mean `ignore`?"),
        (["--config", "gone.toml"], "error: gone.toml: there is no such configuration file"),
        (["--per-file-ignores", "nonsense"], "`nonsense` is not of the form `glob:rule`"),
        (["--isolated", "--config", "x.toml"], "--isolated leaves no room for a configuration file"),
        (["--jobs", "many"], "`many` is not a number of processes"),
        (["--selct", "TL1"], "--selct"),
    ],
)
def test_wrong_options(run: Run, leaky: Path, options: list[str], message: str) -> None:
    """A wrong option ends with 2 and says which one it is."""
    ran = run("check", *options)

    assert ran.status == 2
    assert message in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pytest.ini", "[pytest\ntestpaths = x\n", "warning: pytest.ini:1: "),
        ("pytest.ini", "[pytest]\ntestpaths = 'x\n", "warning: pytest.ini:2: `testpaths`: "),
        ("pyproject.toml", "[tool.pytest.ini_options]\nx = [\n", "warning: pyproject.toml:"),
        ("ruff.toml", "select = [\n", "warning: ruff.toml:"),
    ],
)
def test_broken_files_of_others(run: Run, leaky: Path, name: str, text: str, message: str) -> None:
    """What is wrong in the configuration of pytest or ruff is said, and the run goes on without it."""
    (leaky.parent / name).write_text(text)

    ran = run("check", "--output-format", "concise")

    assert ran.status == 1
    assert HIT in ran.out
    assert ran.err.startswith(message)


# -- the cache


def test_corrupt_cache(run: Run, leaky: Path) -> None:
    """A damaged cache costs time and nothing else, and is whole again afterwards."""
    good = run("check")
    [kept] = (leaky.parent / ".testlsp_cache").glob("*.db")
    whole = kept.read_bytes()
    for damage in (b"", b"nonsense" * 100, whole[: len(whole) // 2], whole[:200] + b"\xff" * 400 + whole[600:]):
        kept.write_bytes(damage)
        assert run("check") == good
        assert run("check") == good


def test_cache_that_cannot_be_written(run: Run, leaky: Path) -> None:
    """Without a place for the cache the run is as good as any."""
    (leaky.parent / ".testlsp_cache").write_text("a file where a folder should be")

    ran = run("check", "--output-format", "concise")

    assert (ran.status, ran.err) == (1, "")
    assert (leaky.parent / ".testlsp_cache").read_text() == "a file where a folder should be"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_read_only_cache(run: Run, leaky: Path) -> None:
    """A cache that may only be read is used and not complained about."""
    good = run("check")
    folder = leaky.parent / ".testlsp_cache"
    for path in folder.iterdir():
        path.chmod(0o400)
    folder.chmod(0o500)
    try:
        (leaky.parent / "test_more.py").write_text(LEAK)
        ran = run("check", "--output-format", "concise")
    finally:
        folder.chmod(0o700)

    assert (ran.status, ran.err) == (1, "")
    assert ran.out.count(HIT) == 2
    assert good.status == 1


# -- writing

LIMITED = """\
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from testlsp.cli import main
sys.exit(main(["check", "--fix", "--no-cache"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
def test_full_disk_while_fixing(project: Path) -> None:
    """When the disk is full the old file stays, the message says so, and no temporary file is left behind."""
    (project / "test_token.py").write_text(LEAK)

    done = subprocess.run([sys.executable, "-c", LIMITED], cwd=project, capture_output=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: test_token.py: cannot be written: ")
    assert (project / "test_token.py").read_text() == LEAK
    assert [path.name for path in project.iterdir()] == ["test_token.py"]


INTERRUPTED = """\
import os, signal, sys
from testlsp.cli import main

sync = os.fsync
def interrupted(descriptor):
    os.kill(os.getpid(), signal.SIGINT)
    sync(descriptor)
os.fsync = interrupted
sys.exit(main(["check", "--fix", "--no-cache"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_while_fixing(project: Path) -> None:
    """Ctrl-C in the middle of writing leaves the old file whole and nothing beside it."""
    (project / "test_token.py").write_text(LEAK)

    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=project, capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (130, b"interrupted\n")
    assert (project / "test_token.py").read_text() == LEAK
    assert [path.name for path in project.iterdir()] == ["test_token.py"]


def test_read_only_file_is_not_fixed(run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be written is named, and keeps its text."""
    monkeypatch.setattr(os, "access", lambda *_: False)

    ran = run("check", "--fix")

    assert ran.status == 2
    assert "error: test_token.py: cannot be written: it is read-only" in ran.err
    assert leaky.read_text() == LEAK


def test_text_that_its_encoding_cannot_hold(run: Run, leaky: Path) -> None:
    """A fix in a file with an old encoding changes no other character of it."""
    text = "# coding: cp1252\n" + LEAK.replace("abc", "“quoted” €")
    leaky.write_bytes(text.encode("cp1252"))

    assert run("check", "--fix").status == 0
    assert "“quoted” €".encode("cp1252") in leaky.read_bytes()


STUCK = """\
import os, sys, time
from testlsp.__main__ import run
from testlsp.project import checking

def stuck(*_, **__):
    os.write(1, b"working\\n")
    time.sleep(60)

checking.PARALLEL_ABOVE = 0
checking.Checker.analyse_one = stuck
sys.argv[1:] = ["check", "--no-cache", "--jobs", "2"]
run()
"""


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize(("sent", "status"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGKILL", -9)])
def test_ending_a_run_ends_its_processes(project: Path, sent: str, status: int) -> None:
    """However a run ends, nobody who waits for the end of its output is left waiting for processes that it started."""
    for number in range(4):
        (project / f"test_{number}.py").write_text(LEAK)

    with subprocess.Popen(
        [sys.executable, "-c", STUCK], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        process.send_signal(signal.Signals[sent])
        process.communicate(timeout=30)

    assert process.returncode == status
