"""Bad input: each gets a clear message, the rest is analysed, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import LEAK, Run, run_process

HIT = "TL101 [*] `os.environ` is set here and never restored"


def concise(run: Run, *arguments: str) -> tuple[int, list[str], list[str]]:
    """Run a check and return its status, the findings and the messages."""
    ran = run("check", "-q", "--output-format", "concise", *arguments)
    return ran.status, ran.out.splitlines(), ran.err.splitlines()


# -- text


def test_syntax_error(run: Run, leaky: Path) -> None:
    """A broken statement is noted with its place, and the others keep their findings; --fix mends those."""
    leaky.write_text("def test_broken(:\n    pass\n\n\n" + LEAK)

    status, findings, notes = concise(run)

    assert status == 1
    assert findings == [f"test_token.py:9:5: {HIT}"]
    assert len(notes) == 1
    assert notes[0].startswith("warning: test_token.py:1:")
    assert "does not parse" in notes[0]

    run("check", "--fix")
    assert leaky.read_text().startswith("def test_broken(:\n    pass\n\n\nimport os\n")
    assert "monkeypatch.setenv" in leaky.read_text()


def test_unclosed_string_invents_nothing(run: Run, leaky: Path) -> None:
    """Text inside a string that is never closed is not taken for code."""
    leaky.write_text('"""\n' + LEAK)

    status, findings, notes = concise(run)

    assert (status, findings) == (0, [])
    assert "does not parse" in notes[0]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python knows the syntax")
def test_newer_syntax(run: Run, leaky: Path) -> None:
    """Syntax that the running Python does not know yet is called that, and not a mistake."""
    newer = "type Pair[T] = tuple[T, T]\n" if sys.version_info < (3, 12) else 'value = t"{1}"\n'
    leaky.write_text(newer + LEAK)

    status, findings, notes = concise(run)

    assert (status, len(findings)) == (1, 1)
    if sys.version_info < (3, 12):
        assert "needs a newer Python than" in notes[0]


def test_not_utf8(run: Run, leaky: Path) -> None:
    """A file that is not UTF-8 and says nothing of its encoding is named, with line and byte, and left as it is."""
    data = LEAK.replace("abc", "héllo").encode("latin-1")
    leaky.write_bytes(data)
    (leaky.parent / "test_other.py").write_text(LEAK)

    status, findings, notes = concise(run, "--fix", "--diff")

    assert status == 1
    assert notes == [
        "warning: test_token.py: line 5 is not valid UTF-8 (byte 0xe9), and no other encoding is declared",
    ]
    assert any("test_other.py" in line for line in findings)
    assert leaky.read_bytes() == data
    assert concise(run, "test_token.py")[0] == 2, "a file that was named and cannot be read is no success"


def test_coding_cookie(run: Run, leaky: Path) -> None:
    """The encoding that a file declares is honoured when it is read and when it is written."""
    text = "# -*- coding: latin-1 -*-\n" + LEAK.replace("abc", "héllo")
    leaky.write_bytes(text.encode("latin-1"))

    assert concise(run)[1] == [f"test_token.py:6:5: {HIT}"]
    assert run("check", "--fix").status == 0
    assert 'monkeypatch.setenv("TOKEN", "héllo")'.encode("latin-1") in leaky.read_bytes()


def test_unknown_encoding(run: Run, leaky: Path) -> None:
    """An encoding that does not exist is named."""
    leaky.write_text("# coding: klingon\n" + LEAK)

    status, findings, notes = concise(run)

    assert (status, findings) == (0, [])
    assert notes == ["warning: test_token.py: declares an unknown encoding: klingon"]


def test_nul_bytes(run: Run, leaky: Path) -> None:
    """A NUL byte breaks the statement it stands in, and nothing else."""
    leaky.write_bytes(b"x = '\0'\n" + LEAK.encode())

    status, findings, notes = concise(run)

    assert status == 1
    assert findings == [f"test_token.py:6:5: {HIT}"]
    assert "NUL" in notes[0] or "null" in notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + LEAK.encode(),
        LEAK.replace("\n", "\r\n").encode(),
        LEAK.replace("\n", "\r").encode(),
        b"import os\r\n\n\r" + LEAK.partition("\n\n\n")[2].encode(),
        b"\x0c\n" + LEAK.encode(),
        LEAK.replace("    ", "\t").encode(),
        LEAK.rstrip("\n").encode(),
        LEAK.replace("    os", "    '\u2028\x85'; os").encode(),
    ],
    ids=["bom", "crlf", "cr", "mixed", "form-feed", "tabs", "no-end", "unicode-line-ends"],
)
def test_odd_layouts(run: Run, leaky: Path, data: bytes) -> None:
    """Byte order marks, line ends, form feeds, tabs: the finding is there, and a fix changes only its own places."""
    leaky.write_bytes(data)

    status, findings, notes = concise(run)

    assert (status, notes) == (1, [])
    assert [line.partition(": ")[2] for line in findings] == [HIT]
    assert run("check").status == 1
    assert run("check", "--fix").status == 0
    assert leaky.read_bytes() == data.replace(b"test_token()", b"test_token(monkeypatch)").replace(
        b'os.environ["TOKEN"] = "abc"', b'monkeypatch.setenv("TOKEN", "abc")'
    )


def test_empty_file(run: Run, leaky: Path) -> None:
    """An empty file is clean, and so is one of blanks."""
    leaky.write_text("")
    (leaky.parent / "test_blank.py").write_text(" \n\t\n\x0c\n")

    assert concise(run) == (0, [], [])


