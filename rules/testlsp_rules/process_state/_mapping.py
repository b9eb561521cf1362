"""How items are set in a mapping that belongs to everybody: `sys.modules`, `dependency_overrides`."""

from __future__ import annotations

import ast
from collections.abc import Callable

from testlsp.lint import Context
from testlsp.semantic.effects import Effect


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


def patch_dict(ctx: Context, effect: Effect) -> tuple[str, Callable[[], str]]:
    """Return title and line of the fix that sets the items with pytest-mock."""

    def line() -> str:
        assert effect.container is not None
        assert effect.value is not None
        value = ctx.source_of(effect.value)
        new = value if effect.key is None else f"{{{ctx.source_of(effect.key)}: {value}}}"
        return f"mocker.patch.dict({ctx.source_of(effect.container)}, {new})"

    return "Use `mocker.patch.dict`", line
