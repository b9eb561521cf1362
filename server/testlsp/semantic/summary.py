"""Everything that other files may learn about one file."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from testlsp.semantic.assertions import checking_helpers
from testlsp.semantic.caches import asked_for_settings, cached_readers, emptied_caches
from testlsp.semantic.copies import body_digest
from testlsp.semantic.facts import StatementFacts, required_parameters, statement_facts, yields
from testlsp.semantic.fixtures import (
    NO_MARKS,
    ClassEntry,
    CollectedTest,
    Fixture,
    MarkAlias,
    Marks,
    class_from,
    fixture_from,
    frozen,
    test_from,
)
from testlsp.semantic.hooks import ASYNC_MARKS, hook_names, registered_marks
from testlsp.semantic.kept_files import FileUse, file_uses
from testlsp.semantic.lookups import lookups
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import ModuleNames, dotted
from testlsp.semantic.object_state import StateUse, state_uses
from testlsp.semantic.patch_targets import patched_names
from testlsp.semantic.uncollected import idle_names
from testlsp.syntax import SourceFile, Statement
from testlsp.text.named import NamedTuple


class FileSummary(NamedTuple):
    """What one file offers and asks for; where two are equal, nothing outside the file has to be computed again.

    *path* is the file's path with forward slashes. *imports* are pairs of a name and the dotted name it stands for,
    relative ones with their leading dots; *star_imports* the modules of ``from x import *``. *exports* is a literal
    ``__all__``. *plain* are the module's own functions and classes that are no fixtures, listed only where a star
    import could bring fixtures of the same name. *marks* are those of ``pytestmark``. *helpers* names the
    functions, other than tests, that can fail a test: ``expect_order``, ``Page.expect_title``. *markers* are the names
    in the module's ``pytestmark``, dotted as written. *hooks* are the ``pytest_*`` functions that it has, *registered*
    the marks it registers ("*" for one that cannot be read), *runners* the marks it uses that have coroutines run.
    *idle* are functions and classes that look like tests, are not collected, and are mentioned nowhere else in it.
    *cached* are functions that remember what they read from the environment, each with the variables, and *emptied*
    those whose caches its fixtures, hooks and helpers empty; *settings* are imported names that may be such functions.
    *patched* are the dotted names that its tests patch; *defined*, *looked_up* and *submodules* are its `Lookups`.
    *writers* are functions that change the environment for good, each with the variables. *called* are its fixtures
    that its tests call like functions. *files* are what its tests do with files of fixed names, *states* what they do
    with attributes and items of what they are handed.
    """

    path: str
    fixtures: tuple[Fixture, ...] = ()
    tests: tuple[CollectedTest, ...] = ()
    classes: tuple[ClassEntry, ...] = ()
    marks: Marks = NO_MARKS
    aliases: tuple[MarkAlias, ...] = ()
    plugins: tuple[str, ...] = ()
    star_imports: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
    exports: tuple[str, ...] | None = None
    plain: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    cached: tuple[tuple[str, ...], ...] = ()
    emptied: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    writers: tuple[tuple[str, ...], ...] = ()
    called: tuple[str, ...] = ()
    files: tuple[FileUse, ...] = ()
    states: tuple[StateUse, ...] = ()

    @property
    def usefixtures(self) -> tuple[str, ...]:
        """The names in the module's ``pytestmark``."""
        return self.marks.usefixtures

    def to_data(self) -> list[Any]:
        """Return the summary as nested lists of strings, booleans and None, fit for JSON."""
        return list(self)

    @classmethod
    def from_data(cls, data: list[Any]) -> FileSummary:
        """Return the summary that `to_data` wrote. Raises TypeError, ValueError or IndexError for anything else."""
        path, fixtures, tests, classes, marks, aliases, *rest, files, states = data
        return cls(
            path,
            tuple(map(fixture_from, fixtures)),
            tuple(map(test_from, tests)),
            tuple(map(class_from, classes)),
            Marks(*frozen(marks)),
            tuple(MarkAlias(name, Marks(*frozen(found))) for name, found in aliases),
            *map(frozen, rest),
        )._replace(
            files=tuple(FileUse(*frozen(use)) for use in files),
            states=tuple(StateUse(*frozen(use)) for use in states),
        )


def summarise(source: SourceFile, model: SemanticModel) -> FileSummary:
    """Return the summary of *source*; statements that did not change are not read again."""
    names = model.names
    fixtures: dict[tuple[tuple[str, ...], str], Fixture] = {}
    tests: dict[tuple[tuple[str, ...], str], CollectedTest] = {}
    classes: dict[tuple[str, ...], ClassEntry] = {}
    aliases: list[MarkAlias] = []
    marks = NO_MARKS
    plugins: tuple[str, ...] = ()
    exports: tuple[str, ...] | None = None
    for statement in source.statements:
        facts = statement_facts(statement, source.path, names, model.collection)
        if facts.classes:
            _forget_classes(facts, fixtures, tests, classes)
        for name in facts.plain:
            fixtures.pop(((), name), None)
        for fixture in _with_state(facts.fixtures, statement, model):
            fixtures[fixture.owner, fixture.function] = fixture
        for test in facts.tests:
            tests[test.owner, test.name] = test
        for bound, function in facts.called:
            fixtures[(), bound] = _made_of(fixtures[(), bound], function, model)
        aliases += facts.aliases
        marks = marks if facts.marks is None else facts.marks
        plugins = plugins if facts.plugins is None else plugins + facts.plugins
        exports = exports if facts.exports is None else (exports or ()) + facts.exports
    patched = patched_names(model)
    return FileSummary(
        source.path,
        tuple(fixture for (owner, bound), fixture in fixtures.items() if owner or _still_bound(bound, names)),
        tuple(tests.values()),
        tuple(classes.values()),
        marks,
        tuple(aliases),
        plugins,
        names.stars,
        _imports(names),
        exports,
        _plain(names, fixtures) if names.stars else (),
        checking_helpers(model),
        _markers(source),
        hook_names(names),
        registered_marks(source),
        tuple(name for name in ASYNC_MARKS if f"mark.{name}" in source.text),
        idle_names(model),
        cached_readers(model),
        emptied_caches(model),
        asked_for_settings(model),
        patched,
        *lookups(model, bool(patched)),
        _writers(model),
        _called(model, fixtures.values()),
        file_uses(model),
        state_uses(model),
    )


