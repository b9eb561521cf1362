"""Reading and writing: Python's own idea of encodings, and no file half-written."""

from __future__ import annotations

import codecs
import errno
import os
import stat
import tokenize
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testlsp.project import files
from testlsp.project.files import DecodeProblem, FileText, ReadProblem, WriteProblem, decode, read_file, write_file


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\r\ny = 2\r", FileText("x = 1\r\ny = 2\r")),
        (b"\xef\xbb\xbfx = 1\n", FileText("x = 1\n", "utf-8", True)),
        ("é\n".encode(), FileText("é\n")),
        (b"# -*- coding: latin-1 -*-\n\xe9", FileText("# -*- coding: latin-1 -*-\né", "iso8859-1")),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n\x80", FileText(
            "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n€", "cp1252")),
        (b"\n\n# coding: latin-1\n\xc3\xa9", FileText("\n\n# coding: latin-1\né")),
        (b"x = 1\n# coding: latin-1\n\xc3\xa9", FileText("x = 1\n# coding: latin-1\né")),
        (b"", FileText("")),
        (b"a\0b", FileText("a\0b")),
    ],
)  # fmt: skip
def test_decoding(data: bytes, expected: FileText) -> None:
    """Byte order mark and cookie are honoured, newlines and NUL bytes stay, and the bytes come back."""
    found = decode(data)
    assert found == expected
    assert found.encoded(found.text) == data


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"a\nb\n\xff\n", "line 3 is not valid UTF-8 (byte 0xff)"),
        (b"# coding: nonsense\n", "unknown encoding: nonsense"),
        (b"# coding: hex\n", "not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "byte order mark"),
        ("x = 1".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_not_text_is_said(data: bytes, part: str) -> None:
    """The message tells what is wrong and where."""
    with pytest.raises(DecodeProblem) as caught:
        decode(data, "t.py")
    assert part in caught.value.message
    assert caught.value.path == "t.py"


@given(
    st.lists(
        st.sampled_from(
            [
                b"# coding: latin-1\n",
                b"#coding=utf-8\n",
                b"\n",
                b" \x0c\n",
                b"x\n",
                b"\xef\xbb\xbf",
                b"# coding:x-y\n",
                b"#\r\n",
            ]
        ),
        max_size=4,
    )
)
def test_encoding_is_the_one_python_detects(lines: list[bytes]) -> None:
    """The standard library is the oracle for cookies and byte order marks."""
    data = b"".join(lines)
    try:
        expected, _ = tokenize.detect_encoding(BytesIO(data).readline)
    except SyntaxError:
        with pytest.raises(DecodeProblem):
            decode(data)
    else:
        if b"\xef\xbb\xbf" not in data[3:]:
            assert decode(data).encoding == codecs.lookup(expected.removesuffix("-sig")).name


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    """No input raises anything but a problem."""
    try:
        decode(data)
    except DecodeProblem:
        return


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """Missing files, folders, pipes and impossible names all give the same kind of answer."""
    os.mkfifo(tmp_path / "pipe")
    for path in ("missing.py", ".", "pipe", "nul\0.py", "x" * 300):
        with pytest.raises(ReadProblem):
            read_file(f"{tmp_path}/{path}")


def test_writing_keeps_encoding_newlines_and_mode(tmp_path: Path) -> None:
    """Only the text changes."""
    path = tmp_path / "t.py"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    path.chmod(0o750)
    old = read_file(str(path))
    write_file(str(path), old.text.replace("1", "2"), old)
    assert path.read_bytes() == b"\xef\xbb\xbfa = 2\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.listdir(tmp_path) == ["t.py"]


def test_writing_goes_through_a_link(tmp_path: Path) -> None:
    """The link stays a link and its target gets the text."""
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "t.py"
    target.write_text("a")
    link = tmp_path / "t.py"
    link.symlink_to(target)
    write_file(str(link), "b")
    assert link.is_symlink()
    assert target.read_text() == "b"


def test_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    """A file that did not exist obeys the umask."""
    (tmp_path / "plain").write_text("")
    write_file(str(tmp_path / "t.py"), "é")
    assert (tmp_path / "t.py").read_bytes() == "é".encode()
    assert (tmp_path / "t.py").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    """A full disk or Ctrl-C at any step: the old content stays and no temporary file is left."""
    path = tmp_path / "t.py"
    path.write_text("old")

    def fail(*args: Any) -> None:
        raise error

    expected = WriteProblem if isinstance(error, OSError) else KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(expected) as caught:
            write_file(str(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.py"]
    if isinstance(caught.value, WriteProblem):
        assert caught.value.message == "cannot be written: no space left on device"


def test_text_that_the_encoding_lacks_is_not_written(tmp_path: Path) -> None:
    """A character that latin-1 does not have leaves the file alone."""
    path = tmp_path / "t.py"
    path.write_bytes(b"# coding: latin-1\n")
    with pytest.raises(WriteProblem, match="iso8859-1 has no '€'"):
        write_file(str(path), "# coding: latin-1\n'€'", read_file(str(path)))
    assert path.read_bytes() == b"# coding: latin-1\n"


def test_several_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    """When the second cannot be written, the first is not changed either."""
    first = tmp_path / "a.py"
    first.write_text("old")
    with pytest.raises(WriteProblem) as caught:
        files.write_files([(str(first), "new", None), (str(tmp_path / "missing" / "b.py"), "new", None)])
    assert caught.value.path.endswith("b.py")
    assert first.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.py"]


def test_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the folder lets us rename is no licence to change a file the user has locked."""
    path = tmp_path / "t.py"
    path.write_text("old")
    # Not chmod: the administrator may write everything.
    monkeypatch.setattr(os, "access", lambda *args: False)
    with pytest.raises(WriteProblem, match="read-only"):
        write_file(str(path), "new")
    assert path.read_text() == "old"
