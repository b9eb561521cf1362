"""Which installed plugins an interpreter would load, read from files without running it.

pytest loads what distributions name under the entry point group ``pytest11``
(https://docs.pytest.org/en/stable/how-to/writing_plugins.html#making-your-plugin-installable-by-others). Distributions
are described by ``*.dist-info`` directories
(https://packaging.python.org/en/latest/specifications/recording-installed-packages/); editable installs leave
``*.pth`` files or a finder module with a mapping. Reading is done by functions that are passed in, so nothing here
touches the disk.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Protocol

from testlsp.semantic.modules import join, parent
from testlsp.text.named import NamedTuple


class Reader(Protocol):
    """How directories and files are read; both methods raise OSError for what is not there."""

    def list_dir(self, path: str) -> Iterable[str]:
        """Return the names in the directory *path*."""

    def read_text(self, path: str) -> str:
        """Return the text of the file *path*."""


class EntryPoint(NamedTuple):
    """A plugin: the *name* it is switched off by (``-p no:name``) and the *module* that is imported."""

    name: str
    module: str


def pytest_entry_points(text: str) -> tuple[EntryPoint, ...]:
    """Return the ``pytest11`` entry points of the text of an ``entry_points.txt``."""
    found = []
    inside = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line == "[pytest11]"
        elif inside and line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            module = target.partition("[")[0].partition(":")[0].strip()
            if module:
                found.append(EntryPoint(name.strip(), module))
    return tuple(found)


def site_directories(prefix: str, reader: Reader) -> tuple[str, ...]:
    """Return the directories of installed packages of the environment at *prefix*, editable installs included."""
    found: list[str] = []
    for library in ("lib", "lib64"):
        for name in _listed(join(prefix, library), reader):
            if name.startswith(("python", "pypy")):
                found.append(join(join(join(prefix, library), name), "site-packages"))
    found.append(join(prefix, "Lib/site-packages"))
    existing = [place for place in found if _listed(place, reader)]
    return tuple(dict.fromkeys(item for place in existing for item in (place, *editable_directories(place, reader))))


def editable_directories(site: str, reader: Reader) -> tuple[str, ...]:
    """Return the directories that the ``*.pth`` files and editable finders in *site* add to the search for modules."""
    found: list[str] = []
    for name in _listed(site, reader):
        if name.endswith(".pth"):
            for raw in _read(join(site, name), reader).splitlines():
                line = raw.strip().replace("\\", "/").rstrip("/")
                if line and not line.startswith(("#", "import ", "import\t")):
                    found.append(line if line.startswith("/") or line[1:2] == ":" else join(site, line))
        elif name.startswith("__editable__") and name.endswith("_finder.py"):
            found += _mapped(_read(join(site, name), reader))
    return tuple(dict.fromkeys(found))


def _mapped(text: str) -> list[str]:
    """Return the directories that hold the packages in the ``MAPPING`` of setuptools' editable finder."""
    for line in text.splitlines():
        head, equals, value = line.partition("=")
        if equals and head.partition(":")[0].strip() == "MAPPING":
            try:
                mapping = ast.literal_eval(value.strip())
            except (ValueError, SyntaxError):
                return []
            if isinstance(mapping, dict):
                return [parent(str(place).replace("\\", "/")) for place in mapping.values()]
    return []


def installed_plugins(sites: Iterable[str], reader: Reader) -> tuple[EntryPoint, ...]:
    """Return the plugins installed in the directories *sites*, in a stable order; the first of a name counts."""
    found: dict[str, EntryPoint] = {}
    for site in sites:
        for name in sorted(_listed(site, reader)):
            if name.endswith((".dist-info", ".egg-info")):
                text = _read(join(join(site, name), "entry_points.txt"), reader)
                for point in pytest_entry_points(text):
                    found.setdefault(point.name, point)
    return tuple(found.values())


def distributions(sites: Iterable[str], reader: Reader) -> frozenset[str]:
    """Return the distributions in the directories *sites*, as modules are called: ``pytest_xdist``."""
    names = (name for site in sites for name in _listed(site, reader))
    return frozenset(
        name.rpartition(".")[0].partition("-")[0].lower().replace(".", "_")
        for name in names
        if name.endswith((".dist-info", ".egg-info", ".egg-link"))
    )


def chosen_plugins(installed: Iterable[EntryPoint], options: Iterable[str]) -> tuple[str, ...]:
    """Return the modules of the plugins that are loaded when pytest runs with *options* (``addopts``, split into
    words).

    ``-p name`` loads a plugin early, ``-p no:name`` keeps one out.
    """
    named: list[str] = []
    words = iter(options)
    for word in words:
        if word == "-p":
            named.append(next(words, ""))
        elif word.startswith("-p") and not word.startswith("--"):
            named.append(word[2:])
    refused = {name[3:] for name in named if name.startswith("no:")}
    points = [point for point in installed if point.name not in refused and f"pytest_{point.name}" not in refused]
    by_name = {point.name: point.module for point in points}
    wanted = [by_name.get(name, name) for name in named if name and not name.startswith("no:")]
    return tuple(dict.fromkeys((*wanted, *(point.module for point in points))))


def _listed(path: str, reader: Reader) -> list[str]:
    try:
        return list(reader.list_dir(path))
    except OSError:
        return []


def _read(path: str, reader: Reader) -> str:
    try:
        return reader.read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""
