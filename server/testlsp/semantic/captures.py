"""Which modules took a name over when they were imported, so that patching it where it was defined changes nothing.

``from shop.models import send`` in ``shop.orders`` copies the reference: whoever patches ``shop.models.send`` later
leaves ``shop.orders.send`` as it is. That the patch has no effect is certain only if nobody whom the test can reach
looks the name up in its module, so all modules that the test file and its conftests import are asked, theirs too.
https://docs.python.org/3/library/unittest.mock.html#where-to-patch
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from testlsp.semantic.lookups import ANY
from testlsp.semantic.modules import candidates, installed_in, parent
from testlsp.semantic.namespaces import Namespaces
from testlsp.semantic.summary import FileSummary
from testlsp.text.named import NamedTuple

MOST_REACHED = 80
"""More modules than this are not followed for the sake of one test file: the rest is unknown, and so is the answer."""

Place = tuple[str, str]
"""A module's file and the name of one of its attributes."""


class Taken(NamedTuple):
    """A module that took a name over: its file *path*, its dotted name *module*, and the name *bound* there.

    *looked_up* says whether its functions look that name up when they run, so that it can be patched there.
    """

    path: str
    module: str
    bound: str
    looked_up: bool


def place_of(namespaces: Namespaces, path: str, target: str) -> Place | None:
    """Return the module of the project that holds the attribute *target* (dotted), as seen from *path*.

    None unless it is a module whose names are known: neither installed nor a part of the tests.
    """
    place = namespaces.attribute(path, target)
    summary = namespaces.summaries.get(place[0]) if place is not None else None
    if place is None or summary is None or not (summary.defined or summary.imports):
        return None
    root = namespaces.root_of(place[0])
    if installed_in(place[0], root) is not None:
        return None
    base = _base(place[0], target)
    # Folders of tests are often called like the packages they test: what was found there may not be what is meant.
    return None if "test" in base.rpartition("/")[2] and (root is None or base != root.path) else place


def _base(path: str, target: str) -> str:
    """Return the folder in which the module of *target* was found."""
    for _ in range(target.count(".") + path.endswith("/__init__.py")):
        path = parent(path)
    return path


def taken_over(namespaces: Namespaces, path: str, target: str) -> tuple[Taken, ...]:
    """Return who took over *target*, which the test file *path* patches, if it is certain that nobody looks it up."""
    place = _promising(namespaces, path, target)
    if place is None:
        return ()
    reached = list(_reached(namespaces, path))
    if len(reached) > MOST_REACHED:
        return ()
    base = _base(place[0], target)
    found: list[Taken] = []
    for other in reached:
        summary = namespaces.summaries[other]
        if other == place[0] or other == path:
            continue
        if _looks_up(namespaces, other, summary, place):
            return ()
        for bound in _bound_to(namespaces, other, summary, place):
            late = bound in summary.looked_up
            if late or f":{bound}" in summary.looked_up:
                found.append(Taken(other, _module_name(other, base), bound, late))
    return tuple(found)


def wanted_for_patches(namespaces: Namespaces, path: str, summary: FileSummary) -> list[tuple[str, ...]]:
    """Return where the modules may be that tell what the patches of the test file *path* do.

    As long as the patched names look as if they could be of no effect, what the test file reaches is wanted, too.
    """
    root = namespaces.root_of(path)
    heads: dict[str, None] = {}
    for target in summary.patched:
        head = target.rpartition(".")[0]
        heads[head] = None
        heads[head.rpartition(".")[0]] = None
    heads.pop("", None)
    groups = [tuple(candidates(path, head, root)) for head in heads]
    places = [place for target in summary.patched if (place := _promising(namespaces, path, target)) is not None]
    if not places and not any(_is_missing(namespaces, path, head) for head in heads):
        return groups
    names = {name for _, name in places}
    direct = list(_imported(namespaces, path, summary))
    groups += [tuple(candidates(path, name, root)) for name in direct]
    known = [found for name in direct if (found := namespaces.module(path, name)) is not None]
    if any(target.rpartition(".")[2] in names for other in known for _, target in namespaces.summaries[other].imports):
        for other in _reached(namespaces, path):
            further = _imported(namespaces, other, namespaces.summaries[other])
            groups += [tuple(candidates(other, name, namespaces.root_of(other))) for name in further]
    return groups


