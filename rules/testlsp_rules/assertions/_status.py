"""Assertions that accept several HTTP status codes."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from testlsp.lint import Context, Fix
from testlsp.lint.context import manual
from testlsp.rewrite import replace_expression
from testlsp.semantic.assertions import is_named_like_a_check
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.given import given_value
from testlsp.semantic.names import dotted
from testlsp.text import Edit
from testlsp.text.patterns import pattern

ATTRIBUTES = frozenset({"status_code", "status", "statusCode", "status_int"})
"""Attributes that hold the status of a response in the HTTP clients that people test with."""

WHERE_STATUSES_ARE_CHECKED = (FunctionKind.TEST, FunctionKind.NESTED, FunctionKind.HELPER)
"""Not in fixtures, which prepare: there "created or exists already" is what is wanted."""

_NAMES = frozenset({"status_code", "status", "http_status"})
_NAMED_CODE = pattern(r"HTTP_([1-5]\d\d)_[A-Z_]+")
_CONCURRENT = pattern(r"concurren|parallel|race|racing|simultan|thread|rate_?limit|throttl|fuzz|stress|flood", re.I)


class Accepted(NamedTuple):
    """An assertion on a status: *node* is the part that lists the codes, *subject* what is compared.

    *codes* are numbers with their text, in the order in which they are written.
    """

    node: ast.expr
    subject: ast.expr
    codes: tuple[tuple[int, str], ...]

    @property
    def numbers(self) -> frozenset[int]:
        """The codes as a set."""
        return frozenset(number for number, _ in self.codes)

    @property
    def mixed(self) -> bool:
        """Whether a success and a failure are both accepted."""
        classes = {number // 100 for number in self.numbers}
        return 2 in classes and bool(classes & {4, 5})


def accepted_statuses(ctx: Context) -> list[Accepted]:
    """Return what in the assertions of the current function accepts more than one status code, settings considered.

    Assertions are ``assert``, ``self.assertIn`` and ``self.assertTrue``. Worked out once for all rules that ask.
    """
    function = ctx.function
    found: list[Accepted] | None = function.memo.get("accepted statuses")
    if found is None:
        nodes: list[ast.Assert | ast.Call] = [*_telling_asserts(function), *_telling_calls(function)]
        found = [item for node in nodes for part in _claims(node) if (item := _accepted(ctx, part)) is not None]
        if found and not _prepares(ctx):
            found = [item for item in found if not codes_vary(ctx, item.node)]
        elif found:
            found = []
        function.memo["accepted statuses"] = found
    allowed = ctx.settings.allow_status_sets
    return [item for item in found if not any(item.numbers <= numbers for numbers in allowed)]


def _telling_asserts(function: Function) -> list[ast.Assert]:
    """Return the ``assert`` statements that can list alternatives."""
    found = []
    for node in function.bag.get(ast.Assert, ()):
        assert isinstance(node, ast.Assert)
        test = node.test
        if isinstance(test, ast.BoolOp) or (isinstance(test, ast.Compare) and test.ops[0].__class__ is ast.In):
            found.append(node)
    return found


def _telling_calls(function: Function) -> list[ast.Call]:
    """Return the assertions of `unittest` that can list alternatives."""
    if function.outermost.in_unittest is False:
        return []
    return [
        node
        for node in function.bag.get(ast.Call, ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"assertTrue", "assertIn"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    ]


def exact_fixes(ctx: Context, item: Accepted) -> list[Fix]:
    """Return one fix for each code, none of them better than another."""
    return [_exactly(ctx, item, number, text) for number, text in dict(item.codes).items()]


def _exactly(ctx: Context, item: Accepted, number: int, text: str) -> Fix:
    def build() -> list[Edit]:
        subject = ctx.source_of(item.subject)
        if isinstance(item.node, ast.Call):
            return replace_expression(ctx.statement, item.node, f"self.assertEqual({subject}, {text})")
        return replace_expression(ctx.statement, item.node, f"{subject} == {text}")

    return manual(f"Expect exactly {number}", build)


def _claims(node: ast.Assert | ast.Call) -> list[ast.expr]:
    """Return the expressions that *node* says are true."""
    if isinstance(node, ast.Assert):
        return conjuncts(node.test)
    if getattr(node.func, "attr", "") == "assertTrue":
        return conjuncts(node.args[0]) if node.args else []
    return [node] if len(node.args) == 2 and not node.keywords else []


def conjuncts(node: ast.expr) -> list[ast.expr]:
    """Return what *node* says is true, taken apart at ``and``."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in conjuncts(value)]
    return [node]


