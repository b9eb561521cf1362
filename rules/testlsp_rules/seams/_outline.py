"""How the headings of a docstring are spelt, and in which order they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from testlsp.lint import Context
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._sections import Section, accepted_sets, sections_of

_SIMILAR = 0.88
"""How much of two headings must be the same, as `difflib` measures it: one letter in eight or so may differ."""


class Misspelt(NamedTuple):
    """Something that is meant to be *heading*; *place* counts in the statement's text."""

    written: str
    heading: str
    place: TextRange


def misspelt_headings(ctx: Context, docstring: ast.Expr) -> list[Misspelt]:
    """Return the lines that look like a heading, are none, and resemble one that is missing among others of its set."""
    found: dict[TextRange, Misspelt] = {}
    for headings in accepted_sets(ctx.settings):
        present = {section.heading for section in sections_of(ctx, docstring, headings)}
        # Short words resemble too many others.
        missing = [heading for heading in headings if heading not in present and len(heading) >= 8]
        if present and missing:
            for one in _resembling(ctx, docstring, missing, headings):
                found.setdefault(one.place, one)
    return sorted(found.values(), key=lambda one: one.place.start)


def _resembling(ctx: Context, docstring: ast.Expr, missing: Sequence[str], headings: Sequence[str]) -> list[Misspelt]:
    from difflib import SequenceMatcher

    start, end = ctx.statement.range(docstring)
    known = {heading.lower() for heading in headings}
    found: dict[str, list[Misspelt]] = {}
    for match in _heading_like().finditer(ctx.statement.text, start, end):
        written = match["name"]
        key = " ".join(written.lower().split())
        for heading in missing:
            if key not in known and SequenceMatcher(None, key, heading.lower()).ratio() >= _SIMILAR:
                found.setdefault(heading, []).append(Misspelt(written, heading, TextRange(*match.span("name"))))
                break
    return [several[0] for several in found.values() if len(several) == 1]


def _heading_like() -> re.Pattern[str]:
    return re.compile(
        r"^[ \t]*(?:\#+[ \t]*|[-*][ \t]+)?[*_`]*(?P<name>[A-Za-z]\w*(?:[ \t]+\w+){0,4})[*_`]*[ \t]*(?::|$)",
        re.MULTILINE,
    )


def disordered(ctx: Context, docstring: ast.Expr) -> tuple[list[Section], list[Section]] | None:
    """Return the sections as they stand and as they should stand; None when they are in order.

    Nothing is said of headings that come twice, and of words that only begin a sentence.
    """
    for headings in accepted_sets(ctx.settings):
        found = sections_of(ctx, docstring, headings)
        names = [section.heading for section in found]
        if len(found) < 2 or len(found) <= len(headings) / 2 or len(set(names)) < len(names):
            continue
        text = ctx.statement.text
        if {"Given", "When", "Then"} >= set(headings) and any(text[one.place.end] != ":" for one in found):
            continue
        wanted = sorted(found, key=lambda section: headings.index(section.heading))
        return None if wanted == found else (found, wanted)
    return None


def reordering(ctx: Context, docstring: ast.Expr, found: list[Section], wanted: list[Section]) -> list[Edit] | None:
    """Return the edit that moves sections with all that stands below them; None when more would move than they."""
    text = ctx.statement.text
    literal = ctx.statement.range(docstring)
    quotes = 3 if text[literal.end - 3 : literal.end] in {'"""', "'''"} else 1
    starts = [text.rfind("\n", 0, section.place.start) + 1 for section in found]
    ends = [*starts[1:], literal.end - quotes]
    if starts[0] <= literal.start:
        return None
    indentations = {text[start : section.place.start] for start, section in zip(starts, found, strict=True)}
    blocks = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    if len(indentations) > 1 or any(_holds_another(block, next(iter(indentations))) for block in blocks):
        return None
    contents = {section.heading: block.rstrip() for section, block in zip(found, blocks, strict=True)}
    gaps = [block[len(block.rstrip()) :] for block in blocks]
    new = "".join(contents[section.heading] + gap for section, gap in zip(wanted, gaps, strict=True))
    return [Edit(TextRange(starts[0], ends[-1]), new)]


def _holds_another(block: str, lead: str) -> bool:
    """Whether a section goes on with a heading of another kind, or with a paragraph that need not belong to it."""
    lines = block.splitlines()
    return any(
        line.startswith(lead)
        and line[len(lead) :][:1].isalpha()
        and (not before.strip() or line.rstrip().endswith(":"))
        for before, line in pairwise(lines)
    )
