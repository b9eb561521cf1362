"""Which form of undoing a change fits a place: the preconditions of every rewrite to ``monkeypatch``.

From pytest's ``monkeypatch.py``, ``compat.py`` and ``fixtures.py``: a ``unittest.TestCase`` method takes no fixtures;
under Hypothesis a function-scoped fixture runs once for all examples; a wider fixture cannot request a narrower one;
xunit hooks take no fixtures; ``@patch`` injects positional mocks before the fixtures.
"""

from __future__ import annotations

import ast
import enum
from typing import TYPE_CHECKING

from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.marks import is_property_based
from testlsp.text import Edit

if TYPE_CHECKING:
    from testlsp.lint.context import Context


class Form(enum.Enum):
    """How process state can be changed in a function so that it is put back."""

    FIXTURE = "the monkeypatch fixture"
    CONTEXT = "pytest.MonkeyPatch.context()"
    """In a fixture wider than a function, and under ``@given``."""
    ENTER_CONTEXT = "self.enterContext(patch.dict(...))"
    """In a method of a ``unittest.TestCase``."""
    NONE = "no form is known to fit"


def form_for(ctx: Context, function: Function | None = None, name: str | None = "monkeypatch") -> Form:
    """Return the form that fits *function* (the current one by default), `Form.NONE` where that cannot be told.

    *name* is the fixture that the form would ask for, None for a ``with`` block, which needs no parameter: then
    `Form.FIXTURE` only says that the function runs once for each test.
    """
    function = function or ctx.function
    outer = function.outermost
    if outer.kind is FunctionKind.IMPORT_TIME or outer.node is None or _is_hidden(name, function):
        return Form.NONE
    if outer.in_unittest is None:
        return Form.NONE
    if outer.in_unittest:
        return Form.ENTER_CONTEXT if outer.kind in {FunctionKind.TEST, FunctionKind.XUNIT} else Form.NONE
    if outer.kind is FunctionKind.TEST:
        return Form.CONTEXT if is_property_based(outer, ctx.model) else _fixture_or_none(ctx, outer, name)
    if outer.kind is FunctionKind.FIXTURE and outer.fixture is not None:
        if outer.fixture.scope == "function":
            return _fixture_or_none(ctx, outer, name)
        return Form.CONTEXT if outer.fixture.scope is not None else Form.NONE
    return Form.NONE


def idiom_form(ctx: Context, function: Function | None = None) -> Form:
    """Return the form that fits *function* in the idiom of the project."""
    return form_for(ctx, function, _FIXTURES[ctx.settings.idiom])


_FIXTURES = {"monkeypatch": "monkeypatch", "mocker": "mocker", "patch.dict": None}


def patch_name(ctx: Context, function: Function | None = None) -> tuple[str, tuple[str, ...]] | None:
    """Return how *function* can write ``unittest.mock.patch``, and what to import first; None when it cannot."""
    scope: Function | None = function or ctx.function
    hidden: set[str] = set()
    while scope is not None:
        hidden.update(scope.locals)
        scope = scope.parent
    for spelling, name in (("patch", "patch"), ("mock.patch", "mock")):
        target = ctx.model.names.target(name) if name not in hidden else None
        if target is not None and f"{target}{spelling[len(name) :]}" in {"unittest.mock.patch", "mock.patch"}:
            return spelling, ()
    if "patch" in hidden or ctx.model.names.table.get("patch") is not None:
        return None
    return "patch", ("from unittest.mock import patch",)


def _is_hidden(name: str | None, function: Function) -> bool:
    """Whether a function between *function* and the outermost one has a variable of that name of its own."""
    scope = function
    while scope.parent is not None:
        if name in scope.locals:
            return True
        scope = scope.parent
    return False


def _fixture_or_none(ctx: Context, function: Function, fixture: str | None) -> Form:
    """A parameter can be added unless the name means something else here or a decorator may change the signature."""
    if fixture is None:
        return Form.FIXTURE
    if fixture in function.params:
        return Form.NONE if _is_parametrized(function, fixture) else Form.FIXTURE
    if fixture in function.locals or ctx.model.names.table.get(fixture) is not None:
        return Form.NONE
    assert function.node is not None
    if any(_may_change_signature(ctx, decorator, function) for decorator in function.node.decorator_list):
        return Form.NONE
    return Form.FIXTURE


def _is_parametrized(function: Function, name: str) -> bool:
    """Whether the parameter *name* gets its values from ``parametrize``, whatever it is called."""
    for decorator in function.node.decorator_list if function.node is not None else ():
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") == "parametrize" and decorator.args:
            names = decorator.args[0]
            given = names.elts if isinstance(names, ast.Tuple | ast.List) else [names]
            written = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if any(name in (part.strip() for part in text.split(",")) for text in written):
                return True
    return False


# Packages whose decorators keep the parameters visible (they use ``functools.wraps``) or only mark the function.
_TRANSPARENT = tuple(
    f"{package}."
    for package in (
        "anyio builtins contextlib django flaky freezegun hypothesis mock moto parameterized pytest pytest_asyncio "
        "responses respx time_machine unittest vcr"
    ).split()
)


def _may_change_signature(ctx: Context, decorator: ast.expr, function: Function) -> bool:
    """Whether a decorator is of unknown making: one without ``functools.wraps`` hides the parameters from pytest."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = ctx.model.qualified_name(target, None)
    if function.fixture is not None and decorator is function.fixture.node:
        return False
    return name is None or not name.startswith(_TRANSPARENT)


def with_parameter(
    ctx: Context, edits: list[Edit], name: str = "monkeypatch", function: Function | None = None
) -> list[Edit]:
    """Return *edits* with the parameter *name* added to the outermost function, annotated where its neighbours are."""
    from testlsp.rewrite import add_parameter

    outer = (function or ctx.function).outermost
    if name in outer.params:
        return edits
    assert outer.node is not None
    annotation = _annotation(ctx, name) if _annotates(outer) else None
    return [*add_parameter(ctx.statement, outer.node, name, annotation), *edits]


_ANNOTATIONS = {
    "monkeypatch": "pytest.MonkeyPatch",
    "tmp_path_factory": "pytest.TempPathFactory",
    "mocker": "pytest_mock.MockerFixture",
}


def _annotation(ctx: Context, name: str) -> str | None:
    """Return the type of the fixture *name* as the file can write it, None where it imports nothing of the kind."""
    known = _ANNOTATIONS.get(name)
    if known is None:
        return None
    module, _, short = known.partition(".")
    if ctx.model.names.target(short) == known:
        return short
    return known if ctx.model.names.target(module) == module else None


def _annotates(function: Function) -> bool:
    """Whether all other parameters are annotated, or the result where there are none."""
    assert function.node is not None
    arguments = function.node.args
    named = [
        argument
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if argument.arg not in {"self", "cls"}
    ]
    if not named:
        return function.node.returns is not None
    return all(argument.annotation is not None for argument in named)
