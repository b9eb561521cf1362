"""Where the comments of a text are, found without a tree: the text may be broken, and most hold none worth reading."""

from __future__ import annotations

from collections.abc import Iterator

from testlsp.syntax.recovery import _TOKEN
from testlsp.text import TextRange


def comments(text: str) -> Iterator[TextRange]:
    """Yield the range of each comment, from ``#`` to the end of its line; a ``#`` inside a string begins none."""
    for token in _TOKEN.finditer(text):
        start = token.start()
        if text[start] == "#":
            yield TextRange(start, token.end())


def strings(text: str) -> Iterator[TextRange]:
    """Yield the range of each string literal, without its prefix."""
    for token in _TOKEN.finditer(text):
        if text[token.start()] != "#":
            yield TextRange(*token.span())
