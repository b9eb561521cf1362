"""What one top-level statement says about fixtures, tests and classes; kept with the statement.

What pytest takes from a signature is in ``getfuncargnames`` of its ``compat.py``: parameters without a default,
without the first one of a method and without those that ``unittest.mock.patch`` fills.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from testlsp.semantic.collection import FIXTURE_DECORATORS, Collection, matches
from testlsp.semantic.fixtures import ANYIO, NO_MARKS, SCOPES, ClassEntry, CollectedTest, Fixture, MarkAlias, Marks
from testlsp.semantic.functions import FunctionNode
from testlsp.semantic.literals import constant, is_none, parametrized, texts
from testlsp.semantic.mutation import returns_mutable
from testlsp.semantic.names import ModuleNames, dotted
from testlsp.syntax import NodeBag, Statement, collect
from testlsp.text.named import NamedTuple


class StatementFacts(NamedTuple):
    """Fixtures (owner and path filled in), test functions, classes, and what assignments at module level tell pytest.

    *marks*, *plugins* and *exports* are None when the statement does not set ``pytestmark``, ``pytest_plugins`` or
    ``__all__``; *plain* are functions at module level that are neither fixtures nor under a condition;
    *called* are pairs of a name and the function of which ``name = pytest.fixture(...)(function)`` makes a fixture.
    """

    fixtures: tuple[Fixture, ...] = ()
    tests: tuple[CollectedTest, ...] = ()
    classes: tuple[ClassEntry, ...] = ()
    aliases: tuple[MarkAlias, ...] = ()
    marks: Marks | None = None
    plugins: tuple[str, ...] | None = None
    exports: tuple[str, ...] | None = None
    plain: tuple[str, ...] = ()
    called: tuple[tuple[str, str], ...] = ()


NO_FACTS = StatementFacts()


def statement_facts(statement: Statement, path: str, names: ModuleNames, collection: Collection) -> StatementFacts:
    """Return the facts of *statement* in the file *path*.

    They are kept with the statement and used again as long as the names that were looked up mean the same.
    """
    kept = statement.memo.get("facts")
    if kept is not None and kept[0] == path and kept[1] is collection:
        target = names.target
        if all(target(name) == meaning for name, meaning in kept[2]):
            found: StatementFacts = kept[3]
            return found
    body = statement.body
    if not body or all(node.__class__ is ast.Import or node.__class__ is ast.ImportFrom for node in body):
        return NO_FACTS
    reader = _Reader(statement, path, names, collection)
    for node in body:
        reader.read(node, None)
    found = reader.facts()
    statement.memo["facts"] = (path, collection, tuple(reader.looked_up.items()), found)
    return found


class _Reader:
    """Reads one statement, and notes which names it asked the name table about."""

    def __init__(self, statement: Statement, path: str, names: ModuleNames, collection: Collection) -> None:
        self.path = path
        self.names = names
        self.collection = collection
        self.dynamic = "getfixturevalue" in statement.text
        self.looked_up: dict[str, str | None] = {}
        self.fixtures: dict[tuple[tuple[str, ...], str], Fixture] = {}
        self.tests: dict[tuple[tuple[str, ...], str], CollectedTest] = {}
        self.classes: dict[tuple[str, ...], ClassEntry] = {}
        self.aliases: list[MarkAlias] = []
        self.marks: Marks | None = None
        self.plugins: tuple[str, ...] | None = None
        self.exports: tuple[str, ...] | None = None
        self.plain: list[str] = []
        self.called: list[tuple[str, str]] = []

    def facts(self) -> StatementFacts:
        return StatementFacts(
            tuple(self.fixtures.values()),
            tuple(self.tests.values()),
            tuple(self.classes.values()),
            tuple(self.aliases),
            self.marks,
            self.plugins,
            self.exports,
            tuple(self.plain),
            tuple(self.called),
        )

    def meaning(self, node: ast.expr | None) -> str | None:
        """Return the full dotted name of *node* by the module's imports, None when unknown."""
        name = dotted(node)
        if name is None:
            return None
        root, _, rest = name.partition(".")
        if root not in self.looked_up:
            self.looked_up[root] = self.names.target(root)
        target = self.looked_up[root]
        return (f"{target}.{rest}" if rest else target) if target else None

    # -- statements --------------------------------------------------------------------------------------------------

    def read(self, node: ast.AST, owner: ClassEntry | None, branch: bool = False) -> None:
        """Read a statement at module level (*owner* is None) or in a class; *branch* when it runs on a condition."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, owner, branch)
            case ast.ClassDef():
                self._class(node, owner)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assignment(name, value, owner)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._assignment(name, value, owner)
            case ast.AugAssign(target=ast.Name(id=name), value=value) if owner is None:
                self._addition(name, value)
            case ast.If(test=test) if (dotted(test) or "").endswith("TYPE_CHECKING"):
                self._block(node.orelse, owner, branch)
            case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
                for field in ("body", "handlers", "orelse", "finalbody"):
                    self._block(getattr(node, field, ()), owner, True)
            case ast.ExceptHandler():
                self._block(node.body, owner, True)
            case _ if node.__class__.__name__ == "TryStar":
                for field in ("body", "handlers", "orelse", "finalbody"):
                    self._block(getattr(node, field, ()), owner, True)
            case _:
                pass

    def _block(self, nodes: Iterable[ast.AST], owner: ClassEntry | None, branch: bool) -> None:
        for node in nodes:
            self.read(node, owner, branch)

    def _class(self, node: ast.ClassDef, parent: ClassEntry | None) -> None:
        owner = (*parent.owner, node.name) if parent else (node.name,)
        entry = ClassEntry(owner, tuple(dotted(base) for base in node.bases), NO_MARKS)
        self.classes[owner] = entry
        for child in node.body:
            self.read(child, entry)
        entry = self.classes[owner]
        marks = self._marks(node.decorator_list)
        self.classes[owner] = entry._replace(marks=entry.marks.joined(marks))

    def _assignment(self, name: str, value: ast.expr, owner: ClassEntry | None) -> None:
        if name == "pytestmark":
            listed = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
            # Decorators are applied from the last to the first; a list is in the order in which marks count.
            marks = self._marks(listed[::-1])
            if owner is None:
                self.marks = marks
            else:
                self.classes[owner.owner] = self.classes[owner.owner]._replace(marks=marks)
        elif isinstance(value, ast.Call):
            fixture = self._called_fixture(name, value, owner)
            if fixture is not None:
                self.fixtures[fixture.owner, name] = fixture
                if owner is None and isinstance(value.args[0], ast.Name):
                    self.called.append((name, value.args[0].id))
            elif owner is None:
                meaning = self.meaning(value.func)
                if meaning in {"pytest.mark.usefixtures", "pytest.mark.parametrize"}:
                    self.aliases.append(MarkAlias(name, self._marks([value])))
        elif owner is None and name == "pytest_plugins":
            self.plugins = texts(value)
        elif owner is None and name == "__all__":
            self.exports = texts(value)
        elif owner is None and isinstance(value, ast.List) and value.elts:
            marks = self._marks(value.elts[::-1], named=False)
            if any(marks):
                self.aliases.append(MarkAlias(name, marks))

    def _addition(self, name: str, value: ast.expr) -> None:
        if name == "pytest_plugins":
            self.plugins = (self.plugins or ()) + texts(value)
        elif name == "__all__":
            self.exports = (self.exports or ()) + texts(value)

    # -- functions ---------------------------------------------------------------------------------------------------

    def _function(self, node: FunctionNode, owner: ClassEntry | None, branch: bool) -> None:
        chain = owner.owner if owner else ()
        key = (chain, node.name)
        mark = next((item for item in node.decorator_list if self._makes_fixture(item)), None)
        if mark is not None:
            options = mark if isinstance(mark, ast.Call) else None
            fixture = self._fixture(node.name, options, node, chain)
            earlier = self.fixtures.get(key)
            if earlier is not None and branch:
                # Which branch runs is not known: the first stands for both, and says what both have in common.
                if fixture is not None and fixture.scope != earlier.scope:
                    self.fixtures[key] = earlier._replace(scope=None)
                return
            if fixture is not None:
                self.fixtures[key] = fixture
            return
        if not branch:
            self.fixtures.pop(key, None)
            if owner is None:
                self.plain.append(node.name)
        pattern = self.collection.python_functions
        if matches(node.name, pattern) or (owner is not None and node.name.startswith("test")):
            marks = self._marks(node.decorator_list)
            dynamic, opaque = self._dynamic(node)
            is_async = isinstance(node, ast.AsyncFunctionDef)
            test = CollectedTest(node.name, chain, self._requests(node, bool(chain)), marks, dynamic, opaque, is_async)
            self.tests.setdefault(key, test) if branch else self.tests.update({key: test})

    def _makes_fixture(self, decorator: ast.expr) -> bool:
        return self.meaning(decorator.func if isinstance(decorator, ast.Call) else decorator) in FIXTURE_DECORATORS

    def _called_fixture(self, name: str, call: ast.Call, owner: ClassEntry | None) -> Fixture | None:
        """Return what ``name = pytest.fixture(...)(function)`` or ``name = pytest.fixture(function, ...)`` defines."""
        chain = owner.owner if owner else ()
        outer = isinstance(call.func, ast.Call)
        options = call.func if isinstance(call.func, ast.Call) else call
        if not call.args or not self._makes_fixture(options):
            return None
        return self._fixture(name, options if outer or call.keywords else None, None, chain)

    def _fixture(
        self, bound: str, call: ast.Call | None, node: FunctionNode | None, chain: tuple[str, ...]
    ) -> Fixture | None:
        """Return the fixture bound to *bound*; None when its name is computed."""
        options = {keyword.arg: keyword.value for keyword in call.keywords} if call else {}
        if call and call.args and node is not None:
            options.setdefault("scope", call.args[0])
        name: str | None = bound
        if "name" in options:
            given = constant(options["name"])
            name = given if isinstance(given, str) else bound if given is None and is_none(options["name"]) else None
        if name is None:
            return None
        scope: str | None = "function"
        if "scope" in options:
            value = constant(options["scope"])
            scope = value if value in SCOPES else "function" if is_none(options["scope"]) else None
        if None in options:
            scope = None  # **options
        autouse = constant(options["autouse"]) is True if "autouse" in options else False
        params = None in options or ("params" in options and not is_none(options["params"]))
        if node is None:
            return Fixture(name, bound, self.path, chain, scope, autouse, (), params, opaque=True)
        dynamic, opaque = self._dynamic(node)
        return Fixture(
            name,
            bound,
            self.path,
            chain,
            scope,
            autouse,
            self._requests(node, bool(chain)),
            params,
            yields(node),
            isinstance(node, ast.AsyncFunctionDef),
            dynamic,
            opaque,
            # Only what outlives a test can be spoilt for the next one.
            returns_mutable(node, self.meaning) if scope != "function" else None,
        )

    def _requests(self, node: FunctionNode, method: bool) -> tuple[str, ...]:
        """Return the parameters that pytest fills."""
        wanted = required_parameters(node, method)
        return tuple(self._without_injected(wanted, node.decorator_list)) if node.decorator_list else tuple(wanted)

    def _without_injected(self, wanted: list[str], decorators: list[ast.expr]) -> list[str]:
        """Drop what ``@patch`` and hypothesis' ``@given`` fill in."""
        patched = 0
        for decorator in decorators:
            if not isinstance(decorator, ast.Call):
                continue
            meaning = self.meaning(decorator.func) or ""
            keywords = {keyword.arg for keyword in decorator.keywords}
            if meaning in _PATCH:
                patched += "new" not in keywords and len(decorator.args) <= _PATCH[meaning]
            elif meaning == "hypothesis.given" or meaning.endswith(".given") and meaning.startswith("hypothesis."):
                if decorator.args:
                    wanted = wanted[: max(0, len(wanted) - len(decorator.args))]
                wanted = [name for name in wanted if name not in keywords]
        return wanted[patched:]

    def _dynamic(self, node: FunctionNode) -> tuple[tuple[str, ...], bool]:
        """Return the names given to ``getfixturevalue``, and whether there is one that is computed."""
        if not self.dynamic:
            return (), False
        bag: NodeBag = {}
        pending: list[ast.AST] = [node]
        while pending:
            current = pending.pop()
            collect(list(getattr(current, "body")), bag, pending)  # noqa: B009 - functions and classes have a body
        found: list[str] = []
        opaque = False
        for call in bag.get(ast.Call, ()):
            assert isinstance(call, ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "getfixturevalue":
                value = constant(call.args[0]) if call.args else None
                if isinstance(value, str):
                    found.append(value)
                else:
                    opaque = True
        return tuple(found), opaque

    # -- marks -------------------------------------------------------------------------------------------------------

    def _marks(self, decorators: list[ast.expr], named: bool = True) -> Marks:
        """Return what *decorators* (topmost first) say; *named* to keep the names of marks that live in variables."""
        if not decorators:
            return NO_MARKS
        marks = NO_MARKS
        for decorator in reversed(decorators):
            call = decorator if isinstance(decorator, ast.Call) else None
            meaning = self.meaning(call.func if call else decorator)
            if meaning == ANYIO:
                marks = marks.joined(Marks(aliases=(ANYIO,)))
            elif call is None:
                if named and (meaning is None or meaning.partition(".")[0] not in _WELL_KNOWN):
                    name = dotted(decorator)
                    if name is not None:
                        marks = marks.joined(Marks(aliases=(name,)))
            elif meaning == "pytest.mark.usefixtures":
                values = [constant(argument) for argument in call.args]
                named_ones = tuple(value for value in values if isinstance(value, str))
                marks = marks.joined(Marks(named_ones, opaque=len(named_ones) != len(values)))
            elif meaning == "pytest.mark.parametrize":
                marks = marks.joined(parametrized(call))
        return marks


_PATCH = {
    # From how many positional arguments on the replacement is given, and nothing is passed to the function.
    "unittest.mock.patch": 1,
    "mock.patch": 1,
    "unittest.mock.patch.object": 2,
    "mock.patch.object": 2,
}
_WELL_KNOWN = frozenset({"pytest", "builtins", "unittest", "mock", "hypothesis", "functools", "contextlib", "asyncio"})


def required_parameters(node: FunctionNode, method: bool) -> list[str]:
    """Return the parameters without default that can be given by name; *method* to leave out the first one."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    if method and not any(dotted(item) == "staticmethod" for item in node.decorator_list):
        required = required[1:]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found = [argument.arg for argument in required if argument not in arguments.posonlyargs]
    return found + [argument.arg for argument, default in keywords if default is None]


def yields(node: FunctionNode) -> bool:
    """Whether the function itself is a generator; nested functions do not count."""
    bag: NodeBag = {}
    collect(list(node.body), bag, [])
    return ast.Yield in bag or ast.YieldFrom in bag
