"""Walking ``ast`` trees quickly.

``ast.walk`` asks each node for its fields by name and yields operators and contexts; measured, a walk with a table of
the fields that can hold nodes takes half the time, and the table is what all walks here use.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

NodeBag = dict[type[ast.AST], list[ast.AST]]
"""Nodes by type, each list in document order."""

_PLAIN_FIELDS = frozenset(
    "ctx op ops id attr name asname module level n s kind type_comment conversion simple is_async arg tag rest "
    "lineno col_offset end_lineno end_col_offset type_ignores".split()
)


def _fields(node_type: type[ast.AST]) -> tuple[str, ...]:
    name = node_type.__name__
    if name in {"Constant", "Name", "Global", "Nonlocal", "Import", "ImportFrom", "Pass", "Break", "Continue"}:
        return ()
    if name == "MatchSingleton":  # ``case True``: its value is no node
        return ()
    if name == "Dict":  # keys may hold None
        return ("keys", "values")
    fields = node_type._fields
    return tuple(
        field
        for field in fields
        if field not in _PLAIN_FIELDS and not (name in {"MatchAs", "MatchStar"} and field == "name")
    )


def _all_types() -> Iterator[type[ast.AST]]:
    for value in vars(ast).values():
        if isinstance(value, type) and issubclass(value, ast.AST):
            yield value


CHILD_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {node_type: _fields(node_type) for node_type in _all_types()}
"""For each node type, the fields that can hold nodes or lists of them; operators and contexts are left out."""

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the direct child nodes in document order (decorators and defaults as ``ast`` lists them)."""
    found: list[ast.AST] = []
    for field in CHILD_FIELDS[node.__class__]:
        value = getattr(node, field, None)
        if value.__class__ is list:
            found += [item for item in value if item is not None and item.__class__ is not str]
        elif value is not None:
            found.append(value)
    return found


def collect(roots: list[ast.AST], bag: NodeBag, scopes: list[ast.AST]) -> None:
    """Put all nodes below and including *roots* into *bag*, not entering nested functions and classes.

    Those go to *scopes*, in document order; their decorators, defaults and bases are part of the enclosing scope and
    are collected. Iterative, so that depth costs nothing.
    """
    stack = roots[::-1]
    pop, push, extend, table = stack.pop, stack.append, stack.extend, _BACKWARDS
    while stack:
        node = pop()
        cls = node.__class__
        if cls in bag:
            bag[cls].append(node)
        else:
            bag[cls] = [node]
        for field in table[cls]:
            value = getattr(node, field)
            if value.__class__ is list:
                if value:
                    extend(value[::-1])
            elif value is not None:
                push(value)
        if cls in _ODD:
            if cls in _SCOPE_SET:
                scopes.append(node)
                extend(_header(node)[::-1])
            else:
                extend(children(node)[::-1])


_SCOPE_SET = frozenset(SCOPES)
# Lists of these may hold None or text; scopes are entered by their headers alone.
_ODD = _SCOPE_SET | {ast.Dict, ast.arguments, ast.MatchClass}
_BACKWARDS = {node_type: () if node_type in _ODD else fields[::-1] for node_type, fields in CHILD_FIELDS.items()}


def _header(node: ast.AST) -> list[ast.AST]:
    """Return what of a function or class is evaluated in the enclosing scope."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = node.args
    return [*node.decorator_list, *arguments.defaults, *(default for default in arguments.kw_defaults if default)]


def parents_of(roots: list[ast.AST]) -> dict[ast.AST, ast.AST]:
    """Return a map from each node below *roots* to its parent; costs a whole walk, so ask only about candidates."""
    parents: dict[ast.AST, ast.AST] = {}
    stack = list(roots)
    pop, push, table = stack.pop, stack.append, CHILD_FIELDS
    while stack:
        node = pop()
        for field in table[node.__class__]:
            value = getattr(node, field, None)
            if value.__class__ is list:
                for item in value:
                    if item is not None and item.__class__ is not str:
                        parents[item] = node
                        push(item)
            elif value is not None:
                parents[value] = node
                push(value)
    return parents