def _accepted(ctx: Context, node: ast.expr) -> Accepted | None:
    listed = _alternatives(node) or _named_alternatives(ctx, node)
    if listed is None or not is_status(listed[0]):
        return None
    subject, elements = listed
    codes = []
    for element in elements:
        number = status_number(ctx, element)
        if number is None:
            return None
        codes.append((number, ast.unparse(element)))
    found = Accepted(node, subject, tuple(codes)) if len({number for number, _ in codes}) > 1 else None
    # Who gives a set of successes a name means it.
    return found if found is None or found.mixed or _alternatives(node) is not None else None


def _named_alternatives(ctx: Context, node: ast.expr) -> tuple[ast.expr, list[ast.expr]] | None:
    """Return what is compared and with which values where these are in a variable that is assigned once."""
    match node:
        case ast.Compare(left=subject, ops=[ast.In()], comparators=[ast.Name() as named]):
            pass
        case ast.Call(args=[subject, ast.Name() as named]):
            pass
        case _:
            return None
    if not is_status(subject):
        return None
    value = given_value(named, ctx.function, ctx.model)
    return (subject, value.elts) if isinstance(value, ast.Tuple | ast.List | ast.Set) else None


def _alternatives(node: ast.expr) -> tuple[ast.expr, list[ast.expr]] | None:
    """Return what is compared and with which values, for all the ways of saying "one of these"."""
    if isinstance(node, ast.Call):
        listed = node.args[1] if len(node.args) == 2 else None
        return (node.args[0], listed.elts) if isinstance(listed, ast.Tuple | ast.List | ast.Set) else None
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = node.comparators[0]
        if isinstance(node.ops[0], ast.In) and isinstance(right, ast.Tuple | ast.List | ast.Set):
            return node.left, right.elts
        if isinstance(node.ops[0], ast.Eq):
            return (right, [node.left]) if isinstance(node.left, ast.Constant) else (node.left, [right])
        return None
    if not isinstance(node, ast.BoolOp) or not isinstance(node.op, ast.Or):
        return None
    subject: ast.expr | None = None
    elements: list[ast.expr] = []
    for value in node.values:
        found = _alternatives(value)
        if found is None or (subject is not None and ast.dump(found[0]) != ast.dump(subject)):
            return None
        subject = found[0]
        elements += found[1]
    return (subject, elements) if subject is not None else None


def is_status(node: ast.expr) -> bool:
    """Whether *node* is named like the status of a response."""
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES
    return isinstance(node, ast.Name) and node.id in _NAMES


def status_number(ctx: Context, node: ast.expr) -> int | None:
    """Return the status code that *node* stands for, None when it is not known."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int and 100 <= node.value <= 599 else None
    if isinstance(node, ast.Attribute):
        if node.attr == "value" and isinstance(node.value, ast.Attribute):
            return status_number(ctx, node.value)
        named = _NAMED_CODE.fullmatch(node.attr)
        if named:
            return int(named[1])
        if (ctx.qualified_name(node.value) or "").endswith(("HTTPStatus", "codes")):
            from http import HTTPStatus

            member = HTTPStatus.__members__.get(node.attr.upper())
            return member.value if member is not None else None
    return None


def _prepares(ctx: Context) -> bool:
    """Whether the function prepares a test, and is no helper that checks something."""
    outer = ctx.function.outermost
    return outer.kind is not FunctionKind.TEST and not is_named_like_a_check(outer.name)


def codes_vary(ctx: Context, node: ast.expr) -> bool:
    """Whether several codes are the point: inputs that Hypothesis makes, requests that compete with each other."""
    outer = ctx.function.outermost
    if _CONCURRENT.search(outer.name) or (outer.class_info and _CONCURRENT.search(outer.class_info.name)):
        return True
    for decorator in outer.node.decorator_list if outer.node else ():
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or ""
        # schemathesis has a parametrize of its own, which sends made-up requests
        if name.endswith("given") or (name.endswith(".parametrize") and ".mark." not in name):
            return True
    if not any(isinstance(ancestor, ast.For | ast.While | ast.AsyncFor) for ancestor in ctx.ancestors(node)):
        return False
    return _competes(ctx.function) or _competes(outer)


def _competes(function: Function) -> bool:
    """Whether *function* sends requests at the same time."""
    for node in function.bag.get(ast.Attribute, ()):
        if getattr(node, "attr", "") in {
            "gather",
            "create_task",
            "TaskGroup",
            "Thread",
            "ThreadPoolExecutor",
            "submit",
        }:
            return True
    names = function.bag.get(ast.Name, ())
    return any(getattr(node, "id", "") in {"gather", "Thread", "ThreadPoolExecutor"} for node in names)
