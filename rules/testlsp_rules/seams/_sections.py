"""The sections of a docstring: which headings it has, where, and what stands under them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from testlsp.config.settings import HEADINGS, Settings
from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.text import TextRange


class Section(NamedTuple):
    """A heading, where it is written, and the lines under it; offsets count in the statement's text."""

    heading: str
    place: TextRange
    body: tuple[str, ...]

    @property
    def is_placeholder(self) -> bool:
        """Whether nothing stands there yet, or a mark that something is to be written."""
        placeholder, underline = _patterns()
        lines = [line.strip() for line in self.body if not underline.match(line)]
        said = [text for line in lines if (text := line.lstrip("-*").strip())]
        return not said or any(placeholder.match(line) for line in said)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what matches a placeholder and an underline; made when a docstring is read, not when rules are loaded."""
    words = r"(?:todo|tbd|tba|fixme|xxx)\b"
    blanks = r"(?:\.{3}|…|\?+|<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\})\s*\Z"
    return re.compile(f"{words}|{blanks}", re.IGNORECASE), re.compile(r"\s*[-=~^]{3,}\s*\Z")


def docstring_of(function: Function) -> ast.Expr | None:
    """Return the statement that is the docstring of a function."""
    first = function.node.body[0] if function.node is not None else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def sections_of(ctx: Context, docstring: ast.Expr, headings: Sequence[str]) -> list[Section]:
    """Return the sections of *docstring* whose heading is one of *headings*, in the order in which they stand."""
    start, end = ctx.statement.range(docstring)
    return read_sections(ctx.statement.text[start:end], start, tuple(headings))


def read_sections(literal: str, start: int, headings: tuple[str, ...]) -> list[Section]:
    """Read the text of a string literal that begins at *start*."""
    body = literal.lstrip("rRuUbBfF")
    quotes = 3 if body[:3] in {'"""', "'''"} else 1
    offset = start + len(literal) - len(body) + quotes
    text = body[quotes:-quotes]
    pattern = _heading_pattern(headings)
    names = {_key(heading): heading for heading in headings}
    found: list[tuple[str, TextRange, list[str]]] = []
    for line in text.splitlines(keepends=True):
        match = pattern.match(line)
        if match is not None:
            place = TextRange(offset + match.start("name"), offset + match.end("name"))
            found.append((names[_key(match["name"])], place, [line[match.end() :]]))
        elif found:
            found[-1][2].append(line)
        offset += len(line)
    return [Section(heading, place, tuple(lines)) for heading, place, lines in found]


def _key(heading: str) -> str:
    return " ".join(heading.lower().split())


@lru_cache(maxsize=16)
def _heading_pattern(headings: tuple[str, ...]) -> re.Pattern[str]:
    """Match a heading at the beginning of a line: ``Scope:``, ``## Scope``, ``**Scope**``, ``Scope`` alone.

    Given, When and Then may also begin a sentence: ``When the order is placed``.
    """
    several = "|".join(
        r"\s+".join(map(re.escape, heading.split())) for heading in sorted(headings, key=len, reverse=True)
    )
    return re.compile(
        rf"[ \t]*(?:\#+[ \t]*|[-*][ \t]+)?[*_`]*(?P<name>(?:{several}))[*_`]*[ \t]*(?::[*_`]*|(?=[ \t]*[\r\n]|[ \t]*\Z)|(?<=given)[ \t]|(?<=when)[ \t]|(?<=then)[ \t])",
        re.IGNORECASE,
    )


def accepted_sets(settings: Settings) -> list[tuple[str, ...]]:
    """Return the sets of headings of which a docstring must have one: those of the project first, then the presets."""
    return list(dict.fromkeys((settings.section_headings, *HEADINGS.values())))


def missing_headings(ctx: Context, docstring: ast.Expr) -> tuple[str, ...]:
    """Return the headings that *docstring* lacks, none when it has all of one set.

    It is measured against the set of which it has most; against that of the project unless it has half of another.
    """
    best: tuple[str, ...] = ()
    fewest = 1.0
    for headings in accepted_sets(ctx.settings):
        present = {section.heading for section in sections_of(ctx, docstring, headings)}
        missing = tuple(heading for heading in headings if heading not in present)
        if not missing:
            return ()
        share = len(missing) / len(headings)
        if not best or (share < fewest and share <= 0.5):
            best, fewest = missing, share
    return best


def described_by_class(ctx: Context, function: Function) -> bool:
    """Whether the docstring of a class around the test has all headings of a set and so speaks for its tests."""
    info = function.class_info
    while info is not None:
        first = info.node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            if not missing_headings(ctx, first):
                return True
        info = info.parent
    return False


def seam_section(ctx: Context, docstring: ast.Expr) -> Section | None:
    """Return the section that names the seam, None when there is none or nothing stands there yet."""
    headings = (*HEADINGS["seam"], *ctx.settings.headings)
    for found in sections_of(ctx, docstring, tuple(dict.fromkeys(headings))):
        if not {"seam", "seams", "boundary"}.isdisjoint(found.heading.lower().split()) and not found.is_placeholder:
            return found
    return None
