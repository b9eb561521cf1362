"""A function of a file: its nodes, its names, its place.

What pytest makes of it is said by `testlsp.semantic.collection`.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from testlsp.semantic.names import Binding, assignment_bindings, import_bindings
from testlsp.syntax import NodeBag, Statement, collect, parents_of
from testlsp.text.named import NamedTuple

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class FunctionKind(enum.Enum):
    """What pytest does with a function."""

    TEST = "test"
    FIXTURE = "fixture"
    HOOK = "hook"
    """``pytest_*`` in a conftest or plugin."""
    XUNIT = "xunit"
    """``setUp``, ``setup_method``, ``teardown_module``, ...: called around tests, but no fixture and without
    parameters."""
    HELPER = "helper"
    """Anything else that is defined at module level or in a class."""
    NESTED = "nested"
    """A function inside a function."""
    IMPORT_TIME = "import-time"
    """Not a function: the code of one top-level statement, class bodies included, that runs when the file is
    imported."""


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

    def __init__(self, node: ast.ClassDef, parent: ClassInfo | None, collected: bool, unittest: bool | None) -> None:
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

    def release(self) -> None:
        """Forget what was computed, which leads around in circles: it is worked out again if somebody asks."""
        for nested in self._nested or ():
            nested.release()
        self._nested = self._bag = self._parents = self._locals = None
        self.memo.clear()

    def within(self) -> Iterator[Function]:
        """Yield the function and those defined inside it, at any depth."""
        yield self
        for nested in self.nested:
            yield from nested.within()

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
    bag = function.bag
    found: dict[str, Binding] = {}
    for binding in _bound_in(function):
        known = found.setdefault(binding.name, binding)
        if known is not binding and known != binding:
            found[binding.name] = _plain(binding.name, "variable")
    if ast.Global in bag or ast.Nonlocal in bag:
        for declaration in (*bag.get(ast.Global, ()), *bag.get(ast.Nonlocal, ())):
            for name in _declared(declaration):
                found.pop(name, None)
    return found


def _bound_in(function: Function) -> Iterator[Binding]:
    """Yield every binding that the body and the parameters make; a name can come several times."""
    bag = function.bag
    for name in _all_parameters(function):
        yield _plain(name, "parameter")
    for statement in (*bag.get(ast.Import, ()), *bag.get(ast.ImportFrom, ())):
        assert isinstance(statement, ast.Import | ast.ImportFrom)
        yield from import_bindings(statement)
    assigned: set[int] = set()
    for node in bag.get(ast.Assign, ()):
        assert isinstance(node, ast.Assign)
        for target in node.targets:
            if isinstance(target, ast.Name):
                assigned.add(id(target))
                yield from assignment_bindings(target, node.value)
    for node in bag.get(ast.Name, ()):
        assert isinstance(node, ast.Name)
        if node.ctx.__class__ is not ast.Load and id(node) not in assigned:
            yield _plain(node.id, "variable")
    for name, kind in _bound_otherwise(bag):
        yield _plain(name, kind)


# Most names of a suite are bound over and over again, and nothing but their kind is known.
_plain = lru_cache(maxsize=4096)(Binding)


_BINDERS: tuple[tuple[type[ast.AST], str], ...] = (
    (ast.ExceptHandler, "name"),
    (ast.MatchAs, "name"),
    (ast.MatchStar, "name"),
    (ast.arg, "arg"),
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _all_parameters(function: Function) -> list[str]:
    assert function.node is not None
    arguments = function.node.args
    return [*function.params, *(extra.arg for extra in (arguments.vararg, arguments.kwarg) if extra)]


def _bound_otherwise(bag: NodeBag) -> list[tuple[str, str]]:
    """Return the names that handlers, patterns, lambdas and definitions bind, each with what it is bound to."""
    found = [
        (name, "variable")
        for binder, field in _BINDERS
        for node in bag.get(binder, ())
        if (name := getattr(node, field))
    ]
    for definition in _DEFINITIONS:
        for node in bag.get(definition, ()):
            assert isinstance(node, definition)
            found.append((node.name, "function"))
    return found


def _declared(node: ast.AST) -> list[str]:
    assert isinstance(node, ast.Global | ast.Nonlocal)
    return node.names
