"""Which expressions are mocks of `unittest.mock`.

A name is a mock when it is bound to a call that makes one, by ``with patch(...) as``, or by ``@patch`` to a parameter;
so is everything reached from it by attributes and calls. Fixtures and results of other calls are unknown. What
``patch`` injects where: https://docs.python.org/3/library/unittest.mock.html#patch
"""

from __future__ import annotations

import ast

from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.text.named import NamedTuple

MOCK_ASSERTIONS = (
    "assert_called",
    "assert_called_once",
    "assert_called_with",
    "assert_called_once_with",
    "assert_any_call",
    "assert_has_calls",
    "assert_not_called",
    "assert_awaited",
    "assert_awaited_once",
    "assert_awaited_with",
    "assert_awaited_once_with",
    "assert_any_await",
    "assert_has_awaits",
    "assert_not_awaited",
)
"""The methods of a mock that can fail a test."""

_CLASSES = frozenset("Mock MagicMock AsyncMock NonCallableMock NonCallableMagicMock PropertyMock".split())
_MOCKER = frozenset("mocker class_mocker module_mocker package_mocker session_mocker".split())
_MOCKER_MAKES = frozenset("patch patch.object spy stub async_stub create_autospec".split()) | _CLASSES
_LIKE_ANOTHER = frozenset({"spec", "spec_set", "autospec", "wraps", "unsafe"})


class Mock(NamedTuple):
    """How a mock was made; *specified* when it is like something else, whose attributes are not known here.

    ``unsafe=True`` counts as that, too: it asks for attributes that look like misspelt assertions.
    """

    specified: bool


def mock_behind(node: ast.expr, function: Function, model: SemanticModel) -> Mock | None:
    """Return what is known of the mock that *node* is, or is an attribute or result of; None when it is unknown."""
    while True:
        name = dotted(node)
        if name is not None:
            found = _named(name, function, model)
            if found is not None:
                return found
        if isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Call):
            made = _made_by(node, function, model)
            if made is not None:
                return made
            node = node.func
        else:
            return None


def _named(name: str, function: Function, model: SemanticModel) -> Mock | None:
    root = name.partition(".")[0]
    scope: Function | None = function
    while scope is not None:
        found = mocks_bound_in(scope, model).get(name)
        if found is not None:
            return found
        if root in scope.locals and root not in {"self", "cls"}:
            return None
        scope = scope.parent
    if root in {"self", "cls"} and function.class_info is not None:
        return _set_up(function, model).get("self" + name[len(root) :])
    return None


def _set_up(function: Function, model: SemanticModel) -> dict[str, Mock]:
    """Return the mocks that the hooks around the tests of the same class bind to ``self``."""
    outer = function.outermost
    found = outer.memo.get("mocks of the class")
    if found is None:
        found = {}
        for other in model.functions_of(outer.statement):
            if other.kind in {FunctionKind.XUNIT, FunctionKind.FIXTURE} and other.chain == outer.chain:
                for name, mock in mocks_bound_in(other, model).items():
                    root, dot, rest = name.partition(".")
                    if dot and root in {"self", "cls"}:
                        found[f"self.{rest}"] = mock
        outer.memo["mocks of the class"] = found
    result: dict[str, Mock] = found
    return result


def mocks_bound_in(function: Function, model: SemanticModel) -> dict[str, Mock]:
    """Return the dotted names that *function* binds to mocks and to nothing else."""
    found = function.memo.get("mocks")
    if found is None:
        found = function.memo["mocks"] = _bound(function, model)
    result: dict[str, Mock] = found
    return result


def _bound(function: Function, model: SemanticModel) -> dict[str, Mock]:
    found: dict[str, Mock] = _injected(function, model)
    others: set[str] = set()
    bag = function.bag
    for node in bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        made = _made_by(node.value, function, model)
        for target in node.targets:
            name = dotted(target)
            if name is None:
                continue
            if made is None:
                others.add(name)
            else:
                before = found.get(name)
                found[name] = Mock(made.specified or (before is not None and before.specified))
    for node in bag.get(ast.withitem, ()):
        assert isinstance(node, ast.withitem)
        name = dotted(node.optional_vars)
        if name is not None:
            made = _made_by(node.context_expr, function, model)
            if made is not None:
                found[name] = made
            else:
                others.add(name)
    for name in others:
        found.pop(name, None)
    return found


def _made_by(node: ast.expr, function: Function, model: SemanticModel) -> Mock | None:
    """Return the mock that evaluating (or entering) *node* gives."""
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func)
    if name is None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "start":
            return _made_by(node.func.value, function, model)
        return None
    root, _, rest = name.partition(".")
    if root in _MOCKER and rest in _MOCKER_MAKES and (root in function.params or root in function.outermost.params):
        kind = rest
    else:
        meaning = model.qualified_name(node.func, function)
        if meaning is None:
            return None
        module, _, kind = meaning.partition("mock.")
        if module not in {"", "unittest."} or not kind:
            return None
    return _of_kind(kind, node)


def _of_kind(kind: str, node: ast.Call) -> Mock | None:
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    specified = not _LIKE_ANOTHER.isdisjoint(keywords) or None in keywords
    if kind in _CLASSES:
        return Mock(specified or bool(node.args))
    if kind in {"create_autospec", "spy"}:
        return Mock(True)
    if kind in {"stub", "async_stub"}:
        return Mock(False)
    if kind in {"patch", "patch.object"}:
        if "new" in keywords or "new_callable" in keywords or len(node.args) > (1 if kind == "patch" else 2):
            return None
        return Mock(specified)
    return None


def _injected(function: Function, model: SemanticModel) -> dict[str, Mock]:
    """Return the parameters that ``@patch`` fills: those of the lowest decorator come first."""
    node = function.node
    if node is None or not node.decorator_list or function.parent is not None:
        return {}
    made = []
    for decorator in reversed(node.decorator_list):
        if isinstance(decorator, ast.Call):
            mock = _made_by(decorator, function, model)
            meaning = model.qualified_name(decorator.func, function) or ""
            if mock is not None and meaning.endswith(("mock.patch", "mock.patch.object")):
                made.append(mock)
            elif "patch" in meaning and mock is None and any(item.arg == "new_callable" for item in decorator.keywords):
                made.append(Mock(True))
    static = any(dotted(decorator) == "staticmethod" for decorator in node.decorator_list)
    names = function.params[1 if function.class_info and not static else 0 :]
    return dict(zip(names, made, strict=False))
