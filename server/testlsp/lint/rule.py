"""What a rule is: a class whose docstring is its page, whose examples are its tests, and whose methods find and mend.

A rule states what it wants to see with `on`, `on_effect` and `on_function`; the runner calls it with nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from testlsp.lint.diagnostic import Severity
from testlsp.semantic.functions import FunctionKind

if TYPE_CHECKING:
    from testlsp.lint.examples import Bad, Good
    from testlsp.semantic.effects import EffectKind

Handler = TypeVar("Handler", bound=Callable[..., None])

RUN_BY_PYTEST = frozenset({FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED})
"""Where most rules look: code that runs as part of a test, nested functions included."""


def on(
    *node_types: type[ast.AST], kinds: Collection[FunctionKind] = (FunctionKind.TEST,)
) -> Callable[[Handler], Handler]:
    """Call the method as ``(ctx, node)`` for each node of these types in functions of *kinds*."""

    def mark(method: Handler) -> Handler:
        method.__dict__["wants_nodes"] = (node_types, frozenset(kinds))
        return method

    return mark


def on_call(*names: str, kinds: Collection[FunctionKind] = (FunctionKind.TEST,)) -> Callable[[Handler], Handler]:
    """Call the method as ``(ctx, call)`` for each call in functions of *kinds* of what has one of these last names.

    The name is the one that is written, or the one that it was imported or bound by: for ``sleep``, also ``nap()``
    after ``from time import sleep as nap``. A test makes many calls; a rule that is about a few need not see the rest.
    """

    def mark(method: Handler) -> Handler:
        method.__dict__["wants_calls"] = (names, frozenset(kinds))
        return method

    return mark


def on_effect(*effects: EffectKind, kinds: Collection[FunctionKind] = RUN_BY_PYTEST) -> Callable[[Handler], Handler]:
    """Call the method as ``(ctx, effect)`` for each effect on process state of these kinds in functions of *kinds*."""

    def mark(method: Handler) -> Handler:
        method.__dict__["wants_effects"] = (effects, frozenset(kinds))
        return method

    return mark


def on_function(*kinds: FunctionKind) -> Callable[[Handler], Handler]:
    """Call the method as ``(ctx, function)`` for each function of these kinds."""

    def mark(method: Handler) -> Handler:
        method.__dict__["wants_functions"] = frozenset(kinds)
        return method

    return mark


class Rule:
    """Base of all rules. One rule a module; its name and family follow from the module's name.

    The docstring's first line says what is found, in the third person; then why it matters; then "Fix safety:" whenever
    a fix can be unsafe.
    """

    code: ClassVar[str]
    """``TL101``; never changes its meaning once shipped."""
    since: ClassVar[str]
    """The version that first had it."""
    message: ClassVar[str]
    """The finding in one sentence; a method may report a more telling one."""
    severity: ClassVar[Severity] = Severity.WARNING
    default: ClassVar[bool] = True
    """Whether it is on unless somebody says otherwise."""
    examples: ClassVar[tuple[Bad | Good, ...]]
    options: ClassVar[tuple[str, ...]] = ()
    """Keys of the settings that it reads."""
    ruff: ClassVar[tuple[str, ...]] = ()
    """Rules of ruff that report the same mistake; where the project enables one of them, this rule is silent."""
    related: ClassVar[tuple[str, ...]] = ()
    """Related rules of other linters, for the page: ``"PT011 (ruff)"``."""
    source: ClassVar[str] = ""
    """Where the claim of the page comes from: an address or a citation."""

    words: ClassVar[tuple[str, ...] | None] = None
    """A file that shows none of these has no finding of the rule, which is then not even loaded; () means any file.
    They are words of its text or signs of `testlsp.lint.signs`. Unless a rule says better, they follow from the nodes
    and effects that it asks for."""

    name: ClassVar[str] = ""
    family: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Derive name and family from ``testlsp_rules.<family>.<name>``."""
        super().__init_subclass__(**kwargs)
        parts = cls.__module__.split(".")
        cls.name = parts[-1].replace("_", "-")
        cls.family = parts[-2] if len(parts) > 1 else ""

    @classmethod
    def documentation(cls) -> str:
        """Return the docstring without its indentation."""
        import inspect

        return inspect.cleandoc(cls.__doc__ or "")
