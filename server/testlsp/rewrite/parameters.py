"""Add, rename and remove parameters of a function; add arguments to a call."""

from __future__ import annotations

import ast

from testlsp.rewrite.brackets import insert_item, remove_item
from testlsp.rewrite.lexical import Bracket, bracket_at
from testlsp.rewrite.refusal import CannotRewrite
from testlsp.syntax import Statement
from testlsp.text import Edit, TextRange

Function = ast.FunctionDef | ast.AsyncFunctionDef


def add_parameter(statement: Statement, function: Function, name: str, annotation: str | None = None) -> list[Edit]:
    """Add the parameter *name* where pytest passes fixtures; nothing when the function has it already.

    It comes behind the positional parameters without default (so behind ``self`` and the mocks that ``@patch``
    passes, which pytest counts from the left), and before the first with a default, ``*args``, ``*`` and
    keyword-only ones. pytest passes fixtures by keyword, so never before ``/``:
    https://docs.pytest.org/en/stable/reference/reference.html#fixtures
    """
    if any(argument.arg == name for argument in all_parameters(function)):
        return []
    arguments = function.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    index = positional - len(arguments.defaults)
    if arguments.posonlyargs:
        if index < len(arguments.posonlyargs):
            raise CannotRewrite("a positional-only parameter has a default")
        index += 1
    new = f"{name}: {annotation}" if annotation else name
    return insert_item(statement, _signature(statement, function), index, new)


def rename_parameter(
    statement: Statement, function: Function, old: str, new: str, annotation: str | None = None
) -> list[Edit]:
    """Rename the parameter *old*, and give it *annotation* when it has one; its uses are the caller's to replace."""
    parameters = all_parameters(function)
    if any(argument.arg == new for argument in parameters):
        raise CannotRewrite("the new name is taken")
    for argument in parameters:
        if argument.arg == old:
            start = statement.range(argument).start
            if statement.text[start : start + len(old)] != old:
                raise CannotRewrite("the name is written differently")
            edits = [Edit(TextRange(start, start + len(old)), new)]
            if argument.annotation is not None and annotation is not None:
                edits.append(Edit(statement.range(argument.annotation), annotation))
            return edits
    raise CannotRewrite("no such parameter")


def remove_parameter(statement: Statement, function: Function, name: str) -> list[Edit]:
    """Remove the parameter *name*, default and comma; raises `CannotRewrite` where a bare marker would remain."""
    arguments = function.args
    bracket = _signature(statement, function)
    index = 0
    for position, argument in enumerate([*arguments.posonlyargs, *arguments.args]):
        index = position + bool(arguments.posonlyargs and position >= len(arguments.posonlyargs))
        if argument.arg == name:
            if arguments.posonlyargs == [argument]:
                raise CannotRewrite("the slash would stand alone")
            return remove_item(statement, bracket, index)
    index = len(arguments.posonlyargs) + len(arguments.args) + bool(arguments.posonlyargs)
    index += bool(arguments.vararg or arguments.kwonlyargs)
    for position, argument in enumerate(arguments.kwonlyargs):
        if argument.arg == name:
            if len(arguments.kwonlyargs) == 1 and arguments.vararg is None:
                raise CannotRewrite("the star would stand alone")
            return remove_item(statement, bracket, index + position)
    raise CannotRewrite("no such parameter")


def add_argument(statement: Statement, call: ast.Call, argument: str, index: int | None = None) -> list[Edit]:
    """Add *argument* (``name=value`` or an expression) behind the others of *call*, or before the one at *index*.

    Raises `CannotRewrite` before a lone generator expression, which would need brackets of its own.
    """
    bracket = bracket_at(statement, _behind_brackets(statement, statement.range(call.func).end))
    if bracket.close + 1 != statement.range(call).end:
        raise CannotRewrite("the brackets of the call are not where they were expected")
    if len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp) and not call.keywords:
        raise CannotRewrite("a lone generator expression needs brackets of its own")
    return insert_item(statement, bracket, len(bracket.items) if index is None else index, argument)


def _behind_brackets(statement: Statement, offset: int) -> int:
    """Return the first offset from *offset* that is past the brackets closed there, as in ``(f)(x)``."""
    from testlsp.rewrite.lexical import tokens

    for token in tokens(statement, offset):
        if token.kind == "OP" and token.text == "(":
            return token.start
        if token.text != ")" and token.kind not in {"COMMENT", "NL", "INDENT"}:
            break
    raise CannotRewrite("no bracket follows what is called")


def all_parameters(function: Function) -> list[ast.arg]:
    """Return the parameters of *function* in the order in which they are written."""
    arguments = function.args
    found = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg:
        found.append(arguments.vararg)
    found += arguments.kwonlyargs
    if arguments.kwarg:
        found.append(arguments.kwarg)
    return found


def _signature(statement: Statement, function: Function) -> Bracket:
    bracket = bracket_at(statement, statement.range(function).start)
    arguments = function.args
    expected = len(all_parameters(function)) + bool(arguments.posonlyargs)
    expected += bool(arguments.kwonlyargs and not arguments.vararg)
    if len(bracket.items) != expected:
        raise CannotRewrite("the signature does not have the items expected")
    return bracket
