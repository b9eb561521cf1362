"""What the fixture graph says across all files: who uses a fixture, whose answers change with a file.

Apart from the graph because a run over one small file asks nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from testlsp.semantic.builtins import plugin_fixtures
from testlsp.semantic.index import RequestIndex
from testlsp.semantic.modules import is_below, parent
from testlsp.semantic.sites import Site, User

if TYPE_CHECKING:
    from testlsp.semantic.fixtures import Fixture
    from testlsp.semantic.graph import FixtureGraph


def users(graph: FixtureGraph, index: RequestIndex, fixture: Fixture) -> tuple[User, ...]:
    """Return the tests and fixtures that ask for *fixture* directly, in all files, and the marks that do."""
    found = [
        User(Site(path, chain, function), kind, how)
        for name in index.names_of(fixture)
        for path, chain, function, kind, how in index.requests(name)
        if _gets(graph, fixture, name, Site(path, chain, function), kind)
    ]
    for root in graph.roots:
        if fixture.name in root.usefixtures:
            found.append(User(Site(root.path), "root", "usefixtures"))
    return tuple(dict.fromkeys(found))


def _gets(graph: FixtureGraph, fixture: Fixture, name: str, site: Site, kind: str) -> bool:
    """Whether *site*, which asks for *name*, is given *fixture* and no other of that name."""
    if kind == "test" and name in graph.marks(site).direct:
        return False
    skip = 0
    if kind == "fixture":
        own = graph.visible(name, site)
        for position, found in enumerate(reversed(own)):
            if found.identity == (site.path, site.chain, site.function):
                skip = position + 1
                break
    found_there = graph.resolve(name, site, skip)
    return found_there is not None and found_there.identity == fixture.identity


def knows_every_name(graph: FixtureGraph, index: RequestIndex) -> bool:
    """Whether each name that any known test or fixture asks for is defined somewhere or set by ``parametrize``."""
    summaries = graph.summaries.values()
    defined = {fixture.name for summary in summaries for fixture in summary.fixtures}
    defined |= {name for summary in summaries for name, _ in summary.imports}
    defined |= {fixture.name for fixture in graph.builtins}
    named = {name for root in graph.roots for name in root.plugins}
    named |= {name for summary in summaries for name in summary.plugins}
    defined |= {name for plugin in named for name, _ in plugin_fixtures(plugin)}
    return all(name in defined or _is_parametrized(graph, index, name) for name in index.names())


def _is_parametrized(graph: FixtureGraph, index: RequestIndex, name: str) -> bool:
    """Whether every test that asks for *name*, a fixture of nobody, is given it by its marks."""
    return all(
        kind == "test" and name in graph.marks(Site(path, chain, function)).direct
        for path, chain, function, kind, _ in index.requests(name)
    )


def dependents(graph: FixtureGraph, index: RequestIndex, path: str) -> frozenset[str]:
    """Return the files whose answers depend on *path*: below a conftest, importing it, or naming it a plugin."""
    found: set[str] = set()
    pending = [path]
    while pending:
        current = pending.pop()
        reached: Iterable[str] = index.importers(current)
        if current.rpartition("/")[2] == "conftest.py":
            directory = parent(current)
            reached = [*reached, *(other for other in graph.summaries if is_below(other, directory))]
        for root in graph.roots:
            if current in graph.plugin_paths(root):
                reached = [*reached, *(other for other in graph.summaries if is_below(other, root.path))]
        for other in reached:
            if other != path and other not in found:
                found.add(other)
                pending.append(other)
    return frozenset(found)
