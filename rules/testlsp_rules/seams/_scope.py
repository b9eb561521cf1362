"""Which tests are integration tests."""

from __future__ import annotations

from functools import lru_cache

from testlsp.config.globs import path_matcher
from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.seams import markers


def is_integration_test(ctx: Context, function: Function) -> bool:
    """Whether the path or a mark says so; marks in a conftest do not count, because pytest ignores them there."""
    settings = ctx.settings
    if _is_below(settings.integration_paths, settings.root, ctx.path):
        return True
    # Most files hold no mark at all, and most statements of the others neither.
    if "pytestmark" not in ctx.model.names.table and not _may_be_marked(ctx):
        return False
    return not markers(function, ctx.model).isdisjoint(settings.integration_markers)


@lru_cache(maxsize=64)
def _is_below(globs: tuple[str, ...], root: str, path: str) -> bool:
    return path_matcher(globs, root)(path)


def _may_be_marked(ctx: Context) -> bool:
    """Whether the statement speaks of marks, or could use one that is kept in a variable."""
    kept = ctx.statement.memo.get("marked")
    if kept is None:
        text = ctx.statement.text
        kept = ctx.statement.memo["marked"] = "@" in text or "pytestmark" in text
    return bool(kept)
