"""Which functions of a file pytest collects, and what it does with each.

Which names it collects: https://docs.pytest.org/en/stable/explanation/goodpractices.html#conventions-for-python-test-discovery
and the ``python_functions`` and ``python_classes`` settings.
"""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase

from testlsp.semantic.functions import ClassInfo, FileRole, FixtureMark, Function, FunctionKind, FunctionNode
from testlsp.semantic.names import ModuleNames, dotted
from testlsp.syntax import Statement
from testlsp.text.named import NamedTuple


class Collection(NamedTuple):
    """pytest's settings that say which functions and classes are collected."""

    python_functions: tuple[str, ...] = ("test",)
    python_classes: tuple[str, ...] = ("Test",)


_XUNIT_MODULE = frozenset(
    "setup_module teardown_module setup_function teardown_function setUpModule tearDownModule".split()
)
_XUNIT_CLASS = frozenset(
    "setup_class teardown_class setup_method teardown_method setUp tearDown setUpClass tearDownClass asyncSetUp "
    "asyncTearDown setup teardown setUpTestData".split()
)
XUNIT_NAMES = _XUNIT_MODULE | _XUNIT_CLASS
"""Functions and methods that are called around tests without anybody asking for them."""
FIXTURE_DECORATORS = frozenset(
    "pytest.fixture pytest.yield_fixture pytest_asyncio.fixture _pytest.fixtures.fixture pytest_lsp.fixture "
    "pytest_trio.trio_fixture pytest_twisted.async_fixture pytest_tornasync.fixture".split()
)
_UNITTEST_ROOTS = ("unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase")


def statement_functions(
    statement: Statement, names: ModuleNames, role: FileRole, collection: Collection
) -> list[Function]:
    """Return the import-time code of *statement*, if it has any, and the functions at module and class level."""
    found: list[Function] = []
    for node in statement.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(_function(statement, node, None, names, role, collection))
        elif isinstance(node, ast.ClassDef):
            _class_functions(statement, node, None, names, role, collection, found)
        else:
            _conditional_functions(statement, node, names, role, collection, found)
    if statement.body and (
        not all(isinstance(node, ast.Import | ast.ImportFrom) for node in statement.body)
        or "test_" in statement.text
        or "_test " in statement.text  # rules look at imports of test modules only
    ):
        found.append(Function(statement, None, FunctionKind.IMPORT_TIME))
    return found


def _conditional_functions(
    statement: Statement,
    node: ast.stmt,
    names: ModuleNames,
    role: FileRole,
    collection: Collection,
    found: list[Function],
) -> None:
    """Functions under ``if``, ``try`` and ``with`` at module level are collected like any other."""
    for field in ("body", "orelse", "handlers", "finalbody"):
        for child in getattr(node, field, ()):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append(_function(statement, child, None, names, role, collection))
            elif isinstance(child, ast.ClassDef):
                _class_functions(statement, child, None, names, role, collection, found)
            elif isinstance(child, ast.stmt | ast.ExceptHandler):
                _conditional_functions(statement, child, names, role, collection, found)  # type: ignore[arg-type]


def _class_functions(
    statement: Statement,
    node: ast.ClassDef,
    parent: ClassInfo | None,
    names: ModuleNames,
    role: FileRole,
    collection: Collection,
    found: list[Function],
) -> None:
    unittest = _is_unittest([dotted(base) for base in node.bases], names)
    info = ClassInfo(node, parent, _is_collected(node, parent, unittest, collection), unittest)
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(_function(statement, child, info, names, role, collection))
        elif isinstance(child, ast.ClassDef):
            _class_functions(statement, child, info, names, role, collection, found)


def _is_collected(node: ast.ClassDef, parent: ClassInfo | None, unittest: bool | None, collection: Collection) -> bool:
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and child.name in {"__init__", "__new__"} and not unittest:
            return False
        if isinstance(child, ast.Assign) and isinstance(child.value, ast.Constant) and child.value.value is False:
            if any(isinstance(target, ast.Name) and target.id == "__test__" for target in child.targets):
                return False
    if unittest:
        return True
    return (parent is None or parent.collected) and matches(node.name, collection.python_classes)


