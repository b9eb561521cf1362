"""A set of rules, arranged by what they want to see."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from testlsp.config.selectors import RuleKey
from testlsp.lint.rule import Rule
from testlsp.semantic.functions import FunctionKind
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.lint.context import Context
    from testlsp.semantic.effects import EffectKind

Call = Callable[["Context", Any], None]


CallTable = dict[str, "list[tuple[Rule, Call]]"]
"""What is called for a call, by the last name of what it calls."""


class Handlers(NamedTuple):
    """What is called in functions of one kind."""

    functions: list[tuple[Rule, Call]]
    nodes: dict[type[ast.AST], list[tuple[Rule, Call]]]
    calls: CallTable
    effects: dict[EffectKind, list[tuple[Rule, Call]]]


class RuleSet:
    """Rules that run together.

    *catalogue* names all rules there are, *enabled* those that are on: the ones that are on and not in the set cannot
    find anything in the text at hand.
    """

    __slots__ = ("catalogue", "enabled", "handlers", "rules")

    def __init__(
        self,
        rules: Iterable[type[Rule]],
        catalogue: tuple[RuleKey, ...] | None = None,
        enabled: frozenset[str] | None = None,
    ) -> None:
        """Table the handlers of *rules* by kind of function."""
        prepared = [_prepared(rule) for rule in sorted(rules, key=lambda rule: rule.code)]
        self.rules: tuple[Rule, ...] = tuple(rule for rule, _ in prepared)
        if catalogue is None:
            catalogue = tuple(RuleKey(rule.code, rule.name, rule.family, rule.default) for rule in self.rules)
        self.catalogue = catalogue
        self.enabled = frozenset(rule.code for rule in self.rules) if enabled is None else enabled
        self.handlers: dict[FunctionKind, Handlers] = {}
        for rule, wishes in prepared:
            for kind, table, key, call in wishes:
                handlers = self.handlers.get(kind)
                if handlers is None:
                    handlers = self.handlers[kind] = Handlers([], {}, {}, {})
                if table == "functions":
                    handlers.functions.append((rule, call))
                elif table == "nodes":
                    handlers.nodes.setdefault(key, []).append((rule, call))
                elif table == "calls":
                    handlers.calls.setdefault(key, []).append((rule, call))
                else:
                    handlers.effects.setdefault(key, []).append((rule, call))


class _Wish(NamedTuple):
    """In functions of *kind*, *call* wants the function itself, or nodes, calls or effects of the sort *key*."""

    kind: FunctionKind
    table: str
    key: Any
    call: Call


_PREPARED: dict[type[Rule], tuple[Rule, tuple[_Wish, ...]]] = {}


def _prepared(rule: type[Rule]) -> tuple[Rule, tuple[_Wish, ...]]:
    """Return an instance of *rule*, which has no state, and what its handlers want; worked out once."""
    if rule in _PREPARED:
        return _PREPARED[rule]
    made = rule()
    wishes: list[_Wish] = []
    for method in _methods(rule):
        call = method.__get__(made)
        wanted = method.__dict__
        wishes += [_Wish(kind, "functions", None, call) for kind in wanted.get("wants_functions", ())]
        for table in ("nodes", "calls", "effects"):
            keys, kinds = wanted.get(f"wants_{table}", ((), ()))
            wishes += [_Wish(kind, table, key, call) for kind in kinds for key in keys]
    _PREPARED[rule] = made, tuple(wishes)
    return _PREPARED[rule]


def _methods(rule: type[Rule]) -> list[Any]:
    return [
        member
        for base in rule.__mro__[:-1]
        for member in vars(base).values()
        if callable(member) and any(key.startswith("wants_") for key in getattr(member, "__dict__", ()))
    ]
