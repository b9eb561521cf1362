"""pytest's lookup of fixtures, done on summaries.

What pytest does is in ``src/_pytest/fixtures.py`` (``FixtureManager.getfixturedefs``, ``parsefactories`` and
``traverse_fixture_closure`` of version 9.2): the definitions of a name visible at a node are listed from the session
over the directories, the module and the classes to the node; the last one is used; a fixture that asks for its own
name gets the one before. Of several definitions at one node, the one whose attribute sorts last comes last.

The graph reads no file. It answers from the summaries it was given, and says which other files it would like to see.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from testlsp.semantic.builtins import PYTEST_FIXTURES, plugin_fixtures
from testlsp.semantic.fixtures import ANYIO, ANYIO_FIXTURE, NO_MARKS, ClassEntry, CollectedTest, Fixture, Marks
from testlsp.semantic.modules import Root, candidates, directories, installed_in, is_below, join, parent, root_of
from testlsp.semantic.namespaces import Namespaces
from testlsp.semantic.sites import EMPTY_LAYER, Closure, Layer, Site, User, layer, walked
from testlsp.semantic.summary import FileSummary

if TYPE_CHECKING:
    from testlsp.semantic.index import RequestIndex

__all__ = ["Closure", "FixtureGraph", "Layer", "Site", "User"]


class FixtureGraph:
    """Which fixtures are seen where. Immutable; answers are computed when asked for and kept."""

    def __init__(
        self,
        summaries: Iterable[FileSummary] | Mapping[str, FileSummary],
        roots: Iterable[Root] = (),
        builtins: Iterable[Fixture] = PYTEST_FIXTURES,
    ) -> None:
        """Answer from *summaries*, below *roots*, with the fixtures of pytest itself."""
        if isinstance(summaries, Mapping):
            self.summaries: dict[str, FileSummary] = dict(summaries)
        else:
            self.summaries = {summary.path: summary for summary in summaries}
        self.roots = tuple(sorted(roots, key=lambda root: -len(root.path)))
        self.builtins = tuple(builtins)
        self.namespaces = Namespaces(self.summaries, self.roots)
        """What modules and classes hold; `semantic.origins` asks it about other things than fixtures."""
        self._builtin_layer = layer([(fixture.function, fixture) for fixture in self.builtins])
        self._chains: dict[tuple[str, tuple[str, ...]], tuple[Layer, ...]] = {}
        self._visible: dict[tuple[str, tuple[str, ...]], dict[str, tuple[Fixture, ...]]] = {}
        self._closures: dict[Site, Closure] = {}
        self._plugin_files: dict[str, frozenset[str | None]] = {}
        self._requests: RequestIndex | None = None
        self._closed: bool | None = None
        self._leaf = ""

    # -- places ------------------------------------------------------------------------------------------------------

    def root_of(self, path: str) -> Root | None:
        """Return the innermost root that holds *path*; for installed files the root that can import them."""
        return root_of(path, self.roots)

    def conftest_chain(self, path: str) -> tuple[str, ...]:
        """Return the conftests that pytest loads for *path*, outermost first, *path* itself included if it is one."""
        root = self.root_of(path)
        top = (root.confcutdir or root.path) if root else ""
        if root is None and path.startswith("/"):
            top = "/"
        found = (join(directory, "conftest.py") for directory in directories(path, top))
        return tuple(conftest for conftest in found if conftest in self.summaries)

    def _layers(self, path: str, chain: tuple[str, ...]) -> tuple[Layer, ...]:
        """Return what is visible in the class *chain* of *path*, a layer for each node, from the session inwards."""
        key = (path, chain)
        found = self._chains.get(key)
        if found is None:
            if chain:
                found = (*self._layers(path, chain[:-1]), layer(self.namespaces.class_fixtures(path, chain)))
            elif path.endswith("conftest.py") and path.rpartition("/")[2] == "conftest.py":
                found = self._outer_layers(path)
            else:
                found = (*self._outer_layers(path), layer(self.namespaces.fixtures(path)))
            self._chains[key] = found
        return found

    def _outer_layers(self, path: str) -> tuple[Layer, ...]:
        """Return the layers around the module *path*: pytest, plugins, conftests, plugins that the module names."""
        conftests = self.conftest_chain(path)
        layers = [self._builtin_layer]
        root = self.root_of(path)
        named: list[tuple[str, str]] = [("", name) for name in root.plugins] if root else []
        named += [(conftest, name) for conftest in conftests for name in self.summaries[conftest].plugins]
        if installed_in(path, root) is not None:
            return tuple(layers)
        seen: set[str] = set()
        for source, name in named:
            layers += self._plugin_layers(source, name, root, seen)
        layers += [layer(self.namespaces.fixtures(conftest)) for conftest in conftests]
        summary = self.summaries.get(path)
        if summary is not None and path not in conftests:
            for name in summary.plugins:
                layers += self._plugin_layers(path, name, root, seen)
        return tuple(item for item in layers if item is not EMPTY_LAYER)

    def _plugin_layers(self, source: str, name: str, root: Root | None, seen: set[str]) -> list[Layer]:
        """Return the fixtures of the plugin *name*, named in the file *source*, and of the plugins it names in turn."""
        path = self.namespaces.module(source or join(root.path if root else "", "pytest.ini"), name, True)
        if path is None:
            if name in seen:
                return []
            seen.add(name)
            return [layer(plugin_fixtures(name))]
        if path in seen:
            return []
        seen.add(path)
        layers = [layer(self.namespaces.fixtures(path))]
        for further in self.summaries[path].plugins:
            layers += self._plugin_layers(path, further, root, seen)
        return layers

    # -- lookup ------------------------------------------------------------------------------------------------------

    def visible(self, name: str, site: Site) -> tuple[Fixture, ...]:
        """Return all definitions of *name* that can be seen from *site*, from general to specific."""
        known = self._visible.setdefault((site.path, site.chain), {})
        found = known.get(name)
        if found is None:
            layers = self._layers(site.path, site.chain)
            found = known[name] = tuple(fixture for item in layers for fixture in item.fixtures.get(name, ()))
        return found

    def resolve(self, name: str, site: Site, skip: int = 0) -> Fixture | None:
        """Return the definition that *site* gets for *name*; None when it is unknown.

        *skip* passes over that many of the most specific ones: a fixture that asks for its own name skips itself.
        """
        found = self.visible(name, site)
        return found[-1 - skip] if len(found) > skip else None

    def autouse(self, site: Site) -> tuple[str, ...]:
        """Return the names of the autouse fixtures around *site*, from the session inwards."""
        return tuple(dict.fromkeys(name for item in self._layers(site.path, site.chain) for name in item.autouse))

    def names(self, site: Site) -> dict[str, Fixture]:
        """Return every fixture that can be asked for at *site*, by name."""
        found: dict[str, Fixture] = {}
        for item in self._layers(site.path, site.chain):
            found.update((name, definitions[-1]) for name, definitions in item.fixtures.items())
        return found

    def closure(self, site: Site) -> Closure:
        """Return all that runs for the test or fixture at *site*; an empty one when nothing of that name is known.

        For a test in a class, *chain* names the collected class, which may inherit the test.
        """
        found = self._closures.get(site)
        if found is None:
            found = self._closures[site] = self._closure(site)
        return found

    def _closure(self, site: Site) -> Closure:
        test = self.test_at(site) if site.function else None
        if test is not None:
            marks = self.marks(site)
            requests = () if self.namespaces.is_unittest(site.path, site.chain) else test.requests
            asked = (*marks.usefixtures, *requests)
            if ANYIO in marks.aliases and test.is_async and self.visible(ANYIO_FIXTURE, site):
                asked = (ANYIO_FIXTURE, *asked)
            return self._traverse(site, asked, frozenset(marks.direct), marks.opaque or test.opaque, test.dynamic)
        fixture = self.fixture_at(site)
        return self.closure_of(fixture) if fixture else Closure()

    def closure_of(self, fixture: Fixture) -> Closure:
        """Return all that runs for *fixture*, seen from where it is defined."""
        site = Site(fixture.path, fixture.owner, fixture.function)
        return self._traverse(site, fixture.requests, frozenset(), fixture.opaque, fixture.dynamic, fixture)

    def _traverse(
        self,
        site: Site,
        asked: tuple[str, ...],
        direct: frozenset[str],
        opaque: bool,
        dynamic: tuple[str, ...],
        origin: Fixture | None = None,
    ) -> Closure:
        """Follow the requests of *site*; *origin* is the fixture whose own requests these are."""
        setting = self._setting(site)
        initial = tuple(dict.fromkeys((*setting, *self.autouse(site), *asked)))
        visible = partial(self.visible, site=site)
        definitions, active = walked(visible, initial, direct, origin, False)
        extra: dict[str, tuple[Fixture, ...]] = {}
        if dynamic or any(fixture.dynamic for fixture in active):
            everything, active = walked(visible, (*initial, *dynamic), direct, origin, True)
            extra = {name: found for name, found in everything.items() if name not in definitions}
        opaque = opaque or any(fixture.opaque for fixture in active)
        return Closure(initial, definitions, tuple(active), extra, opaque)

    def _setting(self, site: Site) -> tuple[str, ...]:
        root = self.root_of(site.path)
        return root.usefixtures if root else ()

    def summary_of(self, path: str, module: str) -> FileSummary | None:
        """Return the summary of *module*, a dotted name in the file *path*; None when it is not known."""
        return self.summaries.get(self.namespaces.module(path, module) or "")

    # -- what a site says --------------------------------------------------------------------------------------------

    def test_at(self, site: Site) -> CollectedTest | None:
        """Return the test function at *site*, inherited ones included."""
        return self.namespaces.test(site.path, site.chain, site.function or "")

    def fixture_at(self, site: Site) -> Fixture | None:
        """Return the fixture that the function at *site* defines."""
        for fixture in self.namespaces.own_fixtures(site.path):
            if fixture.function == site.function and fixture.owner == site.chain:
                return fixture
        return None

    def marks(self, site: Site) -> Marks:
        """Return the marks that count for the test at *site*: its own, those of its classes and of its module."""
        summary = self.summaries.get(site.path)
        test = self.test_at(site)
        found = self._resolved(site.path, test.marks) if test else NO_MARKS
        for length in range(len(site.chain), 0, -1):
            for path, entry in reversed(self.namespaces.ancestry(site.path, site.chain[:length])):
                found = found.joined(self._resolved(path, entry.marks))
        return found.joined(self._resolved(site.path, summary.marks)) if summary else found

    def _resolved(self, path: str, marks: Marks) -> Marks:
        """Return *marks* with the ones that live in variables looked up."""
        for name in marks.aliases:
            marks = marks.joined(self.namespaces.mark(path, name)._replace(aliases=()))
        return marks

    def ancestry(self, path: str, chain: tuple[str, ...]) -> list[tuple[str, ClassEntry]]:
        """Return the class *chain* of *path* and its known bases in order of lookup, each with its file."""
        return self.namespaces.ancestry(path, chain)

    # -- relations between files -------------------------------------------------------------------------------------

    @property
    def _index(self) -> RequestIndex:
        if self._requests is None:
            from testlsp.semantic.index import RequestIndex

            self._requests = RequestIndex(self.summaries, self.namespaces)
        return self._requests

    @property
    def is_prepared(self) -> bool:
        """Whether the relations between files are known; see `preparing`."""
        return self._requests is not None and self._requests.is_prepared

    def preparing(self) -> Generator[None, None, None]:
        """Work out the relations between files, and stop after each: a change of a summary asks for them all."""
        return self._index.preparing()

    @property
    def was_asked_for_users(self) -> bool:
        """Whether `users` was called, so that answers drawn from this graph depend on every file there is."""
        return self._requests is not None

    def users(self, fixture: Fixture) -> tuple[User, ...]:
        """Return the tests and fixtures that ask for *fixture* directly, in all files, and the marks that do."""
        from testlsp.semantic.relations import users

        return users(self, self._index, fixture)

    def is_asked_for_in(self, path: str, name: str) -> bool:
        """Whether anything in the file *path* asks for *name*, whatever definition it gets; looks at no other file."""
        from testlsp.semantic.index import requests_of

        summary = self.summaries.get(path)
        return summary is not None and any(asked == name for asked, _ in requests_of(summary))

    def tests_below(self, directory: str) -> int:
        """Return how many test functions the known files in *directory* have, "" meaning everywhere."""
        _ = self._index  # the answer depends on every file, as that of `users` does
        return sum(len(summary.tests) for path, summary in self.summaries.items() if is_below(path, directory))

    def knows_every_name(self) -> bool:
        """Whether each name that any known test or fixture asks for is defined somewhere or set by ``parametrize``.

        Where one is not, a plugin is missing that may ask for fixtures in turn.
        """
        if self._closed is None:
            from testlsp.semantic.relations import knows_every_name

            self._closed = knows_every_name(self, self._index)
        return self._closed

    def dependents(self, path: str) -> frozenset[str]:
        """Return the files whose answers depend on *path*: below a conftest, importing it, or naming it a plugin."""
        from testlsp.semantic.relations import dependents

        return dependents(self, self._index, path)

    def plugin_paths(self, root: Root) -> frozenset[str | None]:
        """Return the files of the plugins that the settings of *root* name; None stands for those not known."""
        found = self._plugin_files.get(root.path)
        if found is None:
            origin = join(root.path, "pytest.ini")
            found = frozenset(self.namespaces.module(origin, name, True) for name in root.plugins)
            self._plugin_files[root.path] = found
        return found

    def wanted(self, path: str) -> tuple[tuple[str, ...], ...]:
        """Return the files that would help to answer about *path*: for each, where it may be, most likely first.

        The first of each group that exists is the one to read; conftests come first, and groups that are answered by a
        summary are left out.
        """
        return tuple(group for group in self.sources(path) if not any(place in self.summaries for place in group))

    def sources(self, path: str) -> tuple[tuple[str, ...], ...]:
        """Return the files that answers about *path* are drawn from: for each, where it may be, most likely first.

        Conftests come first. Those that are known already are included, which `wanted` leaves out.
        """
        root = self.root_of(path)
        top = (root.confcutdir or root.path) if root else parent(path)
        groups: list[tuple[str, ...]] = [(join(directory, "conftest.py"),) for directory in directories(path, top)]
        groups += self.namespaces.wanted(path, path in self.plugin_paths(root) if root else False)
        groups += _wanted_plugins(root) if root else ()
        summary = self.summaries.get(path)
        if summary is not None and summary.patched:
            from testlsp.semantic.captures import wanted_for_patches

            groups += wanted_for_patches(self.namespaces, path, summary)
        return tuple(dict.fromkeys(groups))

    def missing(self) -> tuple[tuple[str, ...], ...]:
        """Return what `wanted` says for all files together."""
        return tuple(dict.fromkeys(group for path in self.summaries for group in self.wanted(path)))

    def with_summary(self, path: str, summary: FileSummary | None) -> FixtureGraph:
        """Return a graph in which *path* says *summary* (None: is gone); answers that cannot differ are kept."""
        old = self.summaries.get(path)
        if old == summary:
            return self
        summaries = dict(self.summaries)
        if summary is None:
            del summaries[path]
        else:
            summaries[path] = summary
        graph = FixtureGraph(summaries, self.roots, self.builtins)
        if old is not None and summary is not None:
            graph._inherit(self, path)
        return graph

    def with_leaf(self, path: str, summary: FileSummary) -> FixtureGraph:
        """Return a graph that knows *path* as well, a file on which no other depends.

        Whatever either graph works out about other files serves both, so a folder of test files costs little more than
        what lies around them. Only the newest graph made so may be asked.
        """
        graph = FixtureGraph({**self.summaries, path: summary}, self.roots, self.builtins)
        if self._leaf:
            self.namespaces.forget(self._leaf)
            for kept in (self._chains, self._visible):
                for key in [key for key in kept if key[0] == self._leaf]:
                    del kept[key]
            for site in [site for site in self._closures if site.path == self._leaf]:
                del self._closures[site]
        self._leaf = path
        graph.namespaces.share(self.namespaces)
        graph._builtin_layer = self._builtin_layer
        graph._chains, graph._visible, graph._closures = self._chains, self._visible, self._closures
        graph._plugin_files = self._plugin_files
        return graph

    def _inherit(self, other: FixtureGraph, path: str) -> None:
        """Keep what *other* worked out and does not depend on the changed *path*, before and after the change."""
        self._requests = other._index.changed(path, self.summaries, self.namespaces)
        stale = {path} | other.dependents(path) | self.dependents(path)
        self.namespaces.inherit(other.namespaces, stale)
        self._chains = {key: found for key, found in other._chains.items() if key[0] not in stale}
        self._visible = {key: dict(found) for key, found in other._visible.items() if key[0] not in stale}
        self._closures = {site: found for site, found in other._closures.items() if site.path not in stale}


@lru_cache(maxsize=32)
def _wanted_plugins(root: Root) -> tuple[tuple[str, ...], ...]:
    """Return where the plugins of *root* may be."""
    origin = join(root.path, "pytest.ini")
    return tuple(tuple(candidates(origin, name, root, True)) for name in root.plugins)