def _writers(model: SemanticModel) -> tuple[tuple[str, ...], ...]:
    """Return the functions of the module that leave ``os.environ`` changed, each with the variables."""
    if "environ" not in model.source.text:
        return ()
    from testlsp.semantic.environment import environment_changes

    changes = model.fact("environment changes", environment_changes)
    return tuple(sorted((name, *sorted(variables)) for (chain, name), variables in changes.items() if not chain))


def _called(model: SemanticModel, fixtures: Iterable[Fixture]) -> tuple[str, ...]:
    """Return the fixtures of the module that a test calls, as far as the text shows."""
    calls = {f"{fixture.function}(" for fixture in fixtures if not fixture.owner}
    if not calls:
        return ()
    helpers = set(map(id, model.shared))
    texts = [piece.text for piece in model.source.statements if id(piece) not in helpers]
    return tuple(sorted(call[:-1] for call in calls if any(call in text for text in texts)))


def _markers(source: SourceFile) -> tuple[str, ...]:
    """Return the marks that ``pytestmark`` gives to all tests of a module."""
    return tuple(
        name
        for statement in source.statements
        if "pytestmark" in statement.text
        for node in marks_assigned(statement.body)
        if (name := dotted(node.func if isinstance(node, ast.Call) else node)) is not None
    )


def marks_assigned(body: Iterable[ast.stmt]) -> list[ast.expr]:
    """Return the marks in the assignments to ``pytestmark`` directly in *body*, that of a module or class."""
    found: list[ast.expr] = []
    for node in body:
        if isinstance(node, ast.Assign) and any(dotted(target) == "pytestmark" for target in node.targets):
            found += node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
    return found


def _with_state(found: tuple[Fixture, ...], statement: Statement, model: SemanticModel) -> tuple[Fixture, ...]:
    """Say of each fixture which process state it changes and which it puts back."""
    if not found:
        return found
    from testlsp.semantic.restores import changed_resources, restored_resources

    functions = {(function.chain, function.name): function for function in model.functions_of(statement)}
    made = []
    for fixture in found:
        function = functions.get((fixture.owner, fixture.function))
        if function is not None:
            fixture = fixture._replace(
                effects=tuple(sorted(changed_resources(function, model))),
                restores=tuple(sorted(restored_resources(function, model))),
                body=body_digest(function, model),
            )
        made.append(fixture)
    return tuple(made)


def _made_of(fixture: Fixture, name: str, model: SemanticModel) -> Fixture:
    """Return *fixture*, made by calling ``pytest.fixture`` with the function *name*, with what that one asks for."""
    function = model.function_named(name)
    if function is None or function.node is None:
        return fixture
    return fixture._replace(
        requests=tuple(required_parameters(function.node, False)),
        is_generator=yields(function.node),
        is_async=function.is_async,
        opaque="getfixturevalue" in function.statement.text,
    )


def _forget_classes(
    facts: StatementFacts,
    fixtures: dict[tuple[tuple[str, ...], str], Fixture],
    tests: dict[tuple[tuple[str, ...], str], CollectedTest],
    classes: dict[tuple[str, ...], ClassEntry],
) -> None:
    """A second class of one name replaces the first with all that is in it."""
    for entry in facts.classes:
        if entry.owner in classes:
            for table in (fixtures, tests):
                for key in [key for key in table if key[0][: len(entry.owner)] == entry.owner]:
                    del table[key]
        classes[entry.owner] = entry


def _still_bound(name: str, names: ModuleNames) -> bool:
    """Whether the last thing bound to *name* can be the fixture: an import or ``None`` after it replaces it."""
    found = names.bindings.get(name)
    return not found or found[-1].kind == "function" or found[-1].value == "call"


def _imports(names: ModuleNames) -> tuple[tuple[str, str], ...]:
    found = []
    for name, bindings in names.bindings.items():
        last = bindings[-1]
        if last.kind == "import" and last.target is not None:
            found.append((name, last.target))
        elif last.kind == "alias":
            target = names.target(name)
            if target is not None and not target.startswith("builtins."):
                found.append((name, target))
    return tuple(sorted(found))


def _plain(names: ModuleNames, fixtures: dict[tuple[tuple[str, ...], str], Fixture]) -> tuple[str, ...]:
    return tuple(
        sorted(
            name
            for name, bindings in names.bindings.items()
            if bindings[-1].kind in {"function", "class"} and ((), name) not in fixtures
        )
    )