@pytest.mark.slow
def test_large_file(run: Run, leaky: Path) -> None:
    """A file of megabytes is analysed as any other."""
    filler = "".join(
        f"def test_number_{number}():\n    assert {number} + 1 == {number + 1}\n\n" for number in range(45_000)
    )
    leaky.write_text(filler + LEAK)
    assert leaky.stat().st_size > 2_000_000

    status, findings, notes = concise(run)

    assert (status, notes) == (1, [])
    assert [line.partition(": ")[2] for line in findings] == [HIT]


@pytest.mark.parametrize(
    "nested",
    [
        "x = " + "(" * 5_000 + ")" * 5_000,
        "x = " + "-" * 5_000 + "1",
        "x = " + "+".join(["1"] * 5_000),
        "x = " + "a." * 5_000 + "b",
    ],
    ids=["brackets", "signs", "sums", "attributes"],
)
def test_deep_nesting(project: Path, nested: str) -> None:
    """Nesting that Python itself gives up on costs the one statement."""
    (project / "test_token.py").write_text(nested + "\n" + LEAK)

    # In a process of its own: exhausting the stack may end it.
    done = run_process("check", "-q", "--no-cache", "--output-format", "concise", cwd=project)

    assert done.returncode == 1
    assert done.stdout.decode() == f"test_token.py:6:5: {HIT}\n"
    assert b"Traceback" not in done.stderr


# -- files


def test_missing_path(run: Run, leaky: Path) -> None:
    """A path that does not exist is an error; what does exist is checked all the same."""
    status, findings, notes = concise(run, "gone.py", "test_token.py")

    assert status == 2
    assert notes == ["error: gone.py: does not exist"]
    assert findings == [f"test_token.py:5:5: {HIT}"]


def test_unreadable_file(run: Run, leaky: Path) -> None:
    """What cannot be read is named; a folder under the name of a file is such a thing."""
    (leaky.parent / "test_pipe.py").mkdir()
    os.mkfifo(leaky.parent / "test_fifo.py") if hasattr(os, "mkfifo") else None

    assert concise(run)[:2] == (1, [f"test_token.py:5:5: {HIT}"])
    if hasattr(os, "mkfifo"):
        status, _, notes = concise(run, "test_fifo.py")
        assert (status, notes) == (2, ["error: test_fifo.py: is not a regular file"])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_forbidden_file_and_folder(run: Run, leaky: Path) -> None:
    """A file and a folder without permission are named, and the rest is checked."""
    secret = leaky.parent / "secret"
    secret.mkdir()
    (leaky.parent / "test_hidden.py").write_text(LEAK)
    secret.chmod(0)
    (leaky.parent / "test_hidden.py").chmod(0)
    try:
        status, findings, notes = concise(run)
    finally:
        secret.chmod(0o700)

    assert (status, len(findings)) == (1, 1)
    assert any("test_hidden.py: cannot be read: permission denied" in note for note in notes)


def test_folder_that_cannot_be_read(run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be listed is named and does not end the run."""
    (leaky.parent / "secret").mkdir()
    scan = os.scandir

    def refuse(path: str = ".") -> object:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)

    ran = run("check", "--output-format", "concise", "--no-cache")

    assert ran.status == 1
    assert ran.err == "warning: secret: cannot be read: permission denied\n"


def test_links_in_circles(run: Run, leaky: Path) -> None:
    """Links that lead in circles or nowhere do not keep the walk from ending; nothing is checked twice."""
    inner = leaky.parent / "inner"
    inner.mkdir()
    (inner / "up").symlink_to(leaky.parent, target_is_directory=True)
    (inner / "self").symlink_to(inner / "self")
    (inner / "test_nothing.py").symlink_to("nowhere.py")

    ran = run("check", "--output-format", "concise")

    assert ran.out.count("TL101") == 1
    assert "warning: inner/up: is a link that leads in circles" in ran.err


def test_conftests_that_import_each_other(run: Run, leaky: Path) -> None:
    """Two conftests that import each other's fixtures are no endless story."""
    for own, other in (("a", "b"), ("b", "a")):
        folder = leaky.parent / own
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "conftest.py").write_text(
            f"import pytest\nfrom {other}.conftest import *\npytest_plugins = ['{other}.conftest']\n\n\n"
            f"@pytest.fixture(scope='session')\ndef of_{own}(of_{other}):\n    return []\n"
        )
        (folder / "test_it.py").write_text(f"def test_it(of_a, of_b):\n    of_{other}.append(1)\n    assert of_a\n")

    status, findings, notes = concise(run, "a", "b", "test_token.py")

    assert status == 1
    assert f"test_token.py:5:5: {HIT}" in findings
    assert notes == []


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


# -- rules


def test_rule_that_raises(leaky: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A rule that raises loses its findings for the file, is named once, and the others go on."""
    import ast

    from testlsp.builtin import all_rules
    from testlsp.cli.arguments import CheckOptions
    from testlsp.cli.check import run_check
    from testlsp.cli.terminal import Terminal
    from testlsp.lint import Context, Rule, on

    class Panics(Rule):
        """Panics."""

        code, since, message, examples = "TL999", "0.1", "", ()
        name, family = "panics", "environ"

        @on(ast.Assign, ast.Assert)
        def check(self, ctx: Context, node: ast.AST) -> None:
            raise ZeroDivisionError("planted")

    leaky.write_text(LEAK + LEAK.partition("\n\n\n")[2].replace("test_token", "test_again"))

    status = run_check(CheckOptions(no_cache=True, output_format="concise"), (*all_rules(), Panics), Terminal())

    out, err = capfd.readouterr()
    assert status == 1
    assert out.count(HIT) == 2
    assert err.count("TL999") == 1
    assert "ZeroDivisionError: planted" in err
    assert "fault in testlsp" in err
