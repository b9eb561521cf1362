"""What each rule costs.

Facts that rules share are computed for the rule that asks first. To tell a rule's own work from theirs, every handler
is called twice, and what the second call reports is thrown away: by then the facts are known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from testlsp.lint.ruleset import Handlers, RuleSet
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.lint.context import Context
    from testlsp.lint.rule import Rule


class RuleCost(NamedTuple):
    """What one rule cost: seconds of its *own*, seconds of *facts* that it was the first to ask for, and *calls*."""

    code: str
    name: str
    own: float
    facts: float
    calls: int


class Costs:
    """Collects the costs of the rules whose handlers it watches."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._names: dict[str, str] = {}
        self._own: defaultdict[str, float] = defaultdict(float)
        self._first: defaultdict[str, float] = defaultdict(float)
        self._calls: Counter[str] = Counter()

    def by_rule(self) -> list[RuleCost]:
        """Return the costs so far, the dearest first."""
        found = [
            RuleCost(code, name, self._own[code], max(0.0, self._first[code] - self._own[code]), self._calls[code])
            for code, name in self._names.items()
        ]
        return sorted(found, key=lambda cost: (-cost.own, cost.code))

    @property
    def doubled(self) -> float:
        """Seconds that went into calling twice."""
        return sum(self._own.values())

    def watch(self, rules: RuleSet) -> RuleSet:
        """Put a watch around every handler of *rules*, and return them."""
        for rule in rules.rules:
            self._names[rule.code] = rule.name
        for kind, handlers in rules.handlers.items():
            rules.handlers[kind] = Handlers(
                self._watched(handlers.functions),
                {node: self._watched(calls) for node, calls in handlers.nodes.items()},
                {name: self._watched(calls) for name, calls in handlers.calls.items()},
                {effect: self._watched(calls) for effect, calls in handlers.effects.items()},
            )
        return rules

    def _watched(self, calls: list[tuple[Rule, Callable[..., None]]]) -> list[tuple[Rule, Callable[..., None]]]:
        return [(rule, self._timed(rule.code, call)) for rule, call in calls]

    def _timed(self, code: str, call: Callable[..., None]) -> Callable[..., None]:
        own, first, counts = self._own, self._first, self._calls

        def timed(context: Context, subject: Any) -> None:
            began = perf_counter()
            call(context, subject)
            between = perf_counter()
            reported = len(context.diagnostics)
            resumed = perf_counter()
            call(context, subject)
            own[code] += perf_counter() - resumed
            first[code] += between - began
            counts[code] += 1
            del context.diagnostics[reported:]

        return timed
