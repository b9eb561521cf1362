"""From options to a configuration: what the command line adds to the files, and what is wrong with either."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from testlsp.cli.arguments import CheckOptions
from testlsp.cli.terminal import Terminal
from testlsp.config.load import Layer, parse_override
from testlsp.config.problems import ConfigProblem
from testlsp.config.selectors import RuleKey
from testlsp.lint.library import AnyRule
from testlsp.project.configuration import Configuration
from testlsp.text.named import NamedTuple

COMMAND_LINE = "command line"


class Configured(NamedTuple):
    """A configuration and what was wrong on the command line."""

    configuration: Configuration
    problems: tuple[ConfigProblem, ...]


def configured(options: CheckOptions) -> Configured:
    """Return the configuration that *options* ask for."""
    cwd = os.getcwd()
    files = [each for each in options.config if "=" not in each or os.path.isfile(each)]
    layers: list[Layer] = []
    problems: list[ConfigProblem] = []
    for each in options.config:
        if each not in files:
            loaded = parse_override(each, cwd)
            problems += loaded.problems
            layers += [loaded.layer] if loaded.layer is not None else []
    for each in files[1:]:
        problems.append(
            ConfigProblem(COMMAND_LINE, 0, "config", f"only one configuration file can be given, not `{each}` too")
        )
    values = _values(options)
    if values:
        layers.append(Layer(COMMAND_LINE, cwd, values))
    configuration = Configuration(
        cwd=cwd, overrides=layers, config_file=files[0] if files else None, isolated=options.isolated
    )
    return Configured(configuration, tuple(problems))


def _values(options: CheckOptions) -> dict[str, Any]:
    """Return the settings that options of their own set, by field name."""
    values: dict[str, Any] = {
        name: value
        for name in ("select", "extend_select", "ignore", "exclude")
        if (value := getattr(options, name)) is not None
    }
    if options.per_file_ignores is not None:
        table: dict[str, list[str]] = {}
        for glob, selector in options.per_file_ignores:
            table.setdefault(glob, []).append(selector)
        values["per_file_ignores"] = table
    if options.force_exclude:
        values["force_exclude"] = True
    return values


def complain(wrong: Configured, rules: Sequence[AnyRule], terminal: Terminal) -> bool:
    """Say what is wrong with the configuration, as far as it has been read; return whether the run must end.

    It must for our own settings: a misspelt `ignore` or `unfixable` would report, or change, what nobody asked for.
    What is wrong in the files of pytest and ruff is theirs to refuse.
    """
    keys = [RuleKey(rule.code, rule.name, rule.family, rule.default) for rule in rules]
    configuration = wrong.configuration
    problems = dict.fromkeys((*wrong.problems, *configuration.problems, *configuration.unknown_selectors(keys)))
    fatal = False
    for problem in problems:
        ours = _is_ours(problem, configuration)
        fatal = fatal or ours
        shown = str(problem._replace(path=relative(problem.path, configuration.cwd)))
        if ours:
            terminal.error(shown)
        else:
            terminal.warning(shown)
    return fatal


def _is_ours(problem: ConfigProblem, configuration: Configuration) -> bool:
    """Whether settings of testlsp are concerned, and not only those of pytest or ruff."""
    name = os.path.basename(problem.path)
    explicit = configuration.config_file
    if (
        problem.path == COMMAND_LINE
        or name == "testlsp.toml"
        or (explicit and _same(problem.path, explicit, configuration.cwd))
    ):
        return True
    if name != "pyproject.toml" or configuration.isolated:
        return False
    if problem.key:
        from testlsp.config.settings import key_of, setting_names

        head = problem.message.partition("`")[2]
        return "unknown setting" in problem.message or head.startswith(tuple(map(key_of, setting_names())))
    try:
        with open(problem.path, encoding="utf-8", errors="replace") as file:
            return "tool.testlsp" in file.read()
    except OSError:
        return True


def _same(path: str, other: str, cwd: str) -> bool:
    return os.path.normpath(os.path.join(cwd, path)) == os.path.normpath(os.path.join(cwd, other))


def relative(path: str, cwd: str) -> str:
    """Return *path* as shown to people: relative to *cwd* if it lies below it."""
    prefix = cwd.rstrip(os.sep) + os.sep
    return path[len(prefix) :] if path.startswith(prefix) else path


def default_paths(configuration: Configuration) -> list[str]:
    """Return what to check when nothing is named.

    That is pytest's testpaths where pytest would use them, else the current folder.
    """
    pytest = configuration.for_folder(configuration.cwd).pytest
    if not pytest.testpaths or pytest.rootdir != configuration.cwd:
        return ["."]
    return sorted(_existing(pytest.testpaths, configuration.cwd)) or ["."]


def _existing(paths: Iterable[str], cwd: str) -> set[str]:
    """Return the paths there are; pytest takes each of its testpaths for a glob."""
    found: set[str] = set()
    for path in paths:
        if os.path.exists(os.path.join(cwd, path)):
            found.add(path)
        else:
            from glob import glob

            found.update(glob(path, root_dir=cwd, recursive=True))
    return found


def cache_folder(options: CheckOptions, configuration: Configuration) -> str | None:
    """Return the absolute folder where results are kept, None for nowhere."""
    if options.no_cache:
        return None
    if options.cache_dir:
        return os.path.abspath(options.cache_dir)
    settings = configuration.for_folder(configuration.cwd)
    return os.path.normpath(os.path.join(settings.root or configuration.cwd, settings.cache_dir))
