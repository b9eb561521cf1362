"""Which tests are integration tests: by the settings that name their folders and marks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from testlsp.config.globs import path_matcher
from testlsp.semantic.functions import Function
from testlsp.semantic.seams import has_mark

if TYPE_CHECKING:
    from testlsp.lint.context import Context


def is_integration_test(ctx: Context, function: Function) -> bool:
    """Whether the path or a mark says so; marks in a conftest do not count, because pytest ignores them there."""
    settings = ctx.settings
    return is_integration_path(ctx, ctx.path) or has_mark(function, ctx.model, settings.integration_markers)


def is_integration_path(ctx: Context, path: str) -> bool:
    """Whether *path* lies where the tests are integration tests."""
    return _is_below(ctx.settings.integration_paths, ctx.settings.root, path)


@lru_cache(maxsize=1024)
def _is_below(globs: tuple[str, ...], root: str, path: str) -> bool:
    return path_matcher(globs, root)(path)
