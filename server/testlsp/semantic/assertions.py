"""What can fail a test.

``assert`` and ``raise``, calls that check by themselves (``pytest.raises``, ``self.assertEqual``, a mock's assertions,
the testing modules of numpy and pandas), functions named like a check, and helpers that do one of these. Helpers at
module level are looked up in the summaries, those of the own file too, so that findings depend on nothing but
summaries; methods of the own class are followed here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.names import dotted

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph
    from testlsp.semantic.model import SemanticModel

DEPTH = 2
"""How many calls deep helpers are followed."""

_MODULES = (
    "pytest.",
    "_pytest.",
    "numpy.testing.",
    "pandas.testing.",
    "pandas._testing.",
    "polars.testing.",
    "torch.testing.",
    "django.test.",
    "warnings.",
    "unittest.",
    "sys.exit",
    "os._exit",
)
_PASSIVE = frozenset("pytest.mark pytest.param pytest.approx unittest.mock".split())
_METHODS = frozenset(
    "fail failIf failUnless skipTest raises warns deprecated_call fnmatch_lines re_match_lines no_fnmatch_line "
    "no_re_match_line raise_for_status check_returncode expect should must check verify validate ensure exit".split()
)
_PREFIXES = ("assert", "_assert", "check_", "_check", "verify", "_verify", "expect", "_expect", "test", "ensure_")
_TELLING = ("assert", "Assert", "pytest", "fail", "warns", "check", "verif", "expect", "ensure", "exit", "must")
_TELLING_ELSEWHERE = ("assert", "Assert", "pytest")


def is_named_like_a_check(name: str) -> bool:
    """Whether the last part of a function's *name* says that it checks something."""
    return name.startswith(_PREFIXES) or name in _METHODS or "assert" in name


def checks_in(
    function: Function,
    model: SemanticModel,
    graph: FixtureGraph,
    named: Callable[[str], bool],
    but: Iterable[ast.AST] = (),
) -> bool:
    """Whether something in *function*, or in a function nested in it, can fail the test or is not known not to.

    *named* tells which functions check by their (dotted) name, besides the usual ones. What lies inside *but* does not
    count.
    """
    ignored = frozenset(id(inner) for node in but for inner in _below(node))
    return any(True for _ in _checks(function, model, _Lookup(model, graph, named), ignored, DEPTH))


def _below(node: ast.AST) -> Iterator[ast.AST]:
    from testlsp.syntax import children

    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += children(current)


class _Lookup:
    """Answers whether a call is a check."""

    def __init__(self, model: SemanticModel, graph: FixtureGraph | None, named: Callable[[str], bool]) -> None:
        self.model = model
        self.graph = graph
        self.named = named

    def helper(self, target: str) -> bool:
        """Whether *target*, a name of this module or the dotted one of another, is known to check."""
        if self.graph is None:
            return False
        from testlsp.semantic.origins import checks

        return checks(self.graph.namespaces, self.model.source.path, target)


def _checks(
    function: Function, model: SemanticModel, lookup: _Lookup, ignored: frozenset[int], depth: int
) -> Iterator[ast.AST]:
    bag = function.bag
    for node_type in (ast.Assert, ast.Raise):
        for node in bag.get(node_type, ()):
            if id(node) not in ignored:
                yield node
    for node in bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        if id(node) not in ignored and _is_check(node, function, model, lookup, depth):
            yield node
    for nested in function.nested:
        if id(nested.node) not in ignored:
            yield from _checks(nested, model, lookup, ignored, depth)


def _is_check(call: ast.Call, function: Function, model: SemanticModel, lookup: _Lookup, depth: int) -> bool:
    target = call.func
    if isinstance(target, ast.Attribute):
        name = target.attr
    elif isinstance(target, ast.Name):
        name = target.id
    else:
        return True
    if is_named_like_a_check(name) or lookup.named(dotted(target) or name):
        return True
    if any(keyword.arg == "check" for keyword in call.keywords):
        return True
    meaning = model.qualified_name(target, function)
    if meaning is not None:
        if meaning.startswith(_MODULES):
            return not any(meaning.startswith(passive) for passive in _PASSIVE)
        return "." in meaning and not meaning.startswith("builtins.") and lookup.helper(meaning)
    if isinstance(target, ast.Name):
        return _named_function(target.id, function, model, lookup)
    return _is_checking_method(target, function, model, lookup, depth)


