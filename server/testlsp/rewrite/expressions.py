"""Replace expressions, with brackets where the surroundings need them."""

from __future__ import annotations

import ast
import sys
from itertools import pairwise
from typing import Any

from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement, children
from testlsp.text import Edit, TextRange

_EXACT_IN_FSTRINGS = (3, 12)

_Path = list[tuple[str, int | None]]


def replace_expression(statement: Statement, node: ast.expr, new_text: str) -> list[Edit]:
    """Replace the text of *node* by *new_text*, in brackets when it would mean something else without them.

    Whether it would is not guessed from precedence: the expression around is parsed with *new_text* in it and
    compared with what is meant. Raises `CannotRewrite` when no way of writing it gives that.
    """
    ancestors = _ancestors(statement, node)
    place = _located(statement, node, ancestors)
    text = statement.text
    if text[place.start : place.end] == new_text:
        return []
    for candidate in (new_text, f" {new_text}", f"({new_text})", f"(({new_text}))"):
        if candidate.startswith(" ") and not _joins(text, place.start, new_text):
            continue
        if _means(statement, node, ancestors, place, new_text, candidate):
            return [Edit(place, candidate)]
    raise CannotRewrite("the new expression does not fit here")


def _joins(text: str, start: int, new_text: str) -> bool:
    before = text[max(0, start - 1) : start]
    return (before.isalnum() or before == "_") and (new_text[0].isalnum() or new_text[0] in "_'\"")


def _ancestors(statement: Statement, node: ast.AST) -> list[ast.AST]:
    """Return the nodes from *node* up to the statement that holds it, that one included."""
    path: list[ast.AST] = []
    stack: list[tuple[ast.AST, int]] = [(root, 0) for root in statement.body]
    while stack:
        current, depth = stack.pop()
        del path[depth:]
        path.append(current)
        if current is node:
            path.reverse()
            return _below_statement(path)
        if isinstance(current, ast.stmt) and not _may_hold(current, node):
            continue
        stack += [(child, depth + 1) for child in children(current)]
    raise CannotRewrite("the node is not part of the statement")


def _below_statement(path: list[ast.AST]) -> list[ast.AST]:
    for index, ancestor in enumerate(path):
        if isinstance(ancestor, ast.stmt):
            return path[: index + 1]
    return path


def _may_hold(current: ast.stmt, node: Any) -> bool:
    first = min([current.lineno, *(decorator.lineno for decorator in getattr(current, "decorator_list", ()))])
    return bool(first <= node.lineno <= (current.end_lineno or sys.maxsize))


def _located(statement: Statement, node: ast.expr, ancestors: list[ast.AST]) -> TextRange:
    """Return the range of *node*; inside an f-string Python counts right only since 3.12."""
    for index in range(len(ancestors) - 1, 0, -1):
        if isinstance(ancestors[index], ast.JoinedStr):
            if tuple(sys.version_info) < _EXACT_IN_FSTRINGS:
                from testlsp.rewrite.fstrings import locate

                return locate(statement, ancestors[: index + 1])
            break
    return statement.range(node)


def _means(
    statement: Statement, node: ast.expr, ancestors: list[ast.AST], place: TextRange, new_text: str, candidate: str
) -> bool:
    """Whether *candidate* in the place of *node* gives the expression around with *new_text* as this part of it."""
    text = statement.text
    last = max(index for index, ancestor in enumerate(ancestors) if isinstance(ancestor, ast.expr))
    chain = ancestors[: last + 1]
    new = _meaning(node, new_text)
    if any(isinstance(ancestor, ast.JoinedStr) for ancestor in chain[1:]):
        if not _fits_fstring(statement, chain, candidate):
            raise CannotRewrite("older Pythons cannot read this inside an f-string")
    if not candidate.startswith(f"({new_text}"):
        if _joins(text, place.start, candidate) or _joins_behind(text, place.end, candidate):
            return False
        if not isinstance(new, ast.Starred) and _parsed(candidate.lstrip()) is None:
            return False
    root = chain[-1]
    if root is node:
        return isinstance(new, ast.Starred) or _stands_alone(ancestors[-1], candidate, new)
    assert isinstance(root, ast.expr)
    return _agrees(statement, root, chain, place, new, candidate)


def _stands_alone(owner: ast.AST, candidate: str, new: ast.expr) -> bool:
    """Whether *candidate* means *new* where a comma, an assignment or a line end would not be part of it."""
    in_header = isinstance(owner, ast.With | ast.AsyncWith)
    try:
        [node] = ast.parse(f"with {candidate}: pass" if in_header else f"assert {candidate}").body
    except (SyntaxError, ValueError):
        return False
    if isinstance(node, ast.With):  # brackets around a tuple of contexts are not a tuple
        return len(node.items) == 1 and ast.dump(node.items[0].context_expr) == ast.dump(new)
    return isinstance(node, ast.Assert) and node.msg is None and ast.dump(node.test) == ast.dump(new)


def _meaning(node: ast.expr, new_text: str) -> ast.expr:
    """Return the tree of *new_text*; only a starred expression can replace one."""
    if not isinstance(node, ast.Starred):
        new = _parsed(f"({new_text})")
    else:
        collected = _parsed(f"[{new_text}]")
        new = collected.elts[0] if isinstance(collected, ast.List) and len(collected.elts) == 1 else None
    closed = new_text.lstrip().startswith("yield") or _parsed(f"[{new_text}]") is not None
    if new is None or not new_text.strip() or not closed:
        raise CannotRewrite("the new text is not an expression")
    return new


def _joins_behind(text: str, end: int, candidate: str) -> bool:
    following = text[end : end + 1]
    return (following.isalnum() or following == "_") and (candidate[-1].isalnum() or candidate[-1] in "_'\"")


def _agrees(
    statement: Statement, root: ast.expr, chain: list[ast.AST], place: TextRange, new: ast.expr, candidate: str
) -> bool:
    start, end = statement.range(root)
    text = statement.text
    before = _parsed(f"({text[start:end]})")
    after = _parsed(f"({text[start : place.start]}{candidate}{text[place.end : end]})")
    if before is None or after is None:
        return False
    owner: Any = before
    path = path_between(chain)
    for name, position in path[:-1]:
        owner = getattr(owner, name)
        if position is not None:
            owner = owner[position]
    name, position = path[-1]
    if position is None:
        setattr(owner, name, new)
    else:
        getattr(owner, name)[position] = new
    return ast.dump(before) == ast.dump(after)


def path_between(chain: list[ast.AST]) -> _Path:
    """Return the fields and positions that lead from the last of *chain* to its first."""
    path: _Path = []
    for child, parent in pairwise(chain):
        for name, value in ast.iter_fields(parent):
            if value is child:
                path.append((name, None))
                break
            if isinstance(value, list):
                positions = [position for position, item in enumerate(value) if item is child]
                if positions:
                    path.append((name, positions[0]))
                    break
    return path[::-1]


def _parsed(source: str) -> ast.expr | None:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _fits_fstring(statement: Statement, chain: list[ast.AST], candidate: str) -> bool:
    """Whether *candidate* holds nothing that f-strings before Python 3.12 refuse: quotes, backslashes, comments."""
    if any(mark in candidate for mark in ("\\", "#", "\n", "\r", "{", "}")):
        return False
    for ancestor in chain[1:]:
        if isinstance(ancestor, ast.JoinedStr):
            literal = statement.source(ancestor)
            quote = next((character for character in literal if character in "'\""), '"')
            if quote in candidate:
                return False
    return True
