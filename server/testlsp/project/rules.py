"""Which rules run on which file, and how loud they are."""

from __future__ import annotations

from collections.abc import Sequence

from testlsp.config.selectors import by_rule, enabled, named
from testlsp.config.settings import Settings
from testlsp.lint.diagnostic import Severity
from testlsp.lint.library import AnyRule, RuleLibrary
from testlsp.lint.ruleset import RuleSet
from testlsp.lint.signs import Signs
from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple


class Selection(NamedTuple):
    """The rules for one file, severities that differ from the rules' own, and the codes whose fixes may be applied."""

    library: RuleLibrary
    codes: frozenset[str]
    severities: dict[str, Severity]
    fixable: frozenset[str]

    @property
    def rules(self) -> RuleSet:
        """All rules of the selection, loaded."""
        return self.library.ruleset(self.codes)

    def rules_for(self, model: SemanticModel, settings: Settings) -> RuleSet:
        """Return the rules of the selection that may find something in a file; others may be among them."""
        return self.library.ruleset(self.codes, Signs(model, settings).show)


class Selector:
    """Chooses among *rules*; the same settings and exceptions give the same `Selection`."""

    def __init__(self, rules: Sequence[AnyRule]) -> None:
        """Choose among *rules*, loaded or not."""
        self.library = RuleLibrary(rules)
        self.rules = self.library.rules
        self.keys = self.library.keys
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
        severities = {code: Severity(word) for code, word in by_rule(self.keys, settings.severity).items()}
        fixable = named(self.keys, settings.fixable) - named(self.keys, settings.unfixable)
        return Selection(self.library, codes, severities, fixable)
