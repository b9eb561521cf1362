"""Bad input: each gets a clear message, the rest is analysed, and nothing is lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cli.conftest import LEAK, Run, run_process
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import SourceFile

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


def test_nothing_is_mended_where_something_does_not_parse(run: Run, leaky: Path) -> None:
    """The function that somebody is just writing in keeps its findings, and every character."""
    text = LEAK + "    client.get(]\n"
    leaky.write_text(text)

    status, findings, _ = concise(run, "--fix", "--unsafe-fixes", "--no-cache")

    assert (status, findings) == (1, [f"test_token.py:5:5: {HIT.replace(' [*]', '')}"])
    assert leaky.read_text() == text


def test_a_block_that_does_not_parse_is_not_empty(run: Run, leaky: Path) -> None:
    """Nothing is said of a block for what is missing in it: it may stand in the line that does not parse."""
    leaky.write_text(
        "from unittest.mock import patch\n\n\ndef test_patched():\n"
        "    with patch('shop.pay'):\n        client.get(]\n    assert client.paid == 3\n\n\n"
        "def test_swallowed():\n    try:\n        assert pay() == 3\n    except Exception:\n        raise from]\n\n\n"
        "def test_empty():\n    assert pay( == 3\n"
    )

    status, findings, notes = concise(run, "--select", "ALL")

    assert (status, findings) == (0, [])
    assert len(notes) == 3


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


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ('value = "a" b"b"\n', "does not parse"),
        ('value = t"{1}" t"{2}"\n', "needs a newer Python" if sys.version_info < (3, 14) else None),
    ],
    ids=["text and bytes", "two template strings"],
)
def test_strings_side_by_side(run: Run, leaky: Path, line: str, note: str | None) -> None:
    """What a grammar takes and its syntax tree refuses is a note about one file, and no end of the run."""
    leaky.write_text(line + LEAK)
    (leaky.parent / "test_other.py").write_text(LEAK)

    status, findings, notes = concise(run)

    assert (status, len(findings)) == (1, 2)
    assert len(notes) == (note is not None)
    assert all(note in each for each in notes if note is not None)


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


def test_file_at_which_we_fail(
    run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that cannot be analysed through a fault of ours is named, the others are checked, and the status is 2."""
    (leaky.parent / "test_other.py").write_text(LEAK)

    def fail(source: SourceFile, model: SemanticModel) -> FileSummary:
        if source.path.endswith("test_other.py"):
            raise LookupError("planted")
        return summarise(source, model)

    monkeypatch.setattr("testlsp.project.analysis.summarise", fail)
    caplog.set_level("DEBUG", "testlsp")

    status, findings, notes = concise(run, "--debug")

    assert (status, [line.partition(":")[0] for line in findings]) == (2, ["test_token.py"])
    [note] = notes
    assert note.startswith(
        "error: test_other.py: could not be analysed, which is a fault in testlsp: LookupError: plan"
    )
    assert 'raise LookupError("planted")' in caplog.text
