"""What the attributes of modules and classes are, as far as fixtures go: imports followed, base classes searched."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from testlsp.semantic.fixtures import NO_MARKS, ClassEntry, CollectedTest, Fixture, Marks
from testlsp.semantic.modules import Root, candidates, installed_in, join, parent, root_of
from testlsp.semantic.summary import FileSummary

Bound = tuple[str, Fixture]
"""An attribute and the fixture it holds."""


class Namespaces:
    """Looks names up in modules and classes of *summaries*; answers are kept."""

    __slots__ = ("_ancestry", "_classes", "_fixtures", "_modules", "_roots", "_tables", "summaries")

    def __init__(self, summaries: Mapping[str, FileSummary], roots: Sequence[Root]) -> None:
        """Answer from *summaries*, which lie below *roots*, the innermost first."""
        self.summaries = summaries
        self._roots = roots
        self._modules: dict[tuple[str, str, bool], str | None] = {}
        self._fixtures: dict[str, dict[str, Fixture]] = {}
        self._tables: dict[str, _Table] = {}
        self._classes: dict[tuple[str, tuple[str, ...]], dict[str, Fixture]] = {}
        self._ancestry: dict[tuple[str, tuple[str, ...]], list[tuple[str, ClassEntry]]] = {}

    def inherit(self, other: Namespaces, stale: set[str]) -> None:
        """Keep the answers of *other* about files that are not *stale*; both know the same files."""
        self._modules = other._modules
        self._fixtures = {path: found for path, found in other._fixtures.items() if path not in stale}
        self._tables = {path: table for path, table in other._tables.items() if path not in stale}
        self._classes = {key: found for key, found in other._classes.items() if key[0] not in stale}
        self._ancestry = {key: found for key, found in other._ancestry.items() if key[0] not in stale}

    def share(self, other: Namespaces) -> None:
        """Keep answers together with *other* from now on; both must agree about all files but one that is forgotten."""
        self._modules, self._fixtures, self._tables = other._modules, other._fixtures, other._tables
        self._classes, self._ancestry = other._classes, other._ancestry

    def forget(self, path: str) -> None:
        """Forget the answers about *path*, on which no other file depends."""
        self._fixtures.pop(path, None)
        self._tables.pop(path, None)
        for key in [key for key in self._classes if key[0] == path]:
            del self._classes[key]
        for key in [key for key in self._ancestry if key[0] == path]:
            del self._ancestry[key]

    def root_of(self, path: str) -> Root | None:
        """Return the root that *path* belongs to."""
        return root_of(path, self._roots)

    # -- modules -----------------------------------------------------------------------------------------------------

    def module(self, path: str, dotted: str, installed: bool = False) -> str | None:
        """Return the file of the module *dotted* as named in *path*, None when it is not among the summaries.

        A directory that is itself a package is not on ``sys.path``, so modules found there count only in the last
        place.
        """
        key = (parent(path), dotted, installed)
        if key not in self._modules:
            found = [
                place for place in candidates(path, dotted, self.root_of(path), installed) if place in self.summaries
            ]
            if len(found) > 1 and not dotted.startswith("."):
                levels = dotted.count(".") + 1
                found.sort(key=lambda place: self._in_package(place, levels))
            self._modules[key] = found[0] if found else None
        return self._modules[key]

    def _in_package(self, place: str, levels: int) -> bool:
        base = parent(place)
        for _ in range(levels if place.endswith("/__init__.py") else levels - 1):
            base = parent(base)
        return join(base, "__init__.py") in self.summaries

    def attribute(self, path: str, target: str, installed: bool = False) -> tuple[str, str] | None:
        """Return file and name of *target*, the full dotted name of something in a module; None when not known."""
        head = self.module_part(target)
        module = self.module(path, head, installed) if head else None
        return (module, target.rpartition(".")[2]) if module else None

    def imports_of(self, path: str) -> dict[str, str]:
        """Return the import table of *path*, one of the summaries."""
        return self._table(path).imports

    def _table(self, path: str) -> _Table:
        table = self._tables.get(path)
        if table is None:
            table = self._tables[path] = _Table(self.summaries[path])
        return table

    # -- fixtures ----------------------------------------------------------------------------------------------------

    def own_fixtures(self, path: str) -> tuple[Fixture, ...]:
        """Return the fixtures written in *path*, in classes too."""
        summary = self.summaries.get(path)
        return summary.fixtures if summary else ()

    def fixtures(self, path: str) -> list[Bound]:
        """Return the fixtures among the attributes of the module at *path*, imported ones included."""
        found = self._fixtures.get(path)
        if found is None:
            found = self._fixtures[path] = self._attributes(path, set())
        return list(found.items())

    def _attributes(self, path: str, visited: set[str]) -> dict[str, Fixture]:
        """Return all fixtures of a module by attribute; modules already *visited* by this question add nothing new."""
        summary = self.summaries.get(path)
        if summary is None or path in visited:
            return {}
        visited.add(path)
        found: dict[str, Fixture] = {}
        for star in summary.star_imports:
            module = self.module(path, star, True)
            if module is not None:
                exports = self.summaries[module].exports
                found.update(
                    (name, fixture)
                    for name, fixture in self._attributes(module, visited).items()
                    if (name in exports if exports is not None else not name.startswith("_"))
                )
        for name in summary.plain:
            found.pop(name, None)
        installed = self._reads_installed(path)
        for name, target in summary.imports:
            found.pop(name, None)
            imported = self._imported(path, target, installed, set())
            if imported is not None:
                found[name] = _renamed(imported, name)
        found.update((fixture.function, fixture) for fixture in summary.fixtures if not fixture.owner)
        return found

    def _imported(self, path: str, target: str, installed: bool, visited: set[tuple[str, str]]) -> Fixture | None:
        """Return the fixture that *target*, imported in *path*, is; *visited* are the attributes looked at already."""
        place = self.attribute(path, target, installed)
        if place is None or place in visited:
            return None
        visited.add(place)
        module, name = place
        table = self._table(module)
        own = table.fixtures.get(name)
        if own is not None:
            return own
        further = table.imports.get(name)
        if further is not None:
            return self._imported(module, further, installed, visited)
        summary = self.summaries[module]
        if name not in summary.plain:
            for star in reversed(summary.star_imports):
                found = self._imported(module, f"{star}{'' if star.endswith('.') else '.'}{name}", installed, visited)
                if found is not None:
                    return found
        return None

    def _reads_installed(self, path: str) -> bool:
        """Whether named imports of *path* are followed into installed packages: only those of conftests and plugins."""
        root = self.root_of(path)
        return path.endswith("conftest.py") or root is None or installed_in(path, root) is not None

    # -- classes -----------------------------------------------------------------------------------------------------

    def find_class(
        self, path: str, name: str, chain: tuple[str, ...] = (), visited: set[tuple[str, str]] | None = None
    ) -> tuple[str, ClassEntry] | None:
        """Return file and entry of the class that *name* (dotted) means in the class *chain* of *path*.

        *visited* are the names looked at already for this question.
        """
        summary = self.summaries.get(path)
        visited = set() if visited is None else visited
        if summary is None or (path, name) in visited:
            return None
        visited.add((path, name))
        classes = self._table(path).classes
        parts = tuple(name.split("."))
        for length in (len(chain), 0):
            entry = classes.get((*chain[:length], *parts))
            if entry is not None:
                return path, entry
        target = self._table(path).imports.get(parts[0])
        if target is not None:
            place = self.attribute(path, ".".join((target, *parts[1:])), True)
            if place is not None:
                return self.find_class(*place, (), visited)
            return None
        for star in summary.star_imports:
            module = self.module(path, star, True)
            if module is not None:
                found = self.find_class(module, name, (), visited)
                if found is not None:
                    return found
        return None

    def ancestry(self, path: str, chain: tuple[str, ...]) -> list[tuple[str, ClassEntry]]:
        """Return the class *chain* of *path* and its known bases in method resolution order, each with its file."""
        key = (path, chain)
        found = self._ancestry.get(key)
        if found is None:
            place = self.find_class(path, ".".join(chain))
            found = self._ancestry[key] = self._linearised(*place, ()) if place else []
        return found

    def _linearised(
        self, path: str, entry: ClassEntry, visiting: tuple[tuple[str, ...], ...]
    ) -> list[tuple[str, ClassEntry]]:
        """Python's order of bases: a class before its bases, and a base shared by two after both of them."""
        known = self._ancestry.get((path, entry.owner))
        if known is not None:
            return known
        if (path, *entry.owner) in visiting:
            return []
        inner = (*visiting, (path, *entry.owner))
        lines = []
        for base in entry.bases:
            place = self.find_class(path, base, entry.owner[:-1]) if base else None
            if place is not None:
                lines.append(self._linearised(*place, inner))
        lines.append([line[0] for line in lines if line])
        merged = [(path, entry)]
        lines = [list(line) for line in lines if line]
        while lines:
            # A base that is nobody's later one; the first in line when the order contradicts itself.
            heads = (line[0] for line in lines if not any(line[0] in other[1:] for other in lines))
            head = next(heads, lines[0][0])
            merged.append(head)
            lines = [rest for line in lines if (rest := [item for item in line if item != head])]
        self._ancestry[path, entry.owner] = merged
        return merged

    def class_fixtures(self, path: str, chain: tuple[str, ...]) -> list[Bound]:
        """Return the fixtures among the attributes of a class, inherited ones included."""
        key = (path, chain)
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = {}
            for place, entry in reversed(self.ancestry(path, chain)):
                found.update(self._table(place).members.get(entry.owner, {}))
        return list(found.items())

    def test(self, path: str, chain: tuple[str, ...], name: str) -> CollectedTest | None:
        """Return the test function *name* of a module or class, inherited ones included."""
        if path not in self.summaries:
            return None
        if not chain:
            return self._table(path).tests.get(((), name)) or self._imported_test(path, name)
        for place, entry in self.ancestry(path, chain):
            found = self._table(place).tests.get((entry.owner, name))
            if found is not None:
                return found
        return None

    def _imported_test(self, path: str, name: str) -> CollectedTest | None:
        target = self._table(path).imports.get(name)
        place = self.attribute(path, target) if target else None
        return self._table(place[0]).tests.get(((), place[1])) if place else None

    def is_unittest(self, path: str, chain: tuple[str, ...]) -> bool:
        """Whether the class *chain* is a ``unittest.TestCase``: of those pytest fills no parameters."""
        for place, entry in self.ancestry(path, chain):
            imports = self._table(place).imports
            for base in entry.bases:
                if base is None:
                    continue
                root, _, rest = base.partition(".")
                target = imports.get(root, root)
                full = f"{target}.{rest}" if rest else target
                if full.endswith("TestCase") and self.find_class(place, base, entry.owner[:-1]) is None:
                    return True
        return False

    # -- marks -------------------------------------------------------------------------------------------------------

    def mark(self, path: str, name: str, depth: int = 0) -> Marks:
        """Return the marks kept in the variable *name* (dotted), as seen in *path*; none when it is not known."""
        summary = self.summaries.get(path)
        if summary is None or depth > 5:
            return NO_MARKS
        for alias in summary.aliases:
            if alias.name == name:
                return alias.marks
        root, _, rest = name.partition(".")
        target = self._table(path).imports.get(root)
        place = self.attribute(path, f"{target}.{rest}" if rest else target) if target else None
        return self.mark(*place, depth + 1) if place else NO_MARKS

    # -- files to read -----------------------------------------------------------------------------------------------

    def wanted(self, path: str, plugin: bool) -> list[tuple[str, ...]]:
        """Return where the modules may be that *path* may take fixtures, base classes or plugins from.

        Application code is full of imports that lead to no fixture, so only files that speak of tests are followed
        everywhere; *plugin* says that the file is a plugin, which is followed within its own package. The modules that
        tests may take cached settings from are read too, but not followed.
        """
        summary = self.summaries.get(path)
        if summary is None:
            return []
        root = self.root_of(path)
        modules: list[tuple[str, bool]] = [(name, True) for name in (*summary.plugins, *summary.star_imports)]
        nearby: list[str] = []
        site = installed_in(path, root)
        inside = path[len(site) + 1 :].partition("/")[0] if site else ""
        top = root.path if root else ""
        conftest = path.endswith("conftest.py") or (plugin and site is None)
        tests = conftest or (site is None and _speaks_of_tests(path[len(top) :]))
        asked = _asked_names(summary) if tests else set()
        for name, target in summary.imports:
            head = self.module_part(target)
            first = head.partition(".")[0]
            if site is not None:
                if plugin and head and first in {"", inside}:
                    modules.append((head, True))
            elif not tests or not head or first in _NO_FIXTURES:
                continue
            elif conftest or name in asked or not first or _speaks_of_tests(head):
                modules.append((head, name in asked or (conftest and _speaks_of_tests(head))))
            elif name in summary.settings:
                modules += [(head, False), (target, False)]
            else:
                nearby.append(head)
        groups = [tuple(candidates(path, name, root, further)) for name, further in dict.fromkeys(modules)]
        for name in dict.fromkeys(nearby):
            # A helper module beside the tests, but not the application that they test.
            places = (place for place in candidates(path, name, root) if _speaks_of_tests(parent(place)[len(top) :]))
            groups.append(tuple(places))
        return [group for group in groups if group]

    @staticmethod
    def module_part(target: str) -> str:
        """Return the module of the imported thing *target*: all but its last name, leading dots kept."""
        head, _, name = target.rpartition(".")
        return target[: len(target) - len(name)] if target.startswith(".") and not head.strip(".") else head


