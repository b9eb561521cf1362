"""How items are set in a mapping that belongs to everybody: `sys.modules`, `dependency_overrides`."""

from __future__ import annotations

import ast
from collections.abc import Callable

from testlsp.lint import Context
from testlsp.semantic.effects import Effect, effects_of

from testlsp_rules.process_state._forms import Patch


def set_items(ctx: Context, effect: Effect) -> Callable[[], list[str]] | None:
    """Return what makes the statements that set, with ``monkeypatch``, the items that *effect* sets; None if unknown."""
    container, key, value = effect.container, effect.key, effect.value
    if container is None or value is None:
        return None
    mapping = ctx.source_of(container)
    if effect.method == "setitem" and key is not None:
        pairs = [(key, value)]
    elif effect.method == "update" and isinstance(value, ast.Dict) and not getattr(effect.node, "keywords", ()):
        pairs = [(name, item) for name, item in zip(value.keys, value.values, strict=True) if name is not None]
        if not pairs or len(pairs) != len(value.keys):
            return None  # ``**others``
    else:
        return None
    return lambda: [
        f"monkeypatch.setitem({mapping}, {ctx.source_of(name)}, {ctx.source_of(item)})" for name, item in pairs
    ]


def patch_dict(ctx: Context, effect: Effect) -> Patch:
    """Return how ``patch.dict`` sets the items that *effect* sets, or puts back what it takes out.

    ``patch.dict`` restores the whole mapping, also what was in it before only because the function had put it there. So
    it begins with the first change.
    """
    container, key, value = effect.container, effect.key, effect.value
    earlier = next(
        (
            other.node
            for other in effects_of(effect.function, ctx.model)
            if other.kind is effect.kind and other.target == effect.target and other.position < effect.position
        ),
        None,
    )
    group = f"{effect.target} in {effect.function.name}"
    if earlier is not None or container is None or value is None or effect.method not in {"setitem", "update"}:
        return Patch("dict", lambda: ctx.source_of(container) if container is not None else "", True, earlier, group)

    def arguments() -> str:
        new = ctx.source_of(value) if key is None else f"{{{ctx.source_of(key)}: {ctx.source_of(value)}}}"
        return f"{ctx.source_of(container)}, {new}"

    return Patch("dict", arguments, group=group)
