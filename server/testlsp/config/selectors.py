"""Which rules a set of selectors names.

A selector is a code ("TL101"), a name ("environ-setitem"), the beginning of a code ("TL", "TL1", "TL10"), a family
("environ"), `ALL`, or `DEFAULT` for the rules that are on by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from testlsp.config.problems import ConfigProblem, unknown
from testlsp.config.settings import key_of
from testlsp.text.named import NamedTuple

T = TypeVar("T")

# Family (name of the folder of its rules) by the beginning of its codes.
FAMILIES = {
    "TL1": "environ",
    "TL2": "process_state",
    "TL3": "assertions",
    "TL4": "fixtures",
    "TL5": "seams",
    "TL6": "flakiness",
    "TL9": "suppressions",
}


class RuleKey(NamedTuple):
    """What a selector can name of a rule."""

    code: str
    name: str
    family: str
    default: bool


def specificity(selector: str, rule: RuleKey) -> int:
    """Return how exactly *selector* names *rule*, -1 if it does not.

    Anything (0) < the default set < a family or a prefix (by length) < the rule itself. Underscores and hyphens count
    as the same in names.
    """
    if selector == "ALL":
        return 0
    if selector == "DEFAULT":
        return 1 if rule.default else -1
    if selector.startswith("TL"):
        if selector == rule.code:
            return 100
        return len(selector) if rule.code.startswith(selector) else -1
    plain = selector.replace("_", "-")
    if plain == rule.name.replace("_", "-"):
        return 100
    return len("TL1") if plain == rule.family.replace("_", "-") else -1


def _best(selectors: Iterable[str], rule: RuleKey) -> int:
    return max((specificity(selector, rule) for selector in selectors), default=-1)


def enabled(
    rules: Iterable[RuleKey], select: Sequence[str], extend_select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> frozenset[str]:
    """Return the codes of the *rules* to run: the more specific selector wins, of equal ones *ignore*."""
    wanted = (*select, *extend_select)
    return frozenset(rule.code for rule in rules if _best(wanted, rule) > _best(ignore, rule))


def named(rules: Iterable[RuleKey], selectors: Sequence[str]) -> frozenset[str]:
    """Return the codes of the *rules* that one of *selectors* names, as for `per-file-ignores` or a suppression."""
    return frozenset(rule.code for rule in rules if _best(selectors, rule) >= 0)


def by_rule(rules: Iterable[RuleKey], table: Sequence[tuple[str, T]]) -> dict[str, T]:
    """Return, by code, the value that the most specific selector of *table* gives; of equal ones the last."""
    chosen: dict[str, T] = {}
    for rule in rules:
        best = -1
        for selector, value in table:
            exactness = specificity(selector, rule)
            if exactness >= max(best, 0):
                best = exactness
                chosen[rule.code] = value
    return chosen


def is_known(selector: str, rules: Sequence[RuleKey]) -> bool:
    """Whether *selector* names something: a rule of *rules*, a family of the catalogue, or a set."""
    if selector in ("ALL", "DEFAULT", "TL") or selector in FAMILIES or selector.replace("-", "_") in FAMILIES.values():
        return True
    return any(specificity(selector, rule) >= 0 for rule in rules)


_LISTS = ("select", "extend_select", "ignore", "fixable", "unfixable")


def selector_uses(values: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return pairs of key and selectors for all selectors in *values*, those of a layer (by field name)."""
    uses = [(key_of(name), list(values[name])) for name in _LISTS if name in values]
    tables = {name: dict(values.get(name, {})) for name in ("per_file_ignores", "severity")}
    uses += [("per-file-ignores", list(selectors)) for selectors in tables["per_file_ignores"].values()]
    return [*uses, ("severity", list(tables["severity"]))]


def unknown_selectors(
    uses: Iterable[tuple[str, Iterable[str]]], rules: Sequence[RuleKey], place: Callable[[str], tuple[str, int]]
) -> list[ConfigProblem]:
    """Return a problem for each selector that names nothing.

    *uses* are pairs of key and selectors, as `selector_uses` gives them; *place* tells the file and line of a key.
    """
    words = [word for rule in rules for word in (rule.code, rule.name)]
    words += [*FAMILIES.values(), "ALL", "DEFAULT"]
    return [
        ConfigProblem(*place(key), key, f"`{key}`: " + unknown("rule", selector, words))
        for key, selectors in uses
        for selector in dict.fromkeys(selectors)
        if not is_known(selector, rules)
    ]
