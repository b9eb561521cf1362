"""What .gitignore files say, folder by folder.

https://git-scm.com/docs/gitignore: the last pattern that matches decides, of several files the one in the deepest
folder. All patterns of a file become one regular expression, because this is asked for every test file of a project.
Not read: git's global excludes file, which belongs to a person and not to the project.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache

from testlsp.config.globs import translate
from testlsp.project.files import FileProblem, read_bytes

Verdict = Callable[[str], "bool | None"]
"""Whether a path relative to a .gitignore file is ignored (a folder ends in "/"); None if the file says nothing."""

IGNORE_FILE = ".gitignore"


@lru_cache(maxsize=1024)
def parse_ignores(text: str) -> Verdict | None:
    """Return what the .gitignore *text* says of a path, None if it says nothing of any path."""
    groups: list[tuple[bool, list[str]]] = []
    for line in text.splitlines():
        pattern = _without_trailing_spaces(line)
        if not pattern or pattern.startswith("#"):
            continue
        keeps = pattern.startswith("!")
        expression = _expression(
            pattern[keeps:].removeprefix("\\") if pattern[:2] in ("\\#", "\\!") else pattern[keeps:]
        )
        if expression is None:
            continue
        if not groups or groups[-1][0] != keeps:
            groups.append((keeps, []))
        groups[-1][1].append(expression)
    if not groups:
        return None
    # The last one decides, so ask from the end; neighbours of one kind are asked together.
    tests = [(re.compile("|".join(patterns)).fullmatch, not keeps) for keeps, patterns in reversed(groups)]

    def verdict(path: str) -> bool | None:
        for matches, ignored in tests:
            if matches(path) is not None:
                return ignored
        return None

    return verdict


def _expression(pattern: str) -> str | None:
    """Return the regular expression of one pattern, for paths in which a folder ends in "/"."""
    folder = pattern.endswith("/")
    body = pattern.rstrip("/") if folder else pattern
    if not body:
        return None
    anchored = "/" in body
    expression = translate(body.removeprefix("/"), alternatives=False)
    return f"{'' if anchored else '(?:.*/)?'}(?:{expression}){'/' if folder else '/?'}"


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    # A backslash keeps one space.
    return stripped + " " if stripped.endswith("\\") and stripped != line else stripped


class Ignores:
    """The .gitignore files that apply in one folder; immutable, made from that of the folder above by `entering`."""

    __slots__ = ("_levels",)

    def __init__(self, levels: tuple[tuple[int, Verdict], ...] = ()) -> None:
        # Length of the folder's path with its separator, and verdict; deepest first.
        self._levels = levels

    def entering(self, folder: str, name: str = IGNORE_FILE) -> Ignores:
        """Return what applies in *folder*, which has an ignore file called *name*; one that cannot be read is empty."""
        try:
            # git reads bytes; only the ASCII part has a meaning, so nothing can go wrong with the rest.
            text = read_bytes(os.path.join(folder, name)).decode("utf-8", "surrogateescape").removeprefix("\ufeff")
        except FileProblem:
            return self
        verdict = parse_ignores(text)
        return self if verdict is None else Ignores(((len(folder.rstrip(os.sep)) + 1, verdict), *self._levels))

    def __contains__(self, path: str) -> bool:
        """Whether the absolute *path* (a folder ends in the separator) is ignored by itself, not by a folder above."""
        for start, verdict in self._levels:
            relative = path[start:] if os.sep == "/" else path[start:].replace(os.sep, "/")
            ignored = verdict(relative)
            if ignored is not None:
                return ignored
        return False

    def __bool__(self) -> bool:
        """Whether there is any pattern at all."""
        return bool(self._levels)


def ignores_above(folder: str) -> Ignores:
    """Return what applies to *folder* because of the folders above it, up to the root of its git repository.

    Outside a repository that is nothing. *folder* is absolute; its own .gitignore is not included.
    """
    above: list[str] = []
    current = folder
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return Ignores()
        above.append(parent)
        current = parent
    ignores = Ignores()
    exclude = os.path.join(current, ".git", "info", "exclude")
    if os.path.isfile(exclude):
        ignores = ignores.entering(current, os.path.join(".git", "info", "exclude"))
    for each in reversed(above):
        if os.path.isfile(os.path.join(each, IGNORE_FILE)):
            ignores = ignores.entering(each)
    return ignores
