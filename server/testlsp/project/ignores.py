"""What .gitignore files say, folder by folder.

https://git-scm.com/docs/gitignore: the last pattern that matches decides, of several files the one in the deepest
folder. The patterns are pathspec's business; which files apply is ours. Not read:
git's global excludes file, which belongs to a person and not to the project.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache

from testlsp.project.files import FileProblem, read_bytes

Verdict = Callable[[str], "bool | None"]
"""Whether a path relative to a .gitignore file is ignored (a folder ends in "/"); None if the file says nothing."""

IGNORE_FILE = ".gitignore"


@lru_cache(maxsize=1024)
def parse_ignores(text: str) -> Verdict | None:
    """Return what the .gitignore *text* says of a path, None if it says nothing of any path."""
    # A line of slashes alone names nothing to git, and everything to pathspec.
    patterns = [line for line in text.splitlines() if line.strip(" !/") and not line.startswith("#")]
    if not patterns:
        return None
    # "a/**" means what is in the folder a and not the folder itself, of which pathspec is not aware.
    patterns = [re.sub(r"/\*\*(/?) *$", r"/**/*\1", line) for line in patterns]
    # Imported only where a project has such a file: it costs as much as the rest of a small run.
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError:  # git passes over a pattern that means nothing, such as a lone "!"
        spec = GitIgnoreSpec.from_lines([pattern for pattern in patterns if _is_valid(pattern)])
    return lambda path: spec.check_file(path).include


def _is_valid(pattern: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return False
    return True


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