def _is_unittest(bases: list[str | None] | tuple[str | None, ...], names: ModuleNames, depth: int = 0) -> bool | None:
    """Whether one of *bases* leads to ``unittest.TestCase``; None when one of them is not known."""
    known: bool | None = False
    for base in bases:
        if base is None:
            known = None
            continue
        root, _, rest = base.partition(".")
        binding = names.table.get(root)
        if binding is not None and binding.kind == "class" and not rest:
            inherited = _is_unittest(binding.bases, names, depth + 1) if depth < 20 else None
        else:
            target = names.target(root)
            full = f"{target}.{rest}" if target and rest else target or base
            if full.startswith("builtins.") or full in {"abc.ABC", "typing.Generic", "typing.Protocol"}:
                inherited = False
            elif full in _UNITTEST_ROOTS or full.endswith("TestCase"):
                inherited = True
            else:
                inherited = None
        if inherited:
            return True
        if inherited is None:
            known = None
    return known


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether pytest collects *name*: a pattern is a prefix, or a glob when it holds ``*``, ``?`` or ``[``."""
    for pattern in patterns:
        if name.startswith(pattern):
            return True
        if ("*" in pattern or "?" in pattern or "[" in pattern) and fnmatchcase(name, pattern):
            return True
    return False


def _function(
    statement: Statement,
    node: FunctionNode,
    info: ClassInfo | None,
    names: ModuleNames,
    role: FileRole,
    collection: Collection,
) -> Function:
    mark = _fixture_mark(node, names) if node.decorator_list else None
    if mark is not None:
        return Function(statement, node, FunctionKind.FIXTURE, info, None, mark)
    return Function(statement, node, _kind(node, info, role, collection), info)


def _kind(node: FunctionNode, info: ClassInfo | None, role: FileRole, collection: Collection) -> FunctionKind:
    name = node.name
    if info is None:
        if name in _XUNIT_MODULE and role is not FileRole.OTHER:
            return FunctionKind.XUNIT
        if name.startswith("pytest_"):
            return FunctionKind.HOOK
        if role is FileRole.TEST_MODULE and matches(name, collection.python_functions):
            return FunctionKind.TEST
        return FunctionKind.HELPER
    if name in _XUNIT_CLASS and (info.collected or info.unittest is not False):
        return FunctionKind.XUNIT
    if role is FileRole.TEST_MODULE and info.collected:
        if name.startswith("test") if info.unittest else matches(name, collection.python_functions):
            static = any(dotted(decorator) in {"property", "staticmethod"} for decorator in node.decorator_list)
            return (
                FunctionKind.HELPER if static and "property" in map(dotted, node.decorator_list) else FunctionKind.TEST
            )
    return FunctionKind.HELPER


def _fixture_mark(node: FunctionNode, names: ModuleNames) -> FixtureMark | None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = dotted(call.func if call else decorator)
        if name is None or "fixture" not in name:
            continue
        root, _, rest = name.partition(".")
        target = names.target(root)
        if target is None or (f"{target}.{rest}" if rest else target) not in FIXTURE_DECORATORS:
            continue
        keywords = {keyword.arg: keyword.value for keyword in call.keywords} if call else {}
        if call and call.args:
            keywords.setdefault("scope", call.args[0])
        open_ended = None in keywords  # **options
        return FixtureMark(
            decorator,
            _literal_text(keywords.get("scope"), None if open_ended else "function"),
            _literal_bool(keywords.get("autouse"), None if open_ended else False),
            _literal_text(keywords.get("name"), None),
            "params" in keywords or open_ended,
        )
    return None


def _literal_text(node: ast.expr | None, default: str | None) -> str | None:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _literal_bool(node: ast.expr | None, default: bool | None) -> bool | None:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None
