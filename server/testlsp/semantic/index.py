"""Who asks for which name, and which file imports which: the relations that cross files, by name and path."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from testlsp.semantic.fixtures import ANYIO, ANYIO_FIXTURE, Fixture, Marks
from testlsp.semantic.namespaces import Namespaces
from testlsp.semantic.summary import FileSummary

Request = tuple[str, tuple[str, ...], "str | None", str, str]
"""Path, class chain, function (None for a class or module), kind and way of asking."""


class RequestIndex:
    """Requests by name and importers by path, put together from all summaries when first asked for."""

    __slots__ = ("_aliases", "_by_name", "_importers", "_namespaces", "_parts", "_summaries")

    def __init__(self, summaries: Mapping[str, FileSummary], namespaces: Namespaces) -> None:
        """Index *summaries*; *namespaces* says which file an import means."""
        self._summaries = summaries
        self._namespaces = namespaces
        self._parts: dict[str, dict[str, list[Request]]] = {}
        self._by_name: dict[str, dict[str, None]] | None = None
        self._importers: dict[str, dict[str, None]] | None = None
        self._aliases: dict[str, dict[str, None]] | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether `preparing` would find nothing to do."""
        return self._by_name is not None and self._importers is not None

    def preparing(self) -> Generator[None, None, None]:
        """Read all summaries for what is asked of them later, and stop after each."""
        if self._by_name is None:
            by_name: dict[str, dict[str, None]] = {}
            for path in self._summaries:
                for asked in self._part(path):
                    by_name.setdefault(asked, {})[path] = None
                yield
            self._by_name = by_name
        if self._importers is None:
            importers: dict[str, dict[str, None]] = {}
            for path in self._summaries:
                for target in self._targets(path):
                    importers.setdefault(target, {})[path] = None
                yield
            self._importers = importers

    def requests(self, name: str) -> Iterator[Request]:
        """Yield everything that asks for *name*, whatever definition it gets."""
        if self._by_name is None:
            self._by_name = {}
            for path in self._summaries:
                for asked in self._part(path):
                    self._by_name.setdefault(asked, {})[path] = None
        for path in self._by_name.get(name, ()):
            yield from self._part(path).get(name, ())

    def names(self) -> set[str]:
        """Return every name that anybody asks for."""
        return {name for path in self._summaries for name in self._part(path)}

    def _part(self, path: str) -> dict[str, list[Request]]:
        part = self._parts.get(path)
        if part is None:
            part = self._parts[path] = {}
            for name, request in requests_of(self._summaries[path]):
                part.setdefault(name, []).append(request)
        return part

    def names_of(self, fixture: Fixture) -> list[str]:
        """Return the names that *fixture* may be asked for by: its own and those it is imported as."""
        if self._aliases is None:
            self._aliases = {}
            for summary in self._summaries.values():
                for name, target in summary.imports:
                    last = target.rpartition(".")[2]
                    if last != name:
                        self._aliases.setdefault(last, {})[name] = None
        return list(dict.fromkeys((fixture.name, *self._aliases.get(fixture.function, ()))))

    def importers(self, path: str) -> list[str]:
        """Return the files that import from *path* or name it as a plugin."""
        if self._importers is None:
            self._importers = {}
            for other in self._summaries:
                for target in self._targets(other):
                    self._importers.setdefault(target, {})[other] = None
        return list(self._importers.get(path, ()))

    def _targets(self, path: str) -> set[str]:
        summary = self._summaries[path]
        found = {self._namespaces.module(path, name, True) for name in (*summary.plugins, *summary.star_imports)}
        for target in (*summary.patched, *(target for _, target in summary.imports)):
            place = self._namespaces.attribute(path, target, True)
            found.add(place[0] if place else self._namespaces.module(path, target, True))
        return {target for target in found if target is not None and target != path}

    def changed(self, path: str, summaries: Mapping[str, FileSummary], namespaces: Namespaces) -> RequestIndex:
        """Return the index after *path* changed, with the work for the other files taken over."""
        index = RequestIndex(summaries, namespaces)
        index._parts = {other: part for other, part in self._parts.items() if other != path}
        old, new = self._summaries[path], summaries[path]
        if self._by_name is not None:
            before, after = self._part(path), index._part(path)
            index._by_name = _moved(self._by_name, path, before.keys() - after.keys(), after.keys() - before.keys())
        if old.imports == new.imports:
            index._aliases = self._aliases
        if _names_modules(old) == _names_modules(new):
            index._importers = self._importers
        elif self._importers is not None:
            before_targets, after_targets = self._targets(path), index._targets(path)
            index._importers = _moved(
                self._importers, path, before_targets - after_targets, after_targets - before_targets
            )
        return index


def _names_modules(summary: FileSummary) -> tuple[tuple[object, ...], ...]:
    return summary.imports, summary.plugins, summary.star_imports, summary.patched


def _moved(table: dict[str, dict[str, None]], path: str, gone: set[str], added: set[str]) -> dict[str, dict[str, None]]:
    """Return *table* without *path* under the keys *gone* and with it under those *added*; the rest is shared."""
    if not gone and not added:
        return table
    copy = dict(table)
    for key in gone:
        copy[key] = {other: None for other in copy.get(key, ()) if other != path}
    for key in added:
        copy[key] = {**copy.get(key, {}), path: None}
    return copy


def _used(marks: Marks) -> tuple[str, ...]:
    return (*marks.usefixtures, ANYIO_FIXTURE) if ANYIO in marks.aliases else marks.usefixtures


def requests_of(summary: FileSummary) -> Iterator[tuple[str, Request]]:
    """Yield each name that something in the file of *summary* asks for, with who asks and how."""
    path = summary.path
    for test in summary.tests:
        for names, how in (
            (test.requests, "parameter"),
            (_used(test.marks), "usefixtures"),
            (test.marks.indirect, "indirect"),
            (test.dynamic, "getfixturevalue"),
        ):
            for name in names:
                yield name, (path, test.owner, test.name, "test", how)
    for fixture in summary.fixtures:
        for names, how in ((fixture.requests, "parameter"), (fixture.dynamic, "getfixturevalue")):
            for name in names:
                yield name, (path, fixture.owner, fixture.function, "fixture", how)
    for entry in summary.classes:
        for names, how in ((_used(entry.marks), "usefixtures"), (entry.marks.indirect, "indirect")):
            for name in names:
                yield name, (path, entry.owner, None, "class", how)
    for names, how in ((_used(summary.marks), "usefixtures"), (summary.marks.indirect, "indirect")):
        for name in names:
            yield name, (path, (), None, "module", how)
    for alias in summary.aliases:
        for name in alias.marks.usefixtures:
            yield name, (path, (), None, "module", "usefixtures")