class _Table:
    """The parts of a summary by name."""

    __slots__ = ("classes", "fixtures", "imports", "members", "tests")

    def __init__(self, summary: FileSummary) -> None:
        self.imports = dict(summary.imports)
        self.classes = {entry.owner: entry for entry in summary.classes}
        self.tests = {(test.owner, test.name): test for test in summary.tests}
        self.fixtures = {fixture.function: fixture for fixture in summary.fixtures if not fixture.owner}
        self.members: dict[tuple[str, ...], dict[str, Fixture]] = {}
        for fixture in summary.fixtures:
            if fixture.owner:
                self.members.setdefault(fixture.owner, {})[fixture.function] = fixture


def _renamed(fixture: Fixture, bound: str) -> Fixture:
    """Return *fixture* as it is known under the attribute *bound*: ``name=`` wins, else the attribute names it."""
    if fixture.name != fixture.function or fixture.name == bound:
        return fixture
    return fixture._replace(name=bound)


_NO_FIXTURES = frozenset({"pytest", "_pytest", *sys.stdlib_module_names} - {"test"})


def _speaks_of_tests(name: str) -> bool:
    """Whether a module's name or path says that it belongs to the tests rather than to what they test."""
    return "test" in name or "fixture" in name or "plugin" in name


def _asked_names(summary: FileSummary) -> set[str]:
    """Return the names that *summary* asks for as fixtures, and the roots of its base classes."""
    asked = {name for test in summary.tests for name in (*test.requests, *test.marks.usefixtures)}
    asked.update(name for fixture in summary.fixtures for name in fixture.requests)
    asked.update(base.partition(".")[0] for entry in summary.classes for base in entry.bases if base)
    asked.update(name for test in summary.tests for name in test.marks.aliases)
    asked.update(summary.marks.usefixtures)
    return asked
