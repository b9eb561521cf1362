"""Which rules run on which file, and how loud they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from testlsp.config.selectors import RuleKey, by_rule, enabled, named
from testlsp.config.settings import Settings
from testlsp.lint import Rule, RuleSet, Severity


class Selection(NamedTuple):
    """The rules for one file, severities that differ from the rules' own, and the codes whose fixes may be applied."""

    rules: RuleSet
    severities: dict[str, Severity]
    fixable: frozenset[str]


class Selector:
    """Chooses among *rules*; the same settings and exceptions give the same `RuleSet` object."""

    def __init__(self, rules: Sequence[type[Rule]]) -> None:
        """Choose among *rules*."""
        self.rules = tuple(rules)
        self.keys = tuple(RuleKey(rule.code, rule.name, rule.family, rule.default) for rule in rules)
        self._sets: dict[frozenset[str], RuleSet] = {}
        self._selections: dict[tuple[int, tuple[str, ...]], tuple[Settings, Selection]] = {}

    def for_file(self, path: str, settings: Settings) -> Selection:
        """Return what runs on the absolute *path*."""
        ignored = settings.ignored_in(path) if settings.per_file_ignores else ()
        key = (id(settings), ignored)
        kept = self._selections.get(key)
        if kept is None or kept[0] is not settings:
            kept = self._selections[key] = (settings, self._select(settings, ignored))
        return kept[1]

    def _select(self, settings: Settings, ignored: tuple[str, ...]) -> Selection:
        codes = enabled(self.keys, settings.select, settings.extend_select, settings.ignore)
        if ignored:
            codes -= named(self.keys, ignored)
        rules = self._sets.get(codes)
        if rules is None:
            rules = self._sets[codes] = RuleSet([rule for rule in self.rules if rule.code in codes])
        severities = (
            {code: Severity(word) for code, word in by_rule(self.keys, settings.severity).items()}
            if settings.severity
            else {}
        )
        fixable = (
            named(self.keys, settings.fixable) - named(self.keys, settings.unfixable)
            if settings.unfixable
            else named(self.keys, settings.fixable)
        )
        return Selection(rules, severities, fixable)
