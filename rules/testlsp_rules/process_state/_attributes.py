"""How the attribute of something that others share is replaced so that it is put back."""

from __future__ import annotations

import ast

from testlsp.lint import Applicability, Context, Fix
from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.imported_objects import surely_exists

from testlsp_rules.process_state._forms import Patch, monkeypatched


def shown(ctx: Context, effect: Effect) -> str:
    """Return the attribute as the file writes it: ``config.DEBUG``."""
    assert effect.container is not None
    assert effect.target is not None
    return f"{ctx.source_of(effect.container)}.{effect.target.rpartition('.')[2]}"


def setattr_fixes(ctx: Context, effect: Effect, *, certain: bool = True) -> list[Fix]:
    """Return the fix that replaces the attribute for a while; unsafe unless *certain* and the attribute exists."""
    assert effect.container is not None
    assert effect.target is not None
    if any(
        other.method == "delattr" and other.target == effect.target for other in effects_of(effect.function, ctx.model)
    ):
        if effect.method != "delattr":
            return []  # monkeypatch would fail to delete at the end what the test has deleted itself
    owner, attribute = ctx.source_of(effect.container), effect.target.rpartition(".")[2]
    exists = surely_exists(effect)
    raising = "" if exists else ", raising=False"
    grade = Applicability.SAFE if certain and exists and effect.method != "augment" else Applicability.UNSAFE
    value, whole = effect.value, effect.whole
    if effect.method == "augment":
        if not isinstance(effect.node, ast.AugAssign) or not isinstance(effect.node.op, ast.Add):
            return []
        whole = effect.node
    elif effect.method != "delattr" and value is None:
        return []

    def replacement() -> str:
        assert value is not None
        text = ctx.source_of(value)
        if effect.method == "augment":
            return f"{owner}.{attribute} + ({text})"
        return f"({text})" if isinstance(value, ast.Tuple) and not text.startswith("(") else text

    def lines() -> str:
        if value is None:
            return f'monkeypatch.delattr({owner}, "{attribute}")'
        return f'monkeypatch.setattr({owner}, "{attribute}", {replacement()}{raising})'

    def arguments() -> str:
        if value is None:
            return f'{owner}, "{attribute}"'
        create = "" if exists else ", create=True"
        return f'{owner}, "{attribute}", {replacement()}{create}'

    method = "setattr" if value is not None else "delattr"
    return monkeypatched(
        ctx,
        effect,
        f"Use `monkeypatch.{method}`",
        lines,
        grade,
        lambda: f'setattr, {owner}, "{attribute}", {owner}.{attribute}' if exists else None,
        whole,
        Patch("object", arguments, stays=value is None),
    )
