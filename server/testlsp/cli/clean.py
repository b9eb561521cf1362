"""``testlsp clean``."""

from __future__ import annotations

import os
import shutil

from testlsp.cli.arguments import clean_parser
from testlsp.cli.configured import relative
from testlsp.cli.terminal import Terminal

NAME = ".testlsp_cache"


def clean(arguments: list[str], terminal: Terminal) -> int:
    """Remove every cache folder below the current one and return the exit status."""
    quiet = clean_parser().parse_args(arguments).quiet
    from testlsp.project.configuration import Configuration

    configuration = Configuration()
    settings = configuration.for_folder(configuration.cwd)
    found = {os.path.normpath(os.path.join(settings.root or configuration.cwd, settings.cache_dir))}
    for folder, names, _ in os.walk(configuration.cwd):
        found.update(os.path.join(folder, name) for name in names if name == NAME)
        names[:] = [name for name in names if name not in (NAME, ".git", "node_modules")]
    status = 0
    for folder in sorted(filter(_is_cache, found)):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            terminal.error(f"{relative(folder, configuration.cwd)}: cannot be removed: {error.strerror or error}")
            status = 2
        else:
            if not quiet:
                terminal.note(f"Removed {relative(folder, configuration.cwd)}")
    return status


def _is_cache(folder: str) -> bool:
    """Whether *folder* holds a cache and nothing else: a setting may name a folder by mistake."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return not os.path.islink(folder) and all(name == ".gitignore" or ".db" in name for name in names)
