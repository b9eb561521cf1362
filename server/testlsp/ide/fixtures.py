"""Fixtures under the cursor: what a name means there, who asks for it, and who changes its value."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from testlsp.ide.diagnostics import definition_in
from testlsp.project.snapshot import FileState, Snapshot
from testlsp.semantic.fixtures import SCOPES, Fixture
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.graph import Site, User
from testlsp.text import LineIndex, TextRange

_WORD = re.compile(r"\w+")
_ASKING = ("usefixtures", "getfixturevalue", "indirect", "parametrize")
_MOST_FILES = 25
"""Files that are read for the sake of one question about who changes a fixture."""


@dataclass(frozen=True, slots=True)
class Place:
    """A range of a file, and the lines of its text."""

    path: str
    range: TextRange
    lines: LineIndex


@dataclass(frozen=True, slots=True)
class Lens:
    """A line of text above a fixture; *places* are what a click shows."""

    range: TextRange
    title: str
    places: tuple[Place, ...]


def word_at(text: str, offset: int) -> TextRange | None:
    """Return the range of the identifier that *offset* lies in or at the end of."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for match in _WORD.finditer(text, start, len(text) if end < 0 else end):
        if match.start() <= offset <= match.end():
            return TextRange(*match.span())
    return None


def fixture_at(snapshot: Snapshot, path: str, offset: int) -> tuple[Fixture, TextRange] | None:
    """Return the fixture that the name at *offset* of *path* stands for, and the range of the name."""
    state = snapshot.file(path)
    if state is None:
        return None
    where = word_at(state.text, offset)
    if where is None:
        return None
    name = state.text[where.start : where.end]
    graph = snapshot.graph
    function = _function_around(state, where)
    if function is not None:
        site = Site(path, function.chain, function.name)
        if function.kind is FunctionKind.FIXTURE and name == function.name and name not in function.params:
            found = graph.fixture_at(site)
            return (found, where) if found is not None else None
        if name in function.params and function.kind in {FunctionKind.TEST, FunctionKind.FIXTURE}:
            own = graph.fixture_at(site)
            skip = 1 if own is not None and own.name == name else 0
            found = graph.resolve(name, site, skip)
            return (found, where) if found is not None else None
    line = state.lines.line_text(state.lines.line_at(offset))
    quoted = state.text[where.start - 1 : where.start] in {"'", '"'}
    if quoted and any(word in line for word in _ASKING):
        chain = function.chain if function is not None else ()
        found = graph.resolve(name, Site(path, chain))
        return (found, where) if found is not None else None
    return None


def _function_around(state: FileState, where: TextRange) -> Function | None:
    """Return the function at module or class level whose text, decorators included, holds *where*."""
    source = state.source
    index = source.index_at(where.start)
    statement = source.statements[index]
    inner = where.shifted(-source.starts[index])
    for function in state.model.functions_of(statement):
        node = function.node
        if node is None:
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        start = statement.offset(first, 0)
        if start <= inner.start and inner.end <= statement.range(node).end:
            return function
    return None


def definition(snapshot: Snapshot, fixture: Fixture) -> Place | None:
    """Return where *fixture* is defined; None for one that lies in no file we can read."""
    state = snapshot.file(fixture.path)
    if state is None:
        return None
    for function in state.model.functions:
        if function.node is not None and function.name == fixture.function and function.chain == fixture.owner:
            return _name_of(state, function)
    where = definition_in(state.text, fixture.function)
    return Place(state.path, where, state.lines) if where is not None else None


def _name_of(state: FileState, function: Function) -> Place:
    assert function.node is not None
    statement = function.statement
    start = statement.offset(function.node.lineno, function.node.col_offset)
    begin = statement.text.index(function.name, statement.text.index("def", start) + 3)
    base = next(
        (at for at, each in zip(state.source.starts, state.source.statements, strict=True) if each is statement), 0
    )
    return Place(state.path, TextRange(base + begin, base + begin + len(function.name)), state.lines)


def referring(snapshot: Snapshot, fixture: Fixture, declaration: bool = False) -> Generator[None, None, list[Place]]:
    """Return where *fixture* is asked for: parameters, marks and names given to ``getfixturevalue``.

    Stops after each part of the work.
    """
    found: dict[tuple[str, TextRange], Place] = {}
    if declaration and (place := definition(snapshot, fixture)) is not None:
        found[place.path, place.range] = place
    for user in snapshot.graph.users(fixture):
        if user.kind == "root":
            continue
        state = yield from snapshot.reading(user.site.path)
        if state is not None:
            for where in _asking(state, user, fixture.name):
                found[state.path, where] = Place(state.path, where, state.lines)
    return sorted(found.values(), key=lambda place: (place.path, place.range))


