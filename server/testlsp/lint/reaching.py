"""Fixes that reach other functions than the one with the finding: of the same file, or of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from testlsp.lint.diagnostic import Further
from testlsp.text import Edit

if TYPE_CHECKING:
    from testlsp.semantic.functions import Function
    from testlsp.syntax import SourceFile


def in_function(path: str, chain: tuple[str, ...], name: str, build: Callable[[Function], list[Edit]]) -> Further:
    """Return an edit of the function *name*, in the classes *chain* of the file *path*.

    *build* gives edits in offsets of the function's statement. It is refused where there is no such function then.
    """

    def change(file: SourceFile) -> list[Edit]:
        from testlsp.rewrite import CannotRewrite
        from testlsp.semantic.functions import FileRole
        from testlsp.semantic.model import SemanticModel

        function = SemanticModel(file, FileRole.TEST_MODULE).function_named(name, chain)
        if function is None or function.node is None:
            raise CannotRewrite(f"{path} has no function `{name}`")
        start = next(
            start for start, each in zip(file.starts, file.statements, strict=True) if each is function.statement
        )
        return [edit._replace(range=edit.range.shifted(start)) for edit in build(function)]

    return Further(path, change)
