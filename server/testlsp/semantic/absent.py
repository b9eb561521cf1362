"""Which names that a test patches do not exist in the module that they name."""

from __future__ import annotations

from testlsp.semantic.captures import place_of
from testlsp.semantic.lookups import ANY, tells_names
from testlsp.semantic.modules import installed_in, parent
from testlsp.semantic.names import BUILTIN_NAMES
from testlsp.semantic.namespaces import Namespaces
from testlsp.text.named import NamedTuple


class Absent(NamedTuple):
    """The module *owner* has no *name*; *instead* are the targets that may have been meant, most likely first."""

    owner: str
    name: str
    instead: tuple[str, ...]


def absent_target(namespaces: Namespaces, path: str, target: str) -> Absent | None:
    """Return what is missing on the way to *target*, a dotted name that the file *path* patches; None if unsure.

    A module of the project that is there as source has no other names than those it binds, unless it makes some while
    it runs. Packages may have submodules that nobody has read, so there a likely other name must exist, too.
    """
    place = place_of(namespaces, path, target)
    head, _, name = target.rpartition(".")
    if place is None:
        return _absent_module(namespaces, path, head, name) if namespaces.module(path, head) is None else None
    names = _names(namespaces, place[0])
    if names is None or name in names or name in BUILTIN_NAMES or name.startswith("__"):
        return None
    near = tuple(f"{head}.{one}" for one in _near(name, names))
    if place[0].endswith("/__init__.py"):
        folder = f"{parent(place[0])}/{name}"
        if not near or any(other.startswith((f"{folder}.", f"{folder}/")) for other in namespaces.summaries):
            return None
    return Absent(head, name, near)


def _absent_module(namespaces: Namespaces, path: str, head: str, name: str) -> Absent | None:
    """Return that the package around the module *head* has none of that name, but one much like it with *name*."""
    package, _, module = head.rpartition(".")
    owner = namespaces.module(path, package) if package else None
    if owner is None or not owner.endswith("/__init__.py"):
        return None
    names = _names(namespaces, owner)
    folder = parent(owner)
    if names is None or module in names or installed_in(owner, namespaces.root_of(owner)) is not None:
        return None
    places = [other for other in namespaces.summaries if other.startswith(f"{folder}/")]
    if any(other.startswith((f"{folder}/{module}.", f"{folder}/{module}/")) for other in places):
        return None
    siblings = {other[len(folder) + 1 :].partition("/")[0].removesuffix(".py") for other in places}
    near = [
        f"{package}.{one}.{name}"
        for one in _near(module, siblings)
        if (other := namespaces.module(path, f"{package}.{one}")) and name in namespaces.summaries[other].defined
    ]
    return Absent(package, module, tuple(near)) if near else None


def _names(namespaces: Namespaces, path: str) -> set[str] | None:
    """Return the names that the module at *path* binds, None unless all are known."""
    summary = namespaces.summaries[path]
    if ANY in summary.defined or summary.star_imports or not tells_names(path):
        return None
    return {*summary.defined, *(name for name, _ in summary.imports)}


def _near(name: str, names: set[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, sorted(names), 2, 0.8)
