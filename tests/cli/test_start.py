"""What a run loads, and how it ends when something outside it goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import LEAK, Run, run_process

HEAVY = {
    "asyncio",
    "concurrent.futures",
    "libcst",
    "logging",
    "lsprotocol",
    "multiprocessing",
    "pathspec",
    "pydantic",
    "pygls",
    "rich",
    "sqlite3",
    "tomli",
    "tomllib",
}

LIST_MODULES = """\
import json, sys
from testlsp.cli import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


def loaded_by(cwd: Path, *arguments: str) -> set[str]:
    """The modules that a run of the command has imported at its end."""
    command = [sys.executable, "-S", "-c", LIST_MODULES, *arguments]
    # -S and an explicit path, so that nothing of the environment's start-up files is counted.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    return set(modules)


def test_small_clean_file_loads_nothing_heavy(project: Path) -> None:
    """Checking one small clean file imports none of the libraries that cost more than the check."""
    (project / "test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")

    modules = loaded_by(project, "check", "--no-cache", "test_sum.py")

    assert "testlsp.project.checking" in modules
    assert modules & HEAVY == set()


def test_findings_without_sources_need_no_libcst(project: Path) -> None:
    """A finding in one line is shown without building its fix."""
    (project / "test_token.py").write_text(LEAK)

    modules = loaded_by(project, "check", "--no-cache", "--exit-zero", "--output-format", "concise", "test_token.py")

    assert modules & HEAVY == set()


def test_reader_that_leaves(project: Path) -> None:
    """When the reader of a pipe has had enough, the run ends without a word and with the status it would have had."""
    body = LEAK.partition("def")[2]
    (project / "test_many.py").write_text("import os\n\n\n" + "".join(f"def{body}" for _ in range(400)))
    command = [sys.executable, "-m", "testlsp", "check", "--no-cache", "--output-format", "concise", "--select", "TL1"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()

    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 1
    assert said == b""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_output_that_the_terminal_cannot_show(project: Path, encoding: str) -> None:
    """Characters that the encoding of the terminal lacks are written as escapes, lone surrogates too."""
    name = "test_Ω.py"
    (project / name).write_text(LEAK.replace("abc", "héllo → 🎉"), "utf-8")

    done = run_process("check", "--no-cache", cwd=project, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})

    assert done.returncode == 1
    assert b"test_\\u03a9.py:5:5" in done.stdout
    assert b"\\U0001f389" in done.stdout
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_name_that_is_no_text(project: Path) -> None:
    """A file whose name is not valid UTF-8 is checked, and its name shown somehow."""
    (project / os.fsdecode(b"test_\xff.py")).write_text(LEAK)

    shown = run_process("check", "--no-cache", cwd=project)
    data = run_process("check", "--no-cache", "--output-format", "json", cwd=project)

    assert shown.returncode == 1
    assert b"5:5" in shown.stdout
    assert shown.stderr == b""
    assert json.loads(data.stdout)[0]["filename"].encode("utf-8", "surrogateescape").endswith(b"test_\xff.py")


def test_unexpected_error(run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is one line that asks for a report, and a traceback only for those who ask."""

    def fail(*_: object, **__: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr("testlsp.cli.check.discover", fail)

    ran, traced = run("check"), run("check", "--debug")

    assert ran.status == 2
    assert ran.err.startswith("error: internal error: LookupError: no such thing\n")
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err
    assert 'raise LookupError("no such thing")' in traced.err


INTERRUPTED_WHILE_READING = """\
import os, signal, sys, time
from testlsp.cli import main

class Input:
    class buffer:
        def read():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)

sys.stdin = Input
sys.exit(main(["check", "-"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c(project: Path) -> None:
    """Ctrl-C ends a run with 130 and a word instead of a traceback."""
    command = [sys.executable, "-c", INTERRUPTED_WHILE_READING]

    done = subprocess.run(command, cwd=project, capture_output=True, timeout=50, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"interrupted\n")


def test_version_and_help(run: Run) -> None:
    """The version and the list of commands are there for those who ask, and the latter for those who err."""
    from testlsp import __version__

    assert run("--version").out == f"testlsp {__version__}\n"
    assert "rule    explain a rule" in run("--help").out
    wrong = run("chek")
    assert wrong.status == 2
    assert "unknown command `chek`; did you mean `check`?" in wrong.err
    assert run().status == 2
    assert "--unsafe-fixes" in run("check", "--help").out


def test_module_is_the_command(project: Path) -> None:
    """`python -m testlsp` is `testlsp`."""
    assert run_process("--version", cwd=project).stdout.startswith(b"testlsp ")
