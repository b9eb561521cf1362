"""Reading a file that does not parse.

The text is cut where a new top-level statement certainly begins; pieces that parse alone are used, and of a broken
piece whatever still parses once its offending lines are blanked. Better no finding than an invented one: text that may
lie inside an unclosed string is left alone.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Generator
from itertools import pairwise

from testlsp.syntax.statement import Statement, SyntaxProblem
from testlsp.text.lines import line_starts
from testlsp.text.patterns import pattern

_ATTEMPTS = 3

# Strings and comments are all that can hide a line that looks like code. A string in single quotes ends with its line.
_TOKEN = pattern(
    r"#[^\r\n]*"
    r'|"""(?:[^"\\]|\\.|"(?!""))*(?P<close1>""")?'
    r"|'''(?:[^'\\]|\\.|'(?!''))*(?P<close2>''')?"
    r'|"(?:[^"\\\r\n]|\\(?:\r\n|.))*"?'
    r"|'(?:[^'\\\r\n]|\\(?:\r\n|.))*'?",
    re.DOTALL,
)
# A line that begins a top-level statement wherever it stands: no expression can hold these words at its beginning.
_ANCHOR = pattern(r"(?:def|class|import|while|with|try|async[ \t]+def|from[ \t]+[\w.]+[ \t]+import)\b|@[A-Za-z_]")
_CLAUSE = pattern(r"(?:else|elif|except|finally)\b")
_NAME_START = pattern(r"[A-Za-z_\"'(\[{~+\-.\d@]")

Parser = Callable[[str], "list[ast.stmt]"]
Splitter = Callable[[str, "list[ast.stmt]"], "list[Statement]"]


def broken_file(
    text: str, error: BaseException, known: dict[str, Statement], parse: Parser, split: Splitter
) -> Generator[None, None, tuple[Statement, ...]]:
    """Return the pieces of a file that does not parse as a whole because of *error*; stop after each."""
    pieces: list[Statement] = []
    yield
    for chunk in (yield from _chunks(text)):
        if chunk in known:
            pieces.append(known[chunk])
            continue
        yield
        try:
            pieces += split(chunk, parse(chunk))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            pieces.append((yield from _salvaged(chunk, problem.with_traceback(None), parse)))
    if pieces and not any(piece.problem for piece in pieces):
        # Each piece is sound and the whole is not: the error lies between two of them, and the parser says where.
        _blame(pieces, text, error)
    return tuple(pieces)


def _chunks(text: str) -> Generator[None, None, list[str]]:
    """Cut *text* before each line that begins a top-level statement, decorators and leading comments included."""
    hidden, open_from = yield from _hidden_lines(text)
    yield
    starts = line_starts(text)
    cuts: list[int] = []
    depth_unknown = False
    pending: int | None = None  # first line of decorators or comments that belong to what follows
    for row, start in enumerate(starts):
        if start >= open_from:
            break
        if row in hidden:
            continue
        first = text[start : start + 1]
        if first == "#" or not first.strip():
            if first == "#" and pending is None:
                pending = row
            elif first and first not in "\r\n" and text[start : start + 200].split("\n", 1)[0].strip():
                pending = None  # an indented line of code
            continue
        line = text[start : start + 120]
        if first == "@":
            pending = row if pending is None else pending
            if not (cuts and cuts[-1] == pending):
                cuts.append(pending)
            depth_unknown = True
            continue
        if _CLAUSE.match(line) or not _NAME_START.match(line):
            pending = None
            continue
        if _ANCHOR.match(line):
            if depth_unknown:
                depth_unknown = False  # the decorated definition itself
            else:
                cuts.append(row if pending is None else pending)
        elif not depth_unknown and _balanced(text, starts, cuts[-1] if cuts else 0, row):
            cuts.append(row if pending is None else pending)
        pending = None
    if open_from < len(text):
        # Nothing behind the opening quote can be trusted; the piece that holds it reaches to the end.
        cuts = [row for row in cuts if starts[row] < open_from]
    offsets = sorted({0, *(starts[row] for row in cuts)}) + [len(text)]
    return [text[begin:end] for begin, end in pairwise(offsets) if end > begin]


def _hidden_lines(text: str) -> Generator[None, None, tuple[set[int], int]]:
    """Return the lines (from 0) that begin inside a string, and where an unclosed string begins (else the text's
    length).
    """
    hidden: set[int] = set()
    open_from = len(text)
    row, counted = 0, 0
    for number, token in enumerate(_TOKEN.finditer(text), 1):
        if number % 2000 == 0:
            yield
        begin = token.group()
        if begin[:3] in ('"""', "'''"):
            row += text.count("\n", counted, token.start())
            counted = token.start()
            lines = begin.count("\n")
            hidden.update(range(row + 1, row + lines + 1))
            if not (token.group("close1") or token.group("close2")):
                open_from = token.start()
                break
    return hidden, open_from


def _balanced(text: str, starts: list[int], first: int, row: int) -> bool:
    """Whether all brackets opened between the lines *first* and *row* are closed again."""
    depth = 0
    bare = _TOKEN.sub("", text[starts[first] : starts[row]])
    for character in bare:
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
    return depth <= 0 and not bare.rstrip("\r\n").endswith("\\")


def _salvaged(chunk: str, error: BaseException, parse: Parser) -> Generator[None, None, Statement]:
    """Return *chunk* with the lines that the parser complains about blanked, or without any node."""
    problem = describe(chunk, error)
    yield
    _, open_from = yield from _hidden_lines(chunk)
    if open_from < len(chunk):
        return Statement(chunk, (), 1, problem)
    starts = line_starts(chunk)
    ends = [*starts[1:], len(chunk)]
    text = chunk
    for _ in range(_ATTEMPTS):
        row = (getattr(error, "lineno", None) or 0) - 1
        if not 0 <= row < len(starts):
            break
        line = text[starts[row] : ends[row]]
        blank = _blanked(line)
        if blank == line:
            break
        text = text[: starts[row]] + blank + text[ends[row] :]
        yield
        try:
            return Statement(chunk, tuple(parse(text)), 1, problem)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as next_error:
            error = next_error.with_traceback(None)
    return Statement(chunk, (), 1, problem)


def _blanked(line: str) -> str:
    """Return *line* as a call of who knows what, at the same indentation, of the same length so that no offset moves.

    With ``pass`` a block would look empty that is not.
    """
    stripped = line.lstrip(" \t\f")
    indent = line[: len(line) - len(stripped)]
    code = stripped.rstrip("\r\n")
    ending = stripped[len(code) :]
    call = "_()" if len(code) >= len("_()") else "_"
    return indent + call.ljust(len(code)) + ending if code else line


def describe(text: str, error: BaseException) -> SyntaxProblem:
    """Return *error* in words, with its offset in *text*."""
    if isinstance(error, RecursionError | MemoryError):
        return SyntaxProblem("nested too deeply to be parsed", 0)
    if not isinstance(error, SyntaxError):
        return SyntaxProblem(str(error) or type(error).__name__, max(0, text.find("\0")))
    starts = line_starts(text)
    row = min(max((error.lineno or 1) - 1, 0), len(starts) - 1)
    end = starts[row + 1] - 1 if row + 1 < len(starts) else len(text)
    offset = min(starts[row] + max((error.offset or 1) - 1, 0), end)
    message = error.msg or "invalid syntax"
    if "too many nested parentheses" in message or "too complex" in message:
        message = "nested too deeply to be parsed"
    if "\0" in text:
        message, offset = "the text contains a NUL byte", text.find("\0")
    return SyntaxProblem(message, offset)


def _blame(pieces: list[Statement], text: str, error: BaseException) -> None:
    """Mark the piece in which the whole file's error lies."""
    problem = describe(text, error)
    position = 0
    for number, piece in enumerate(pieces):
        end = position + len(piece.text)
        if problem.offset < end or number == len(pieces) - 1:
            local = SyntaxProblem(problem.message, max(0, problem.offset - position))
            pieces[number] = Statement(piece.text, (), 1, local)
            return
        position = end


PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The grammar that ``ast`` knows: that of the running interpreter."""
