"""Edits that cannot change what a statement means: inside a comment, or in the blanks at the end of a line.

Somebody who writes a comment in a function of thousands of lines should not pay for the function. That a place is
no part of a string or of code is told from the tree: it lies behind the end of a simple statement, or between two
statements.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from testlsp.syntax.statement import Statement
from testlsp.text.patterns import pattern

_NOTHING = pattern(r"[ \t]*(?:#[^\r\n]*)?\Z")
# Words that mean something to readers of comments, or of whole texts, above.
_TELLING = pattern(r"getfixturevalue|pytestmark|testlsp|noqa|stopall|raise|coding|mark\.", re.IGNORECASE)
_LISTS = ("body", "handlers", "orelse", "finalbody", "cases")


def commented(piece: Statement, start: int, end: int, new: str) -> Statement | None:
    """Return *piece* with ``text[start:end]`` replaced by *new* and the same tree, None if that may mean another thing.

    What layers above keep with a piece is handed on where it follows from the tree alone.
    """
    old = piece.text
    if piece.problem is not None or not piece.body or not (new.replace("\t", "").isprintable()):
        return None
    row = piece.line_at(start)
    starts = piece.starts
    begin = starts[row]
    stop = starts[row + 1] if row + 1 < len(starts) else len(old)
    line = old[begin:stop].rstrip("\r\n")
    if end > begin + len(line):
        return None
    changed = line[: start - begin] + new + line[end - begin :]
    code = _code_end(piece, row, line)
    if code is None or start - begin < code or _TELLING.search(line, code) or _TELLING.search(changed, code):
        return None
    if not (_NOTHING.match(line, code) and _NOTHING.match(changed, code)):
        return None
    made = Statement("".join((old[:start], new, old[end:])), piece.body, piece.first_line)
    distance = len(new) - (end - start)
    made._starts = starts[: row + 1] + [each + distance for each in starts[row + 1 :]]
    made.memo = _handed_on(piece.memo)
    return made


def _code_end(piece: Statement, row: int, line: str) -> int | None:
    """Return the column behind which there can be nothing but a comment; None where that cannot be told."""
    number = row + piece.first_line
    body: list[Any] = list(piece.body)
    while True:
        before = None
        for at, node in enumerate(body):
            if _first_line(node) > number:
                break
            before = at
        if before is None:
            return None
        node = body[before]
        if node.end_lineno < number:
            return 0 if before + 1 < len(body) else None
        if not hasattr(node, "body") or isinstance(node, ast.Expr):
            return node.end_col_offset if node.end_lineno == number and line.isascii() else None
        body = next((inner for inner in _blocks(node) if _first_line(inner[0]) <= number <= _last_line(inner[-1])), [])
        if not body:
            return None


def _blocks(node: Any) -> list[list[Any]]:
    """Return the lists of statements in *node*; handlers and cases count as what they hold."""
    found: list[list[Any]] = []
    for name in _LISTS:
        value = getattr(node, name, None)
        if not isinstance(value, list) or not value:
            continue
        if name in ("handlers", "cases"):
            found += [each.body for each in value]
        else:
            found.append(value)
    return found


def _first_line(node: Any) -> int:
    decorators = getattr(node, "decorator_list", None)
    line: int = min(node.lineno, decorators[0].lineno) if decorators else node.lineno
    return line


def _last_line(node: Any) -> int:
    line: int = node.end_lineno
    return line


def _handed_on(memo: dict[Any, Any]) -> dict[Any, Any]:
    """Return what is still true of the piece: names and facts, and that there is nothing to find or to silence.

    Findings are not handed on, because their fixes know the text.
    """
    kept = {key: memo[key] for key in ("names", "facts", "may hold") if key in memo}
    if memo.get("suppressions") == ():
        kept["suppressions"] = ()
    findings = memo.get("findings")
    if findings is not None and not findings[-1].diagnostics and not findings[-1].crashes:
        kept["findings"] = findings
    return kept


def differ_in_comments(before: tuple[Statement, ...], after: tuple[Statement, ...]) -> list[Statement] | None:
    """Return the pieces of *before* that *after* has in another text with the same tree; None if more differs."""
    if len(before) != len(after):
        return None
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old is not new]
    if any(old.body is not new.body or not new.body or old.first_line != new.first_line for old, new in changed):
        return None
    return [old for old, _ in changed]
