"""Reading and writing files: the one place of the program that touches the disk of the user's project.

Text is decoded the way Python decodes source (byte order mark, then coding cookie, then UTF-8), newlines stay what they
are, and a file is replaced as a whole or not at all.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterable, Sequence

from testlsp.text.named import NamedTuple

# https://peps.python.org/pep-0263/: one of the first two lines, and the second only below a blank line or a comment.
_COOKIE = rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"
_BLANK = rb"[ \t\f]*(?:#|\r?$)"
_BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"),
         (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip


class FileProblem(Exception):
    """A file cannot be read or written; *path* says which, *message* why, in words for the user."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message

    def __reduce__(self) -> tuple[type[FileProblem], tuple[str, str]]:
        """Make it survive the way back from a worker process."""
        return type(self), (self.path, self.message)


class ReadProblem(FileProblem):
    """The file is not there, is no file, or may not be read."""


class DecodeProblem(FileProblem):
    """The bytes are not text in the encoding that the file declares."""


class WriteProblem(FileProblem):
    """The file could not be written; it is still what it was."""


class FileText(NamedTuple):
    """The text of a file, newlines unchanged and without byte order mark, and how to turn it into bytes again."""

    text: str
    encoding: str = "utf-8"
    bom: bool = False

    def encoded(self, text: str) -> bytes:
        """Return *text* as bytes in this file's encoding; raises UnicodeEncodeError."""
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


def read_bytes(path: str) -> bytes:
    """Return the content of the file *path*; raises `ReadProblem`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(descriptor)
            # A named pipe or a device would block or never end.
            if not stat.S_ISREG(status.st_mode):
                raise ReadProblem(path, "is not a regular file")
            # One call reads most files as a whole, which takes half as long as an object for the file.
            data = os.read(descriptor, status.st_size + 1)
            while len(data) != status.st_size and (more := os.read(descriptor, 1 << 20)):
                data += more
            return data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ReadProblem(path, f"cannot be read: {_reason(error)}") from error
    except ValueError as error:  # a path with a NUL character
        raise ReadProblem(path, f"cannot be read: {error}") from error


def read_file(path: str) -> FileText:
    """Return the text of the Python file *path*; raises `ReadProblem` or `DecodeProblem`."""
    return decode(read_bytes(path), path)


def read_config(path: str) -> str | None:
    """Return the text of the configuration file *path* (UTF-8), None if there is none.

    Raises `ReadProblem` or `DecodeProblem` if there is one that cannot be read.
    """
    if not os.path.isfile(path):
        return None
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DecodeProblem(path, _not_text(data, error)) from error


def decode(data: bytes, path: str = "<text>") -> FileText:
    """Return *data*, the bytes of Python source, as text; raises `DecodeProblem` naming *path*."""
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[3:] if bom else data
    cookie = _cookie(body)
    encoding = "utf-8"
    if cookie:
        try:
            encoding = codecs.lookup(cookie).name
        except LookupError as error:
            raise DecodeProblem(path, f"declares an unknown encoding: {cookie}") from error
        if encoding == "utf-8-sig":
            encoding = "utf-8"
        if bom and encoding != "utf-8":
            raise DecodeProblem(path, f"begins with a UTF-8 byte order mark but declares {cookie}")
    try:
        return FileText(body.decode(encoding), encoding, bom)
    except UnicodeDecodeError as error:
        for mark, name in _BOMS:
            if data.startswith(mark):
                raise DecodeProblem(path, f"is {name}, which Python does not accept as source") from error
        raise DecodeProblem(path, _not_text(body, error)) from error
    except LookupError as error:  # a codec that is none of text, like "hex"
        raise DecodeProblem(path, f"declares {cookie}, which is not a text encoding") from error
    except ValueError as error:
        raise DecodeProblem(path, f"is not valid {encoding}: {error}") from error


def _cookie(body: bytes) -> str:
    end = body.find(b"\n")
    first = body if end < 0 else body[:end]
    second_end = body.find(b"\n", end + 1) if end >= 0 else 0
    second = body[end + 1 : second_end if second_end >= 0 else len(body)] if end >= 0 else b""
    if b"coding" not in first and b"coding" not in second:
        return ""
    found = re.match(_COOKIE, first)
    if found is None and re.match(_BLANK, first):
        found = re.match(_COOKIE, second)
    return found[1].decode("ascii", "replace") if found else ""


def _not_text(data: bytes, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    byte = data[error.start]
    return f"line {line} is not valid {error.encoding.upper()} (byte 0x{byte:02x}), and no other encoding is declared"


def write_file(path: str, text: str, like: FileText | None = None) -> None:
    """Replace the content of *path* by *text*, in the encoding of *like* (UTF-8 without it), as a whole or not at all.

    Raises `WriteProblem`, after which the old content is still there.
    """
    write_files([(path, text, like)])


def write_files(changes: Sequence[tuple[str, str, FileText | None]]) -> None:
    """Write several files (path, text, encoding to keep): all are written beside their targets before one is replaced.

    A symbolic link is written through, and the mode is kept; a hard link is cut. Raises `WriteProblem`. Only a crash
    between two renames can leave some changed and some not.
    """
    staged: list[tuple[str, str, str]] = []
    try:
        for path, text, like in changes:
            target = os.path.realpath(path)
            staged.append((path, target, _stage(path, target, text, like or FileText(""))))
        while staged:
            path, target, temporary = staged[0]
            try:
                os.replace(temporary, target)
            except OSError as error:
                raise WriteProblem(path, f"cannot be written: {_reason(error)}") from error
            staged.pop(0)
    finally:
        # Whatever ended this (Ctrl-C, too), nothing half-written stays behind.
        for _, _, temporary in staged:
            _remove(temporary)


def _stage(path: str, target: str, text: str, like: FileText) -> str:
    """Write *text* to a new file beside *target* and return its path."""
    try:
        data = like.encoded(text)
    except UnicodeEncodeError as error:
        raise WriteProblem(path, f"cannot be written: {like.encoding} has no {text[error.start]!r}") from error
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.testlsp-tmp")
    try:
        mode = os.stat(target).st_mode if os.path.exists(target) else None
        if mode is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is read-only")
        _remove(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(temporary, flags, 0o666 if mode is None else 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
    except OSError as error:
        _remove(temporary)
        raise WriteProblem(path, f"cannot be written: {_reason(error)}") from error
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        # Gone already, or the folder is not ours to clean: the problem being reported is the one before.
        return


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what lies in *folder*, sorted by name; raises `ReadProblem`."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=_name)
    except OSError as error:
        raise ReadProblem(folder, f"cannot be read: {_reason(error)}") from error


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def existing(folder: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that are files in *folder*, in the order given."""
    return [name for name in names if os.path.isfile(os.path.join(folder, name))]