def _named_function(name: str, function: Function, model: SemanticModel, lookup: _Lookup) -> bool:
    if model.is_local(name, function):
        # A function that a fixture hands out, or that was made here, can do anything.
        return not any(nested.name == name for scope in _around(function) for nested in scope.nested)
    binding = model.names.table.get(name)
    if binding is None:
        return True
    return lookup.helper(name) if binding.kind == "function" else binding.kind == "variable"


def _around(function: Function | None) -> Iterator[Function]:
    while function is not None:
        yield function
        function = function.parent


def _is_checking_method(
    target: ast.Attribute, function: Function, model: SemanticModel, lookup: _Lookup, depth: int
) -> bool:
    if not isinstance(target.value, ast.Name) or target.value.id not in {"self", "cls"}:
        return False
    outer = function.outermost
    if outer.class_info is None:
        return False
    found = [
        other
        for other in model.functions_of(outer.statement)
        if other.name == target.attr and other.chain == outer.chain
    ]
    if not found:
        return not _only_attributes(target.attr, outer, model)
    return depth <= 0 or any(True for _ in _checks(found[-1], model, lookup, frozenset(), depth - 1))


def _only_attributes(name: str, outer: Function, model: SemanticModel) -> bool:
    """Whether ``self.name`` is set in the class itself, so that it is a thing and no inherited method."""
    for other in model.functions_of(outer.statement):
        if other.chain == outer.chain:
            for node in other.bag.get(ast.Attribute, ()):
                assert isinstance(node, ast.Attribute)
                if node.attr == name and isinstance(node.ctx, ast.Store):
                    return True
    return False


# -- what other files may know -----------------------------------------------------------------------------------------


def checking_helpers(model: SemanticModel) -> tuple[str, ...]:
    """Return the functions of a file, tests left out, that check something themselves or through one another.

    Methods are given with their classes: ``Page.expect_title``. Those of a statement that does not parse count as
    checking: what they do is not known.
    """
    words = _TELLING if model.role is not FileRole.OTHER else _TELLING_ELSEWHERE
    found: set[str] = set()
    open_ended: list[tuple[str, Function]] = []
    for statement in model.source.statements:
        if not statement.body or "def " not in statement.text:
            continue
        telling = statement.problem is not None or any(word in statement.text for word in words)
        for function in model.functions_of(statement):
            if function.node is None or function.kind is FunctionKind.TEST:
                continue
            name = ".".join((*function.chain, function.name))
            if statement.problem is not None or (telling and _checks_itself(function, model)):
                found.add(name)
            else:
                open_ended.append((name, function))
    for _ in range(DEPTH if found else 0):
        spoken = _spoken(found)
        more = {name for name, function in open_ended if not _called(function).isdisjoint(spoken)}
        if more <= found:
            break
        found |= more
    return tuple(sorted(found))


def _spoken(names: Iterable[str]) -> set[str]:
    return {name.rpartition(".")[2] for name in names}


def _checks_itself(function: Function, model: SemanticModel) -> bool:
    known = function.memo.get("checks")
    if known is None:
        known = function.memo["checks"] = _found_check(function, model)
    result: bool = known
    return result


def _found_check(function: Function, model: SemanticModel) -> bool:
    bag = function.bag
    if ast.Assert in bag or any(_fails(node) for node in bag.get(ast.Raise, ())):
        return True
    for node in bag.get(ast.Call, ()):
        target = getattr(node, "func", None)
        name = target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""
        if is_named_like_a_check(name) and not name.startswith("test"):
            return True
        if name and (model.qualified_name(target, function) or "").startswith(_MODULES[:8]):
            return True
    return any(_found_check(nested, model) for nested in function.nested)


def _fails(node: ast.AST) -> bool:
    """Whether a ``raise`` is a failed check, and no error of the program."""
    raised = getattr(node, "exc", None)
    name = dotted(raised.func if isinstance(raised, ast.Call) else raised) or ""
    return "Assert" in name or "Fail" in name


def _called(function: Function) -> frozenset[str]:
    """Return the last parts of the names of what *function* calls."""
    known = function.memo.get("calls")
    if known is None:
        names = set()
        for scope in (function, *function.nested):
            for node in scope.bag.get(ast.Call, ()):
                target = getattr(node, "func", None)
                names.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
        known = function.memo["calls"] = frozenset(names)
    result: frozenset[str] = known
    return result
