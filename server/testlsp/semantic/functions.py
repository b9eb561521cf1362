"""The functions of a file as pytest sees them.

Which names pytest collects: https://docs.pytest.org/en/stable/explanation/goodpractices.html#conventions-for-python-test-discovery
and the ``python_functions`` and ``python_classes`` settings.
"""

from __future__ import annotations

import ast
import enum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from testlsp.semantic.names import Binding, ModuleNames, assignment_bindings, dotted, import_bindings
from testlsp.syntax import NodeBag, Statement, collect, parents_of

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class FunctionKind(enum.Enum):
    """What pytest does with a function."""

    TEST = "test"
    FIXTURE = "fixture"
    HOOK = "hook"
    """``pytest_*`` in a conftest or plugin."""
    XUNIT = "xunit"
    """``setUp``, ``setup_method``, ``teardown_module``, ...: called around tests, but no fixture and without parameters."""
    HELPER = "helper"
    """Anything else that is defined at module level or in a class."""
    NESTED = "nested"
    """A function inside a function."""
    IMPORT_TIME = "import-time"
    """Not a function: the code of one top-level statement, class bodies included, that runs when the file is imported."""


class FileRole(enum.Enum):
    """What pytest does with a file."""

    TEST_MODULE = "test module"
    CONFTEST = "conftest"
    OTHER = "other"


class FixtureMark(NamedTuple):
    """What ``@pytest.fixture(...)`` says; *scope* and *autouse* are None when they are not literals."""

    node: ast.expr
    scope: str | None
    autouse: bool | None
    name: str | None
    params: bool


class ClassInfo:
    """A class with its chain of enclosing classes."""

    __slots__ = ("collected", "name", "node", "parent", "unittest")

    def __init__(
        self, node: ast.ClassDef, parent: ClassInfo | None, collected: bool, unittest: bool | None
    ) -> None:
        """Describe *node*; *unittest* is None when a base class is not known."""
        self.node = node
        self.name = node.name
        self.parent = parent
        self.collected = collected
        self.unittest = unittest

    @property
    def chain(self) -> tuple[str, ...]:
        """Names from the outermost class to this one."""
        return (*self.parent.chain, self.name) if self.parent else (self.name,)


class Function:
    """A function, or the import-time code of a statement; nodes of nested functions are not part of it.

    ``bag`` holds its nodes by type in document order. ``memo`` is for facts that the layers above compute once.
    """

    __slots__ = (
        "_bag",
        "_locals",
        "_nested",
        "_parents",
        "class_info",
        "fixture",
        "kind",
        "memo",
        "name",
        "node",
        "params",
        "parent",
        "statement",
    )

    def __init__(
        self,
        statement: Statement,
        node: FunctionNode | None,
        kind: FunctionKind,
        class_info: ClassInfo | None = None,
        parent: Function | None = None,
        fixture: FixtureMark | None = None,
    ) -> None:
        """Describe *node* of *statement*; None for import-time code."""
        self.statement = statement
        self.node = node
        self.kind = kind
        self.class_info = class_info
        self.parent = parent
        self.fixture = fixture
        self.name = node.name if node else ""
        self.params: tuple[str, ...] = _parameters(node) if node else ()
        self.memo: dict[Any, Any] = {}
        self._bag: NodeBag | None = None
        self._nested: list[Function] | None = None
        self._parents: dict[ast.AST, ast.AST] | None = None
        self._locals: dict[str, Binding] | None = None

    @property
    def roots(self) -> list[ast.AST]:
        """The nodes whose subtrees make up this function."""
        return list(self.node.body if self.node else self.statement.body)

    @property
    def bag(self) -> NodeBag:
        """The function's nodes by type, nested functions left out."""
        if self._bag is None:
            self._collect()
        assert self._bag is not None
        return self._bag

    @property
    def nested(self) -> list[Function]:
        """Functions defined directly inside this one (also as methods of a class defined inside it)."""
        if self._nested is None:
            self._collect()
        assert self._nested is not None
        return self._nested

    def _collect(self) -> None:
        bag: NodeBag = {}
        scopes: list[ast.AST] = []
        collect(self.roots, bag, scopes)
        nested: list[Function] = []
        if self.node is not None:
            while scopes:
                scope = scopes.pop(0)
                if isinstance(scope, ast.ClassDef):
                    inner: list[ast.AST] = []
                    collect(list(scope.body), {}, inner)
                    scopes = inner + scopes
                elif isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                    nested.append(Function(self.statement, scope, FunctionKind.NESTED, self.class_info, self))
        else:
            self._enter_classes(bag, scopes)
        self._bag, self._nested = bag, nested

    def _enter_classes(self, bag: NodeBag, scopes: list[ast.AST]) -> None:
        """Class bodies run at import too; their nodes belong to the import-time code."""
        while scopes:
            scope = scopes.pop(0)
            if isinstance(scope, ast.ClassDef):
                collect(list(scope.body), bag, scopes)

    @property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """From each node of the function to the node around it; a walk of its own, so ask about candidates only."""
        if self._parents is None:
            self._parents = parents_of([self.node] if self.node else list(self.statement.body))
        return self._parents

    @property
    def locals(self) -> dict[str, Binding]:
        """The names that are local here, parameters included; an unknown meaning has no target."""
        if self._locals is None:
            self._locals = _local_names(self) if self.node else {}
        return self._locals

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_generator(self) -> bool:
        """Whether it yields."""
        return ast.Yield in self.bag or ast.YieldFrom in self.bag

    @property
    def chain(self) -> tuple[str, ...]:
        """Names of the classes around it, outermost first."""
        return self.class_info.chain if self.class_info else ()

    @property
    def in_unittest(self) -> bool | None:
        """Whether it is a method of a ``unittest.TestCase``; None when a base class is not known."""
        return self.class_info.unittest if self.class_info else False

    @property
    def outermost(self) -> Function:
        """The function at module or class level around a nested one; otherwise itself."""
        return self.parent.outermost if self.parent else self

    def __repr__(self) -> str:
        """Show kind and name."""
        return f"<Function {self.kind.value} {'.'.join((*self.chain, self.name))}>"


