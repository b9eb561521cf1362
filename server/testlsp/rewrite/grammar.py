"""Whether a text is Python to somebody else than the running interpreter."""

from __future__ import annotations


def parses_in_any_version(text: str) -> bool:
    """Whether LibCST, which brings its own grammar, parses *text*. Importing it costs a quarter of a second.

    What the grammar took and the tree refuses is a mistake in any version (``"a" b"b"``), or something that the tree
    does not know yet, though the grammar does (``t"a" t"b"``).
    """
    import libcst

    try:
        libcst.parse_module(text)
    except libcst.CSTLogicError:
        return True
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError, ValueError):
        return False
    return True
