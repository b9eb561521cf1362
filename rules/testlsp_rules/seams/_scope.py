"""Which tests are integration tests."""

from __future__ import annotations

from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.seams import markers


def is_integration_test(ctx: Context, function: Function) -> bool:
    """Whether the path or a mark says so; marks in a conftest do not count, because pytest ignores them there."""
    settings = ctx.settings
    if settings.is_integration_path(ctx.path):
        return True
    wanted = settings.integration_markers
    text = ctx.statement.text
    if "pytestmark" not in ctx.model.names.table and not any(name in text for name in (*wanted, "pytestmark", "mark.")):
        return False
    return not markers(function, ctx.model).isdisjoint(wanted)
