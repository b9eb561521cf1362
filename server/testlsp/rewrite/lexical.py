"""Tokens of a piece of a statement: brackets and their items, and the rows that lie inside strings.

The standard tokenizer is enough for layout and, unlike a concrete syntax tree, can stop at the end of a header.
"""

from __future__ import annotations

from collections.abc import Iterator

from testlsp.rewrite.layout import begins_line, row_of, row_start
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text.lines import line_starts
from testlsp.text.named import NamedTuple


class Token(NamedTuple):
    """A token; *kind* is the name the `token` module gives to its type; offsets count in the statement's text."""

    kind: str
    text: str
    start: int
    end: int


class Item(NamedTuple):
    """What stands between two commas of a bracket; *comma* is the offset behind it, or None for a last item."""

    start: int
    end: int
    comma: int


class Bracket(NamedTuple):
    """``text[open]`` and ``text[close]`` are the brackets; *comments* are the ranges of comments inside."""

    open: int
    close: int
    items: tuple[Item, ...]
    comments: tuple[tuple[int, int], ...]


def tokens(statement: Statement, start: int, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens of ``text[start:end]`` as far as they are asked for; *start* must be the start of a token.

    Raises `CannotRewrite` when the tokenizer gives up.
    """
    import tokenize
    from token import tok_name

    if begins_line(statement, start):
        # With the indentation of the first line, a later return to it is no error.
        start = row_start(statement, row_of(statement, start))
    text = statement.text[start:end]
    starts = line_starts(text)
    bounds = [*starts, len(text)]
    rows = (text[bounds[row] : bounds[row + 1]] for row in range(len(starts)))

    def read() -> str:
        return next(rows, "")

    def offset(position: tuple[int, int]) -> int:
        row, column = position
        return start + (starts[row - 1] + column if row <= len(starts) else len(text))

    try:
        for token in tokenize.generate_tokens(read):
            if token.type == tokenize.ENDMARKER:
                return
            kind = tok_name[token.type]
            yield Token(kind, token.string, offset(token.start), offset(token.end))
    except (tokenize.TokenError, SyntaxError) as error:
        raise CannotRewrite(f"the tokenizer refuses this text: {error}") from error


def rows_in_strings(statement: Statement, start: int, end: int) -> frozenset[int]:
    """Return the rows of ``text[start:end]`` that begin inside a string: their leading blanks are part of its value."""
    if not _may_span_rows(statement.text, start, end):
        return frozenset()
    found: set[int] = set()
    opened: list[int] = []
    for token in tokens(statement, start, end):
        if token.kind in {"FSTRING_START", "TSTRING_START"}:
            opened.append(token.start)
            continue
        if token.kind in {"FSTRING_END", "TSTRING_END"}:
            first = opened.pop()
        elif token.kind == "STRING":
            first = token.start
        else:
            continue
        found.update(range(row_of(statement, first) + 1, row_of(statement, token.end) + 1))
    return frozenset(found)


def _may_span_rows(text: str, start: int, end: int) -> bool:
    """Whether a string in this text can span rows: by triple quotes, a backslash, or a brace of an f-string."""
    return any(text.find(mark, start, end) >= 0 for mark in ('"""', "'''", "\\\n", "\\\r", "{"))


def bracket_at(statement: Statement, start: int, wanted: str = "(") -> Bracket:
    """Return the first bracket *wanted* outside all others behind *start*, which must be the start of a token."""
    depth = 0
    opened = -1
    items: list[Item] = []
    comments: list[tuple[int, int]] = []
    first = last = -1
    for token in tokens(statement, start):
        kind = token.kind
        if kind == "COMMENT":
            if opened >= 0:
                comments.append((token.start, token.end))
            continue
        if kind in {"NL", "NEWLINE", "INDENT", "DEDENT"}:
            continue
        if kind == "OP" and token.text in "([{":
            depth += 1
            if depth == 1 and token.text == wanted and opened < 0:
                opened = token.start
                continue
        elif kind == "OP" and token.text in ")]}":
            depth -= 1
            if depth == 0 and opened >= 0:
                if first >= 0:
                    items.append(Item(first, last, -1))
                return Bracket(opened, token.start, tuple(items), tuple(comments))
        if opened < 0:
            continue
        if depth == 1 and kind == "OP" and token.text == ",":
            items.append(Item(first, last, token.end))
            first = -1
            continue
        if first < 0:
            first = token.start
        last = token.end
    raise CannotRewrite(f"no {wanted} here")


def header_end(statement: Statement, start: int) -> tuple[int, tuple[int, int] | None]:
    """Return the offset behind the colon of the header that begins at *start*, and the comment's range behind it."""
    depth = lambdas = 0
    behind = -1
    for token in tokens(statement, start):
        if behind >= 0:
            return behind, (token.start, token.end) if token.kind == "COMMENT" else None
        if token.kind == "NAME" and token.text == "lambda" and not depth:
            lambdas += 1
        if token.kind != "OP":
            continue
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        elif token.text == ":" and not depth:
            if lambdas:
                lambdas -= 1
            else:
                behind = token.end
    if behind >= 0:
        return behind, None
    raise CannotRewrite("no header here")
