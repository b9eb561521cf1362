"""Summaries of files, and the fixture graph over them, read as far as somebody asks.

A test file's answers depend on the conftests around it, the plugins, and the modules it takes fixtures, base classes
and helpers from. `Summaries` reads those when a graph for the file is asked for, and remembers that it looked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from testlsp.config.settings import Settings
from testlsp.project.environment import environment, installed_distributions, prefix_for
from testlsp.semantic import Collection, FileRole, SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.plugins import chosen_plugins
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import SourceFile, parse
from testlsp.text.named import NamedTuple
from testlsp.text.steps import finish

MOST_DEPENDENCIES = 400
"""More files than this are not read for the sake of one: the rest stays unknown."""

MOST_SPARE = 1_000_000
"""Characters of parsed files that are kept because their own turn to be checked is still to come."""


class Parsed(NamedTuple):
    """A file that was read for the sake of another."""

    source: SourceFile
    model: SemanticModel
    summary: FileSummary


def role_of(path: str, settings: Settings, explicit: bool = False) -> FileRole:
    """Return what pytest does with the file *path*; one named explicitly is collected whatever it is called."""
    name = path.rpartition("/")[2]
    if name == "conftest.py":
        return FileRole.CONFTEST
    if explicit or any(fnmatchcase(name, pattern) for pattern in settings.test_files):
        return FileRole.TEST_MODULE
    return FileRole.OTHER


def model_of(
    source: SourceFile, settings: Settings, role: FileRole, previous: SemanticModel | None = None
) -> SemanticModel:
    """Return the model of *source* under the pytest configuration of *settings*."""
    pytest = settings.pytest
    return SemanticModel(source, role, _collection(pytest.python_functions, pytest.python_classes), previous)


# One object for equal settings, because what is kept with a statement is found again by it.
_collection = lru_cache(maxsize=64)(Collection)


class Summaries:
    """The summaries known so far. *read* gives the text of a file or None; *settings_for* the settings of a file.

    *on_disk* says whether a path exists; both are asked once per path while this object lives.
    """

    def __init__(
        self,
        settings_for: Callable[[str], Settings],
        read: Callable[[str], str | None],
        on_disk: Callable[[str], bool] = os.path.isfile,
        plugins: bool = True,
    ) -> None:
        """Start knowing nothing; *plugins* says whether to read those installed in the environment."""
        self._settings_for = settings_for
        self._read = read
        self._on_disk = on_disk
        self._plugins = plugins
        self._exists: dict[str, bool] = {}
        self._roots: dict[str, Root] = {}
        self._root_of_folder: dict[str, str] = {}
        self._dependencies: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, FixtureGraph] = {}
        self._expected: set[str] = set()
        self._spare: dict[str, Parsed] = {}
        self._spare_size = 0
        self._checked: dict[str, FileSummary] = {}
        self.known: dict[str, FileSummary] = {}
        self.graph = FixtureGraph({})
        self._around = self.graph

    def expect(self, paths: Iterable[str]) -> None:
        """Take note that *paths* will be checked in their turn, so that what is read of them before is kept."""
        self._expected.update(paths)

    def parsed(self, path: str, text: str) -> Parsed | None:
        """Hand over what was read of *path* for the sake of another file, if it said *text* then."""
        self._expected.discard(path)
        found = self._spare.pop(path, None)
        if found is None:
            return None
        self._spare_size -= len(found.source.text)
        return found if found.source.text == text else None

    def checked(self, path: str, summary: FileSummary) -> None:
        """Take note of the summary of a file that was checked, in case another asks for it later."""
        self._checked[path] = summary

    def put(self, path: str, summary: FileSummary) -> bool:
        """Remember the summary of *path*; whether it differs from what was known."""
        old = self.known.get(path)
        if old == summary:
            return False
        self.known[path] = summary
        self._dependencies.pop(path, None)
        self.add_root(path)
        self.graph = self.graph.with_summary(path, summary)
        return True

    def put_all(self, summaries: dict[str, FileSummary]) -> None:
        """Remember many summaries at once."""
        self.known.update(summaries)
        for path in summaries:
            self._dependencies.pop(path, None)
            self.add_root(path)
        self._rebuild()

    def forget(self, path: str) -> bool:
        """Forget *path*, which is gone or has changed on disk; whether it was known."""
        self._exists.pop(path, None)
        self._dependencies = {}
        if path not in self.known:
            return False
        del self.known[path]
        self.graph = self.graph.with_summary(path, None)
        return True

    def noticed(self, path: str) -> None:
        """Take note that *path* exists, which may not have been so when it was last looked for."""
        if not self._exists.get(path):
            self._exists[path] = True
            self._dependencies = {}

    def forget_dependencies(self) -> None:
        """Look anew for what files depend on, when next asked."""
        self._dependencies = {}

    def absent(self, path: str) -> tuple[str, ...]:
        """Return the files that were looked for on behalf of *path* and are not there: answers depend on that, too."""
        summary = self.known.get(path)
        graph = self.graph if summary is not None else self._asked.get(path, self.graph)
        return tuple(
            dict.fromkeys(place for group in graph.sources(path) for place in group if self._exists.get(place) is False)
        )

    def sites(self, path: str) -> tuple[str, ...]:
        """Return the folders of installed packages that answers about *path* may come from."""
        root = self._roots.get(self._root_of_folder.get(path.rpartition("/")[0], ""))
        return root.site if root is not None else ()

    def _rebuild(self) -> None:
        self.graph = FixtureGraph(self.known, tuple(self._roots.values()))

    def add_root(self, path: str) -> None:
        """Make sure that the pytest root of *path* is part of the graph."""
        folder = path.rpartition("/")[0]
        if folder in self._root_of_folder:
            return
        settings = self._settings_for(path)
        rootdir = settings.pytest.rootdir.replace("\\", "/") or folder
        self._root_of_folder[folder] = rootdir
        if rootdir not in self._roots:
            self._roots[rootdir] = self._root(rootdir, settings)
            self._rebuild()

    def _root(self, rootdir: str, settings: Settings) -> Root:
        pytest = settings.pytest
        sites: tuple[str, ...] = ()
        plugins: tuple[str, ...] = ()
        missing = pytest.required_plugins
        if self._plugins:
            prefix = prefix_for(rootdir, settings.python)
            sites, points = environment(prefix)
            plugins = chosen_plugins(points, pytest.addopts)
            missing = tuple(name for name in missing if name not in installed_distributions(prefix))
        places = tuple(
            os.path.normpath(os.path.join(rootdir, entry)).replace("\\", "/")
            for entry in (*pytest.pythonpath, *settings.src)
        )
        return Root(rootdir, None, places, pytest.usefixtures, plugins, sites, missing)

    def graph_with(self, path: str, summary: FileSummary) -> FixtureGraph:
        """Return a graph in which *path* says *summary*, knowing all that its answers depend on.

        The file itself is not remembered, and the graph is good until the next one is asked for.
        """
        self.add_root(path)
        graph = self._around.with_leaf(path, summary)
        found: dict[str, None] = {}
        further = True
        while further:
            before = len(found)
            for group in graph.sources(path):
                place = next((place for place in group if self._is_there(place)), None)
                if place is None or place == path:
                    continue
                if place not in self.known:
                    self.load(place)
                found[place] = None
                found.update(dict.fromkeys(self.dependencies(place)))
            if self._around is not self.graph:
                self._around = self.graph
                graph = self._around.with_leaf(path, summary)
            # What is patched decides only after a look at it how far to look.
            further = len(found) > before and bool(summary.patched)
        found.pop(path, None)
        self._dependencies[path] = tuple(found)
        self._asked = {path: graph}
        return graph

    def graph_for(self, path: str, summary: FileSummary) -> FixtureGraph:
        """Return the graph with *summary* for *path*, and everything read that answers about *path* need."""
        self.put(path, summary)
        self.dependencies(path)
        return self.graph

    def dependencies(self, path: str) -> tuple[str, ...]:
        """Read what the answers about *path* depend on, transitively, and return those files, in order of reading."""
        return finish(self.depending(path))

    def depending(self, path: str) -> Generator[None, None, tuple[str, ...]]:
        """Do what `dependencies` does, and stop after each file that is read."""
        known = self._dependencies.get(path)
        if known is not None:
            return known
        table = self._dependencies
        found: dict[str, None] = {}
        pending = [path]
        while pending and len(found) < MOST_DEPENDENCIES:
            current = pending.pop()
            self.add_root(current)
            before = len(found)
            for group in self.graph.sources(current):
                place = next((place for place in group if self._is_there(place)), None)
                if place is None or place in found or place == path:
                    continue
                found[place] = None
                if place not in self.known:
                    self.load(place)
                    yield
                pending.append(place)
            if current == path and len(found) > before and path in self.known and self.known[path].patched:
                pending.append(path)  # what is patched decides only after a look at it how far to look
        if self._dependencies is not table:  # something came or went meanwhile
            return (yield from self.depending(path))
        table[path] = tuple(found)
        return table[path]

    def _is_there(self, path: str) -> bool:
        found = self._exists.get(path)
        if found is None:
            found = self._exists[path] = path in self.known or self._on_disk(path)
        return found

    def load(self, path: str) -> None:
        """Read *path* and remember its summary, or that there is none."""
        summary = self._checked.get(path)
        if summary is not None:
            self.put(path, summary)
            return
        text = self._read(path)
        if text is None:
            self._exists[path] = False
            return
        settings = self._settings_for(path)
        source = parse(path, text)
        model = model_of(source, settings, role_of(path, settings))
        summary = summarise(source, model)
        self.put(path, summary)
        if path in self._expected and self._spare_size + len(text) < MOST_SPARE:
            self._spare[path] = Parsed(source, model, summary)
            self._spare_size += len(text)
        else:
            model.forget()
