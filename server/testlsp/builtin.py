"""The one place that imports the rules and hands them to the rest of the program."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

import testlsp_rules
from testlsp.lint import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[type[Rule], ...]:
    """Return every rule, in order of its code. A rule is any `Rule` defined in a public module of a family."""
    found: list[type[Rule]] = []
    for family in pkgutil.iter_modules(testlsp_rules.__path__):
        if not family.ispkg:
            continue
        package = importlib.import_module(f"testlsp_rules.{family.name}")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.startswith("_"):
                continue
            rule_module = importlib.import_module(f"{package.__name__}.{module.name}")
            found += [
                member
                for member in vars(rule_module).values()
                if isinstance(member, type) and issubclass(member, Rule) and member.__module__ == rule_module.__name__
            ]
    return tuple(sorted(found, key=lambda rule: rule.code))
