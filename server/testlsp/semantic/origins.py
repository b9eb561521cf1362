"""What is known of a function where it was defined, asked from a file that imports it; re-exports are followed."""

from __future__ import annotations

from testlsp.semantic.namespaces import Namespaces
from testlsp.semantic.summary import FileSummary

_NOTHING: frozenset[str] = frozenset()
_FURTHEST = 4
"""Files that a name may pass through between where it is defined and where it is used."""


def checks(namespaces: Namespaces, path: str, target: str) -> bool:
    """Whether the function *target*, as the file *path* knows it, is known to be able to fail a test."""
    summaries = namespaces.summaries
    for _ in range(_FURTHEST):
        place = namespaces.attribute(path, target, True) if "." in target else (path, target)
        if place is None or place[0] not in summaries:
            return False
        path, name = place
        if name in summaries[path].helpers:
            return True
        further = dict(summaries[path].imports).get(name)
        if further is None:
            return False
        target = further
    return False


def remembered(namespaces: Namespaces, path: str, target: str) -> frozenset[str]:
    """Return the variables of which the function *target*, as *path* knows it, remembers what it read first."""
    place, name = _origin(namespaces, path, target)
    return frozenset(item for found in place.cached if found[0] == name for item in found[1:]) if place else _NOTHING


def imported_changes(namespaces: Namespaces, path: str, target: str) -> tuple[str, frozenset[str]]:
    """Return the file of the helper *target*, as *path* knows it, and the variables that it changes for good."""
    place, name = _origin(namespaces, path, target)
    if place is None:
        return "", _NOTHING
    return place.path, frozenset(item for found in place.writers if found[0] == name for item in found[1:])


def importers_of(namespaces: Namespaces, path: str, name: str) -> list[str] | None:
    """Return the known files that import the attribute *name* of the module at *path*, sorted.

    None when one imports the module itself: nothing tells which of its attributes it uses.
    """
    found = []
    for other, summary in namespaces.summaries.items():
        for _, target in summary.imports if other != path else ():
            last = target.rpartition(".")[2]
            if last == name and namespaces.attribute(other, target) == (path, name):
                found.append(other)
            elif namespaces.module(other, target) == path:
                return None
    return sorted(set(found))


def _origin(namespaces: Namespaces, path: str, target: str) -> tuple[FileSummary | None, str]:
    """Return the file that defines the function *target*, and its name there."""
    for _ in range(_FURTHEST):
        place = namespaces.attribute(path, target, True) if "." in target else (path, target)
        if place is None or place[0] not in namespaces.summaries:
            break
        path, name = place
        target = dict(namespaces.summaries[path].imports).get(name, "")
        if not target:
            return namespaces.summaries[path], name
    return None, ""