def _asking(state: FileState, user: User, name: str) -> list[TextRange]:
    """Return where in *state* the *user* writes the *name* of the fixture."""
    for function in state.model.functions:
        if function.node is None or user.site.function != function.name or function.chain != user.site.chain:
            continue
        statement = function.statement
        base = next(
            (at for at, each in zip(state.source.starts, state.source.statements, strict=True) if each is statement), 0
        )
        arguments = function.node.args
        if user.how == "parameter":
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if argument.arg == name:
                    start = base + statement.offset(argument.lineno, argument.col_offset)
                    return [TextRange(start, start + len(name))]
        first = min([function.node.lineno, *(each.lineno for each in function.node.decorator_list)])
        start, end = statement.offset(first, 0), statement.range(function.node).end
        return _quoted(statement.text, name, start, end, base)
    return _quoted(state.text, name, 0, len(state.text), 0)


def _quoted(text: str, name: str, start: int, end: int, base: int) -> list[TextRange]:
    pattern = re.compile(rf"(?<=['\"]){re.escape(name)}(?=['\"])")
    return [TextRange(*match.span()).shifted(base) for match in pattern.finditer(text, start, end)]


def reading_users(snapshot: Snapshot, fixtures: Iterable[Fixture]) -> Generator[None, None, None]:
    """Read what `mutators` and `definition` will look into for *fixtures*, and stop after each part of the work."""
    for fixture in fixtures:
        yield from snapshot.reading(fixture.path)
        if is_wide(fixture):
            users = [user for user in snapshot.graph.users(fixture) if user.how == "parameter" and user.site.function]
            for path in list(dict.fromkeys(user.site.path for user in users))[:_MOST_FILES]:
                yield from snapshot.reading(path)
        yield


def mutators(snapshot: Snapshot, fixture: Fixture) -> list[tuple[str, Place]]:
    """Return the tests and fixtures that change the value of *fixture*, by name, each with the place."""
    from testlsp.semantic.mutation import mutations

    found: list[tuple[str, Place]] = []
    users = [user for user in snapshot.graph.users(fixture) if user.how == "parameter" and user.site.function]
    for path in list(dict.fromkeys(user.site.path for user in users))[:_MOST_FILES]:
        state = snapshot.file(path)
        if state is None:
            continue
        asking = {(user.site.chain, user.site.function) for user in users if user.site.path == path}
        for start, statement in zip(state.source.starts, state.source.statements, strict=True):
            if fixture.name not in statement.text:
                continue
            for function in state.model.functions_of(statement):
                if (function.chain, function.name) not in asking:
                    continue
                for change in mutations(function, frozenset((fixture.name,))):
                    where = statement.range(change.node).shifted(start)
                    found.append((function.name, Place(path, where, state.lines)))
                    break
    return found


def is_wide(fixture: Fixture) -> bool:
    """Whether several tests are handed the same value."""
    return fixture.scope in SCOPES[1:]


def lenses(snapshot: Snapshot, path: str) -> list[Lens]:
    """Return a lens for each fixture of *path* that several tests share and some change."""
    state = snapshot.file(path)
    if state is None or not state.linted:
        return []
    found: list[Lens] = []
    for fixture in state.summary.fixtures:
        if not is_wide(fixture) or fixture.returns_mutable is False or fixture.path != path:
            continue
        changed = mutators(snapshot, fixture)
        place = definition(snapshot, fixture) if changed else None
        if place is not None:
            names = list(dict.fromkeys(name for name, _ in changed))
            title = f"{fixture.scope} scope, changed by {_listed(names)}"
            found.append(Lens(place.range, title, tuple(each for _, each in changed)))
    return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} tests"


def described(snapshot: Snapshot, fixture: Fixture) -> str:
    """Return what there is to know about *fixture*, as Markdown."""
    scope = fixture.scope or "computed"
    lines = [f"**{fixture.name}**: fixture of {scope} scope{', autouse' if fixture.autouse else ''}"]
    place = definition(snapshot, fixture)
    if place is not None:
        lines.append(f"Defined in `{fixture.path}`, line {place.lines.line_at(place.range.start) + 1}")
    elif fixture.path:
        lines.append(f"Defined in `{fixture.path}`")
    chain = [each.name for each in snapshot.graph.closure_of(fixture) if each.identity != fixture.identity]
    if chain:
        lines.append("Needs " + ", ".join(f"`{name}`" for name in dict.fromkeys(chain)))
    if fixture.restores:
        lines.append("Puts back " + ", ".join(f"`{each}`" for each in fixture.restores))
    if is_wide(fixture):
        changed = list(dict.fromkeys(name for name, _ in mutators(snapshot, fixture)))
        if changed:
            lines.append("Its value is changed by " + ", ".join(f"`{name}`" for name in changed[:8]))
    return "\n\n".join(lines)