def _promising(namespaces: Namespaces, path: str, target: str) -> Place | None:
    """Return what *target* is, if the module that holds it is known and does not look it up itself."""
    place = place_of(namespaces, path, target)
    if place is None:
        return None
    summary = namespaces.summaries[place[0]]
    names = {*summary.defined, *(name for name, _ in summary.imports)}
    if ANY in names or place[1] not in names or place[1] in summary.looked_up:
        return None
    return place


def _is_missing(namespaces: Namespaces, path: str, module: str) -> bool:
    """Whether the package of *module* is known and *module* is not: what the test imports may tell what is meant."""
    package = namespaces.module(path, module.rpartition(".")[0]) if "." in module else None
    return package is not None and package.endswith("/__init__.py") and namespaces.module(path, module) is None


def _imported(namespaces: Namespaces, path: str, summary: FileSummary) -> Iterator[str]:
    """Yield the modules that *path* imports, or may import, as it names them."""
    targets = [target for _, target in summary.imports]
    targets += [name for name in summary.looked_up if "." in name and not name.endswith(ANY)]
    seen: set[str] = set()
    for target in (*targets, *summary.submodules, *summary.star_imports):
        for name in (target, namespaces.module_part(target)):
            if name and name not in seen:
                seen.add(name)
                if name.startswith(".") or name.partition(".")[0] not in sys.stdlib_module_names:
                    yield name


def _reached(namespaces: Namespaces, path: str) -> Iterator[str]:
    """Yield the files, as far as known, that the test file *path* and its conftests import, and what these import."""
    pending = [path, *_conftests(namespaces, path)]
    seen = set(pending)
    count = 0
    while pending and count <= MOST_REACHED:
        current = pending.pop(0)
        if current != path:
            count += 1
            yield current
        for name in _imported(namespaces, current, namespaces.summaries[current]):
            place = namespaces.module(current, name)
            if place is not None and place not in seen:
                seen.add(place)
                if installed_in(place, namespaces.root_of(place)) is None:
                    pending.append(place)


def _conftests(namespaces: Namespaces, path: str) -> list[str]:
    found = []
    folder = parent(path)
    root = namespaces.root_of(path)
    while folder not in {"", "/"}:
        if f"{folder}/conftest.py" in namespaces.summaries:
            found.append(f"{folder}/conftest.py")
        if root is not None and folder == root.path:
            break
        folder = parent(folder)
    return found


def _looks_up(namespaces: Namespaces, path: str, summary: FileSummary, place: Place) -> bool:
    """Whether *path* looks the attribute *place* up in its module, or may do so."""
    module, name = place
    if not summary.looked_up and any(namespaces.module(path, target) == module for _, target in summary.imports):
        return True  # how a file of the tests uses the module is not known
    for target in summary.looked_up:
        last = target.rpartition(".")[2]
        if last == name and "." in target and namespaces.attribute(path, target) == place:
            return True
        if last == ANY and namespaces.module(path, target[: -len(ANY) - 1]) == module:
            return True
    return False


def _bound_to(namespaces: Namespaces, path: str, summary: FileSummary, place: Place) -> Iterable[str]:
    """Yield the names that *path* bound to *place* when it was imported, re-exports followed."""
    for bound, target in summary.imports:
        where: Place | None = namespaces.attribute(path, target)
        for _ in range(4):
            if where == place:
                yield bound
                break
            further = namespaces.imports_of(where[0]).get(where[1]) if where is not None else None
            if where is None or further is None:
                break
            where = namespaces.attribute(where[0], further)


def _module_name(path: str, base: str) -> str:
    """Return the dotted name of the file *path* below the folder *base*; empty where it lies elsewhere."""
    if not path.startswith(f"{base}/"):
        return ""
    stem = path[len(base) + 1 :].removesuffix(".py").removesuffix("/__init__")
    return stem.replace("/", ".")
