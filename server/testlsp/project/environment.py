"""The Python environment of a project, as files: where its packages lie and which pytest plugins it has.

Nothing is run and nothing imported. Which environment: the `python` setting, else the active one, else a `.venv` or
`venv` in the root folder or above it, else the one testlsp itself is installed in.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from testlsp.semantic.plugins import EntryPoint, distributions, installed_plugins, site_directories


class DiskReader:
    """Reads folders and files for `testlsp.semantic.plugins`."""

    def list_dir(self, path: str) -> list[str]:
        """Return the names in the folder *path*; raises OSError."""
        return os.listdir(path)

    def read_text(self, path: str) -> str:
        """Return the text of *path*; raises OSError."""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()


def prefix_for(root: str, setting: str = "") -> str:
    """Return the folder of the environment for a project at *root*; *setting* names one, or its interpreter."""
    if setting:
        path = os.path.join(root, os.path.expanduser(setting))
        if os.path.isfile(path):  # an interpreter, in bin/ or Scripts/
            return os.path.dirname(os.path.dirname(path))
        return path
    active = os.environ.get("VIRTUAL_ENV")
    if active and os.path.isdir(active):
        return active
    folder = root
    while folder:
        for name in (".venv", "venv"):
            candidate = os.path.join(folder, name)
            if os.path.isfile(os.path.join(candidate, "pyvenv.cfg")):
                return candidate
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return sys.prefix


@lru_cache(maxsize=64)
def environment(prefix: str) -> tuple[tuple[str, ...], tuple[EntryPoint, ...]]:
    """Return the folders of installed packages of the environment at *prefix*, and the pytest plugins in them."""
    reader = DiskReader()
    sites = site_directories(prefix.replace("\\", "/"), reader)
    return sites, installed_plugins(sites, reader)


@lru_cache(maxsize=64)
def installed_distributions(prefix: str) -> frozenset[str]:
    """Return what is installed in the environment at *prefix*, as modules are called: ``pytest_xdist``."""
    sites, _ = environment(prefix)
    return distributions(sites, DiskReader())
