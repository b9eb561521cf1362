"""The rules there are, known by what choosing needs, and loaded when a file might have findings of them.

Loading a hundred modules takes longer than checking a small file. So each rule says which words or other signs a file
must show for the rule to find anything in it, an index keeps that, and a rule is loaded with the first file that shows
one of its signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Union

from testlsp.config.selectors import RuleKey
from testlsp.lint.rule import Rule
from testlsp.lint.ruleset import RuleSet
from testlsp.lint.signs import effect_sign
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.lint.costs import Costs


class RuleEntry(NamedTuple):
    """A rule that need not be loaded: what selectors name, the module that holds it, and its words (none: any text)."""

    code: str
    name: str
    family: str
    default: bool
    module: str
    words: tuple[str, ...]

    def load(self) -> type[Rule]:
        """Import the rule."""
        import importlib

        module = importlib.import_module(self.module)
        return next(
            member
            for member in vars(module).values()
            if isinstance(member, type) and issubclass(member, Rule) and vars(member).get("code") == self.code
        )


AnyRule = Union[RuleEntry, "type[Rule]"]
"""A rule, loaded or not; both have a code, a name, a family and a default."""


def key_of(rule: AnyRule) -> RuleKey:
    """Return what selectors can name of *rule*."""
    return RuleKey(rule.code, rule.name, rule.family, rule.default)


class RuleLibrary:
    """All rules of a program. The sets it gives only ever grow, so that a few of them serve any number of files."""

    def __init__(self, rules: Sequence[AnyRule]) -> None:
        """Hold *rules*; nothing is loaded yet."""
        self.rules = tuple(sorted(rules, key=lambda rule: rule.code))
        self.keys = tuple(key_of(rule) for rule in self.rules)
        self._loaded: dict[str, type[Rule]] = {rule.code: rule for rule in self.rules if isinstance(rule, type)}
        self._sets: dict[frozenset[str], tuple[RuleSet, list[RuleEntry]]] = {}
        self._asked = 0
        self.costs: Costs | None = None
        """What watches the rules of all sets made from now on, if anything does."""

    def loaded(self, codes: Iterable[str] | None = None) -> tuple[type[Rule], ...]:
        """Load and return the rules of *codes*, all by default, in order of their codes."""
        wanted = {rule.code for rule in self.rules} if codes is None else set(codes)
        for rule in self.rules:
            if rule.code in wanted and rule.code not in self._loaded:
                assert isinstance(rule, RuleEntry)
                self._loaded[rule.code] = rule.load()
        return tuple(self._loaded[rule.code] for rule in self.rules if rule.code in wanted)

    def ruleset(self, codes: frozenset[str], shows: Callable[[str], bool] | None = None) -> RuleSet:
        """Return the rules of *codes*, at least those that may find something in a file; None: all.

        *shows* tells which signs the file shows (see `testlsp.lint.signs`).
        """
        kept = self._sets.get(codes)
        if kept is None:
            waiting = [rule for rule in self.rules if rule.code in codes and isinstance(rule, RuleEntry)]
            kept = self._sets[codes] = (self._made(codes, waiting), waiting)
        rules, waiting = kept
        if not waiting:
            return rules
        self._asked += 1
        staying: list[RuleEntry] = []
        if shows is not None and self._asked < _MANY:
            shown = {sign for sign in {sign for rule in waiting for sign in rule.words} if shows(sign)}
            staying = [rule for rule in waiting if rule.words and shown.isdisjoint(rule.words)]
        if len(staying) < len(waiting):
            rules = self._made(codes, staying)
            self._sets[codes] = (rules, staying)
        return rules

    def _made(self, codes: frozenset[str], waiting: list[RuleEntry]) -> RuleSet:
        rules = RuleSet(self.loaded(codes - {rule.code for rule in waiting}), self.keys, codes)
        return rules if self.costs is None else self.costs.watch(rules)


_MANY = 30
"""In a run over so many files, looking for signs in each costs more than loading what is left."""


def words_of(rule: type[Rule]) -> tuple[str, ...]:
    """Return the signs of which a file must show one for *rule* to find anything; none when any file may do.

    A rule that does not say so has those of the nodes and effects that it asks for.
    """
    if rule.words is not None:
        return rule.words
    words: set[str] = set()
    for member in (member for base in rule.__mro__[:-1] for member in vars(base).values()):
        wanted = getattr(member, "__dict__", {}) if callable(member) else {}
        if "wants_functions" in wanted:
            return ()
        words.update(wanted.get("wants_calls", ((), ()))[0])
        for node_type in wanted.get("wants_nodes", ((), ()))[0]:
            if node_type.__name__ not in _NODE_WORDS:
                return ()
            words.update(_NODE_WORDS[node_type.__name__])
        for effect in wanted.get("wants_effects", ((), ()))[0]:
            words.update(_EFFECT_WORDS.get(effect.resource, (effect_sign(effect.resource),)))
    return tuple(sorted(words))


# Every node of the type is written with one of these.
_NODE_WORDS = {
    "Assert": ("assert",),
    "Try": ("try",),
    "TryStar": ("try",),
    "With": ("with",),
    "AsyncWith": ("with",),
    "Global": ("global",),
    "Raise": ("raise",),
    "Delete": ("del",),
    "Await": ("await",),
    "Yield": ("yield",),
}
# Every effect on the resource is written with one of these, also through an alias, which is bound by such a word.
_EFFECT_WORDS = {
    "os.environ": ("environ", "putenv", "unsetenv"),
    "sys.path": ("path",),
    "cwd": ("chdir",),
    "sys.modules": ("modules",),
    "dependency_overrides": ("dependency_overrides",),
    "patch": ("patch",),
}