def _parameters(node: FunctionNode) -> tuple[str, ...]:
    arguments = node.args
    return tuple(argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def _local_names(function: Function) -> dict[str, Binding]:
    assert function.node is not None
    bag = function.bag
    found: dict[str, list[Binding]] = {}

    def add(binding: Binding) -> None:
        found.setdefault(binding.name, []).append(binding)

    arguments = function.node.args
    for name in (*function.params, *(extra.arg for extra in (arguments.vararg, arguments.kwarg) if extra)):
        add(Binding(name, "parameter"))
    assigned: set[int] = set()
    for node_type in (ast.Import, ast.ImportFrom):
        for node in bag.get(node_type, ()):
            assert isinstance(node, ast.Import | ast.ImportFrom)
            for binding in import_bindings(node):
                add(binding)
    for node in bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        for target in node.targets:
            if isinstance(target, ast.Name):
                assigned.add(id(target))
                for binding in assignment_bindings(target, node.value):
                    add(binding)
    for node in bag.get(ast.Name, ()):
        assert isinstance(node, ast.Name)
        if node.ctx.__class__ is not ast.Load and id(node) not in assigned:
            add(Binding(node.id, "variable"))
    for node_type, field in ((ast.ExceptHandler, "name"), (ast.MatchAs, "name"), (ast.MatchStar, "name"), (ast.arg, "arg")):
        for node in bag.get(node_type, ()):
            name = getattr(node, field)
            if name:
                add(Binding(name, "variable"))
    for node_type in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for node in bag.get(node_type, ()):
            add(Binding(getattr(node, "name"), "function"))  # noqa: B009 - three types with one field
    outer = {name for kind in (ast.Global, ast.Nonlocal) for node in bag.get(kind, ()) for name in getattr(node, "names")}  # noqa: B009
    return {
        name: bindings[0] if all(binding == bindings[0] for binding in bindings) else Binding(name, "variable")
        for name, bindings in found.items()
        if name not in outer
    }


class Collection(NamedTuple):
    """pytest's settings that say which functions and classes are collected."""

    python_functions: tuple[str, ...] = ("test",)
    python_classes: tuple[str, ...] = ("Test",)


_XUNIT_MODULE = frozenset("setup_module teardown_module setup_function teardown_function setUpModule tearDownModule".split())
_XUNIT_CLASS = frozenset(
    "setup_class teardown_class setup_method teardown_method setUp tearDown setUpClass tearDownClass asyncSetUp "
    "asyncTearDown setup teardown setUpTestData".split()
)
_FIXTURE_DECORATORS = frozenset(
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
    if statement.body and not all(isinstance(node, ast.Import | ast.ImportFrom) for node in statement.body):
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
            return FunctionKind.HELPER if static and "property" in map(dotted, node.decorator_list) else FunctionKind.TEST
    return FunctionKind.HELPER


def _fixture_mark(node: FunctionNode, names: ModuleNames) -> FixtureMark | None:
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = dotted(call.func if call else decorator)
        if name is None or "fixture" not in name:
            continue
        root, _, rest = name.partition(".")
        target = names.target(root)
        if target is None or (f"{target}.{rest}" if rest else target) not in _FIXTURE_DECORATORS:
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
