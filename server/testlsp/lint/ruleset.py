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


class Handlers(NamedTuple):
    """What is called in functions of one kind."""

    functions: list[tuple[Rule, Call]]
    nodes: dict[type[ast.AST], list[tuple[Rule, Call]]]
    effects: dict[EffectKind, list[tuple[Rule, Call]]]

    def __bool__(self) -> bool:
        """Whether anything is called at all; if not, such functions are not even walked."""
        return bool(self.functions or self.nodes or self.effects)


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
        """Instantiate *rules* and table their handlers by kind of function."""
        self.rules: tuple[Rule, ...] = tuple(rule() for rule in sorted(rules, key=lambda rule: rule.code))
        own = tuple(RuleKey(rule.code, rule.name, rule.family, rule.default) for rule in self.rules)
        self.catalogue = own if catalogue is None else catalogue
        self.enabled = frozenset(rule.code for rule in self.rules) if enabled is None else enabled
        self.handlers: dict[FunctionKind, Handlers] = {}
        for kind in FunctionKind:
            found = self._handlers(kind)
            if found:
                self.handlers[kind] = found

    def _handlers(self, kind: FunctionKind) -> Handlers:
        functions: list[tuple[Rule, Call]] = []
        nodes: dict[type[ast.AST], list[tuple[Rule, Call]]] = {}
        effects: dict[EffectKind, list[tuple[Rule, Call]]] = {}
        for rule in self.rules:
            for method in _methods(type(rule)):
                wanted = method.__dict__
                call = method.__get__(rule)
                if kind in wanted.get("wants_functions", ()):
                    functions.append((rule, call))
                node_types, kinds = wanted.get("wants_nodes", ((), ()))
                for node_type in node_types if kind in kinds else ():
                    nodes.setdefault(node_type, []).append((rule, call))
                effect_kinds, kinds = wanted.get("wants_effects", ((), ()))
                for effect_kind in effect_kinds if kind in kinds else ():
                    effects.setdefault(effect_kind, []).append((rule, call))
        return Handlers(functions, nodes, effects)


def _methods(rule: type[Rule]) -> list[Any]:
    return [
        member
        for base in rule.__mro__[:-1]
        for member in vars(base).values()
        if callable(member) and any(key.startswith("wants_") for key in getattr(member, "__dict__", ()))
    ]
