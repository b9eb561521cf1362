"""What is to be said about a file that is no finding: that part of it is Python newer than the one that reads it."""

from __future__ import annotations

from typing import NamedTuple

from testlsp.project.snapshot import FileState
from testlsp.syntax import Statement
from testlsp.syntax.recovery import PYTHON
from testlsp.text import TextRange

_LONGEST = 20_000
"""Characters of a statement that are parsed a second time: some 20 ms."""
_KNOWN = "newer python"


class Notice(NamedTuple):
    """A sentence about a range of the file."""

    message: str
    range: TextRange


def unsure(state: FileState) -> list[Statement]:
    """Return the statements that do not parse, and of which nobody knows whether a newer Python would parse them."""
    return [
        each
        for each in state.source.statements
        if each.problem is not None and _KNOWN not in each.memo and len(each.text) <= _LONGEST
    ]


def look(statement: Statement) -> bool:
    """Find out whether *statement* is Python to LibCST, which brings its own grammar, and remember it."""
    from testlsp.rewrite.grammar import parses_in_any_version

    known: bool = statement.memo.setdefault(_KNOWN, parses_in_any_version(statement.text))
    return known


def notices(state: FileState) -> list[Notice]:
    """Return what is known to need a newer Python, with the lines that the running one stumbles over."""
    found = []
    for start, statement in zip(state.source.starts, state.source.statements, strict=True):
        if statement.problem is not None and statement.memo.get(_KNOWN):
            row = statement.line_at(statement.problem.offset)
            line = statement.text[statement.starts[row] :].partition("\n")[0]
            begin = start + statement.starts[row] + len(line) - len(line.lstrip())
            end = max(begin, start + statement.starts[row] + len(line.rstrip()))
            message = f"needs a newer Python than {PYTHON}, which testlsp runs on, to be analysed"
            found.append(Notice(message, TextRange(begin, end)))
    return found
