"""What belongs to a finding besides its text: its page, and the places that explain it."""

from __future__ import annotations

import re

from testlsp.project.files import FileProblem, read_file
from testlsp.project.snapshot import FileState
from testlsp.text import LineIndex, TextRange

PAGES = "https://testlsp.readthedocs.io/en/stable/rules/"


def page_of(name: str) -> str:
    """Return the address of the page about the rule *name*."""
    return f"{PAGES}{name}/"


def place_of_symbol(state: FileState, path: str, symbol: str | None) -> tuple[LineIndex, TextRange] | None:
    """Return where *path* defines the function *symbol*, or its beginning when *symbol* is None.

    None when the file cannot be read or holds no such function. *state* is the file that asks.
    """
    if path == state.path:
        lines = state.lines
    else:
        try:
            lines = LineIndex(read_file(path).text)
        except FileProblem:
            return None
    if symbol is None:
        return lines, TextRange(0, 0)
    where = definition_in(lines.text, symbol)
    return None if where is None else (lines, where)


def definition_in(text: str, name: str) -> TextRange | None:
    """Return the range of the name in the last ``def name`` or ``class name`` of *text*."""
    found = None
    for match in re.finditer(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+({re.escape(name)})\b", text, re.MULTILINE):
        found = TextRange(*match.span(1))
    return found
