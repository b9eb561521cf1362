"""Examples: a rule's documentation and its tests at once.

Expected findings are drawn under the code, as in

    os.environ["A"] = "1"
    ^^^^^^^^^^^^^^^^^^^^^ `os.environ` is set here

where the message may be left out when it is the rule's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testlsp.text import TextRange
from testlsp.text.named import NamedTuple
from testlsp.text.patterns import pattern

MAIN_PATH = "tests/test_example.py"

_CARETS = pattern(r"^(?P<lead>[ \t]*)(?P<carets>\^+)(?:[ \t]+(?P<message>.*))?$")


class Expected(NamedTuple):
    """A finding that an example draws: where, and its message (None: the rule's own)."""

    range: TextRange
    message: str | None


class Example:
    """Code that a rule has an opinion on.

    *code* is the linted file, at *path*; *files* are further files of the project (conftests, modules), by path
    relative to its root; *settings* are set as in ``[tool.testlsp]``. *why* says what the example teaches.
    """

    __slots__ = ("_drawn", "_files", "_read", "path", "settings", "why")

    def __init__(
        self,
        code: str,
        *,
        path: str = MAIN_PATH,
        files: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> None:
        """Take indented code with carets. Nothing is read until somebody asks: rules are loaded on every run."""
        self._drawn = code
        self._files = files or {}
        self._read: tuple[str, tuple[Expected, ...]] | None = None
        self.path = path
        self.settings: Mapping[str, Any] = settings or {}
        self.why = why

    @property
    def code(self) -> str:
        """The linted file, without indentation and carets."""
        return self._parsed()[0]

    @property
    def expected(self) -> tuple[Expected, ...]:
        """The findings that the carets draw, in order."""
        return self._parsed()[1]

    @property
    def files(self) -> dict[str, str]:
        """Further files by path."""
        return {name: _dedented(text) for name, text in self._files.items()}

    def _parsed(self) -> tuple[str, tuple[Expected, ...]]:
        if self._read is None:
            self._read = _without_carets(_dedented(self._drawn))
        return self._read


class Good(Example):
    """Code in which the rule finds nothing."""

    __slots__ = ()


class Bad(Example):
    """Code in which the rule finds what the carets show.

    *fixed* is the code after the first fix of each finding has been applied until none is left, whatever its grade; it
    must be absent exactly when no finding has a fix. *alternatives* maps titles of further fixes of the first finding
    to the code after that one fix.
    """

    __slots__ = ("_alternatives", "_fixed", "_fixed_files")

    def __init__(
        self,
        code: str,
        *,
        fixed: str | None = None,
        fixed_files: Mapping[str, str] | None = None,
        alternatives: Mapping[str, str] | None = None,
        path: str = MAIN_PATH,
        files: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> None:
        """Take indented code with carets, and what the fixes make of it."""
        super().__init__(code, path=path, files=files, settings=settings, why=why)
        self._fixed = fixed
        self._fixed_files = fixed_files or {}
        self._alternatives = alternatives or {}

    @property
    def fixed(self) -> str | None:
        """The code after the fixes, None when there are none."""
        return None if self._fixed is None else _dedented(self._fixed)

    @property
    def fixed_files(self) -> dict[str, str]:
        """What the fixes make of other files."""
        return {name: _dedented(text) for name, text in self._fixed_files.items()}

    @property
    def alternatives(self) -> dict[str, str]:
        """The code after each further fix of the first finding, by its title."""
        return {title: _dedented(text) for title, text in self._alternatives.items()}


def _dedented(code: str) -> str:
    import textwrap

    return textwrap.dedent(code.lstrip("\n")).rstrip(" \n") + "\n" if code.strip() else ""


def _without_carets(text: str) -> tuple[str, tuple[Expected, ...]]:
    lines: list[str] = []
    starts: list[int] = []
    expected: list[Expected] = []
    length = 0
    for line in text.splitlines(keepends=True):
        drawn = _CARETS.match(line.rstrip("\n"))
        if drawn is None or not lines:
            lines.append(line)
            starts.append(length)
            length += len(line)
            continue
        start = starts[-1] + len(drawn["lead"])
        expected.append(Expected(TextRange(start, start + len(drawn["carets"])), drawn["message"]))
    return "".join(lines), tuple(expected)
