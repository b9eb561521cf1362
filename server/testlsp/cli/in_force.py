"""``testlsp check --show-settings``: what applies to a file, and where that comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from testlsp.cli.arguments import CheckOptions
from testlsp.cli.configured import Configured, complain, relative
from testlsp.cli.explain import toml
from testlsp.cli.terminal import Terminal
from testlsp.config.settings import Settings, show
from testlsp.lint.library import AnyRule
from testlsp.project.configuration import Configuration
from testlsp.project.rules import Selector


def show_settings(options: CheckOptions, setup: Configured, rules: Sequence[AnyRule], terminal: Terminal) -> int:
    """Show the settings for each path (a file, or a folder for the files in it) and return the exit status."""
    configuration = setup.configuration
    selector = Selector(rules)
    shown: list[tuple[str, Settings, list[str]]] = []
    for path in options.paths or ["."]:
        absolute = os.path.normpath(os.path.join(configuration.cwd, path))
        inside = os.path.join(absolute, "conftest.py") if os.path.isdir(absolute) else absolute
        settings = configuration.for_file(inside)
        codes = sorted(selector.for_file(inside, settings).codes)
        shown.append((path, settings, codes))
    failed = complain(setup, rules, terminal)
    if options.output_format == "json":
        terminal.write(json.dumps([_as_object(*each) for each in shown], indent=2) + "\n")
    else:
        terminal.write("\n".join(_as_text(*each, configuration) for each in shown))
    return 2 if failed else 0


def _as_object(path: str, settings: Settings, codes: list[str]) -> dict[str, object]:
    return {
        "path": path,
        "root": settings.root,
        "pytest": {"rootdir": settings.pytest.rootdir, "inifile": settings.pytest.inifile or None},
        "ruff": None if settings.ruff is None else settings.ruff.path,
        "rules": codes,
        "settings": {info.key: {"value": value, "source": source} for info, value, source in show(settings)},
    }


def _as_text(path: str, settings: Settings, codes: list[str], configuration: Configuration) -> str:
    cwd = configuration.cwd
    lines = [
        f"# {path}",
        f"# globs belong to: {settings.root}",
        f"# pytest's rootdir: {settings.pytest.rootdir}",
        f"# pytest's configuration: {relative(settings.pytest.inifile, cwd) or 'none'}",
        f"# ruff's configuration: {relative(settings.ruff.path, cwd) if settings.ruff else 'none'}",
        f"# rules: {' '.join(codes) or 'none'}",
    ]
    for info, value, source in show(settings):
        origin = ", ".join(relative(part, cwd) for part in source.split(", "))
        lines.append(f"{info.key} = {toml(value)}  # {origin}")
    return "\n".join(lines) + "\n"
