"""Which files to look at: test files and conftests below the folders asked for.

What pytest would not collect is left out: its `norecursedirs`, virtual environments, files that are not its
`python_files`. So is what `exclude` and .gitignore name. A file named explicitly is always taken, as by pytest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from testlsp.config.settings import Settings
from testlsp.project.files import FileProblem, entries
from testlsp.project.ignores import IGNORE_FILE, Ignores, ignores_above
from testlsp.text.named import NamedTuple


class DiscoveryProblem(NamedTuple):
    """Something asked for that cannot be looked at; *fatal* if the user named it, so that the run must not succeed."""

    path: str
    message: str
    fatal: bool


class Discovery(NamedTuple):
    """Absolute paths of the files found, each once, in the order of the arguments and sorted below each folder."""

    files: tuple[str, ...]
    explicit: frozenset[str]
    """Those of `files` that were named themselves."""
    problems: tuple[DiscoveryProblem, ...]


SettingsFor = Callable[[str], Settings]
"""Settings for the files in a folder, given as absolute path."""


def discover(paths: Iterable[str], settings_for: SettingsFor, *, cwd: str | None = None) -> Discovery:
    """Return the test files that *paths* (files or folders; relative ones belong to *cwd*) name or contain.

    Nothing here raises: a path that does not exist, a folder that cannot be read and a link that leads in circles are
    reported in the result.
    """
    walk = _Walk(settings_for)
    explicit: dict[str, None] = {}
    for path in paths:
        absolute = os.path.normpath(os.path.join(cwd or os.getcwd(), path))
        if os.path.isdir(absolute):
            walk.start(absolute)
        elif not os.path.exists(absolute):
            reason = "is a link to nothing" if os.path.islink(absolute) else "does not exist"
            walk.problems.append(DiscoveryProblem(absolute, reason, fatal=True))
        elif not _force_excluded(absolute, settings_for):
            walk.files[absolute] = None
            explicit[absolute] = None
    return Discovery(tuple(walk.files), frozenset(explicit), tuple(walk.problems))


def is_test_file(path: str, settings: Settings) -> bool:
    """Whether the absolute *path* is that of a conftest or of a test file by its name."""
    if not path.endswith(".py"):
        return False
    return os.path.basename(path) == "conftest.py" or _file_matcher(settings.test_files)(path)


def _force_excluded(path: str, settings_for: SettingsFor) -> bool:
    settings = settings_for(os.path.dirname(path))
    return settings.force_exclude and settings.excludes(path)


class _Walk:
    """One walk over several folders; visits no folder twice."""

    def __init__(self, settings_for: SettingsFor) -> None:
        self.settings_for = settings_for
        self.files: dict[str, None] = {}
        self.problems: list[DiscoveryProblem] = []
        self._visited: set[str] = set()
        self._links: list[tuple[str, str, Ignores]] = []

    def start(self, folder: str) -> None:
        """Walk *folder*, which the user named and which is therefore entered whatever excludes it."""
        settings = self.settings_for(folder)
        if settings.force_exclude and settings.excludes(folder):
            return
        above = ignores_above(folder) if settings.respect_gitignore else Ignores()
        self._folder(folder, os.path.realpath(folder), above, named=True)
        # Links to folders come last: what they lead to is shown under its own path if that is part of the walk.
        while self._links:
            link, real, ignores = self._links.pop(0)
            if real not in self._visited:
                self._folder(link, real, ignores)

    def _folder(self, folder: str, real: str, ignores: Ignores, *, named: bool = False) -> None:
        # A list of work and not recursion: folders may be nested deeper than Python likes to call.
        pending = [(folder, real, ignores)]
        while pending:
            current, real, ignores = pending.pop()
            if real in self._visited:
                continue
            self._visited.add(real)
            try:
                found = entries(current)
            except FileProblem as problem:
                fatal = named and current == folder
                self.problems.append(DiscoveryProblem(problem.path, problem.message, fatal))
                continue
            pending += reversed(self._scan(current, real, ignores, found, named=named and current == folder))

    def _scan(
        self, folder: str, real: str, ignores: Ignores, found: list[os.DirEntry[str]], *, named: bool
    ) -> list[tuple[str, str, Ignores]]:
        """Take the files among *found*, the entries of *folder*, and return the folders to walk next."""
        names = {entry.name for entry in found}
        if "pyvenv.cfg" in names and not named:
            return []
        settings = self.settings_for(folder)
        if settings.respect_gitignore and IGNORE_FILE in names:
            ignores = ignores.entering(folder)
        is_test = _file_matcher(settings.test_files)
        below: list[tuple[str, str, Ignores]] = []
        for entry in found:
            name, path = entry.name, entry.path
            if name.endswith(".py"):
                wanted = name == "conftest.py" or is_test(path)
                if wanted and path not in ignores and not settings.excludes(path) and _is_file(entry):
                    self.files[path] = None
                    continue
                if wanted or not _is_folder(entry):
                    continue
            elif not _is_folder(entry):
                continue
            if _norecurse(settings.pytest.norecursedirs)(path) or settings.excludes(path):
                continue
            if ignores and path + os.sep in ignores:
                continue
            if entry.is_symlink():
                self._link(path, real, ignores)
            else:
                below.append((path, real.rstrip(os.sep) + os.sep + name, ignores))
        return below

    def _link(self, path: str, real_parent: str, ignores: Ignores) -> None:
        real = os.path.realpath(path)
        if (real_parent + os.sep).startswith(real.rstrip(os.sep) + os.sep):
            self.problems.append(DiscoveryProblem(path, f"is a link that leads in circles, to {real}", fatal=False))
        else:
            self._links.append((path, real, ignores))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


@lru_cache(maxsize=256)
def _file_matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    return _pytest_matcher(patterns)


@lru_cache(maxsize=256)
def _norecurse(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    return _pytest_matcher(patterns)


def _pytest_matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Return pytest's way of matching a path (``fnmatch_ex``): without a separator a pattern is for the last part."""
    from fnmatch import translate

    names: list[str] = []
    wholes: list[str] = []
    for pattern in patterns:
        native = os.path.normcase(pattern.replace("/", os.sep))
        if os.sep not in native:
            names.append(translate(native))
        else:
            wholes.append(translate(native if os.path.isabs(native) else f"*{os.sep}{native}"))
    by_name = re.compile("|".join(names)).match if names else None
    by_path = re.compile("|".join(wholes)).match if wholes else None

    def matches(path: str) -> bool:
        path = os.path.normcase(path)
        if by_name is not None and by_name(path[path.rfind(os.sep) + 1 :]) is not None:
            return True
        return by_path is not None and by_path(path) is not None

    return matches
