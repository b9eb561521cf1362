"""The one place that imports the rules and hands them to the rest of the program."""

from __future__ import annotations

import importlib
import os
from functools import lru_cache

import testlsp_rules

from testlsp.lint import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[type[Rule], ...]:
    """Return every rule, in order of its code. A rule is any `Rule` defined in a public module of a family."""
    found: list[type[Rule]] = []
    for folder in testlsp_rules.__path__:
        for family in _modules(folder, packages=True):
            for name in _modules(os.path.join(folder, family)):
                module = importlib.import_module(f"testlsp_rules.{family}.{name}")
                found += [
                    member
                    for member in vars(module).values()
                    if isinstance(member, type) and issubclass(member, Rule) and member.__module__ == module.__name__
                ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def _modules(folder: str, packages: bool = False) -> list[str]:
    """Return the public modules, or packages, in *folder*. Not `pkgutil`, which imports `inspect` for it."""
    ending = "" if packages else ".py"
    return sorted(
        name.removesuffix(ending)
        for name in os.listdir(folder)
        if name.endswith(ending) and "." not in name.removesuffix(ending) and not name.startswith("_")
    )
