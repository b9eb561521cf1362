"""Whether a text is Python to somebody else than the running interpreter."""

from __future__ import annotations


def parses_in_any_version(text: str) -> bool:
    """Whether LibCST, which brings its own grammar, parses *text*. Importing it costs a quarter of a second."""
    import libcst

    try:
        libcst.parse_module(text)
    except (libcst.ParserSyntaxError, RecursionError, ValueError):
        return False
    return True
