"""How the headings of a docstring are spelt, and in which order they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from testlsp.lint import Context
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._sections import Section, accepted_sets, sections_of

_Level = TypeVar("_Level", int, str)

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


def mislevelled(ctx: Context, docstring: ast.Expr) -> list[tuple[Section, list[Edit] | None]]:
    """Return the sections whose heading has more or fewer ``#``, or stands deeper, than most others; with the edits.

    The edits are None where it cannot be told what belongs to the section. Given, When and Then begin sentences, too,
    and nothing is said of them, nor where no level has a majority.
    """
    for headings in accepted_sets(ctx.settings):
        if {"Given", "When", "Then"} >= set(headings):
            continue
        found = sections_of(ctx, docstring, headings)
        if len(found) < 3 or len(found) <= len(headings) / 2 or len({one.heading for one in found}) < len(found):
            continue
        text, literal = ctx.statement.text, ctx.statement.range(docstring)
        starts = [text.rfind("\n", 0, one.place.start) + 1 for one in found]
        if starts[0] <= literal.start:
            continue  # the first one stands behind the quotes
        leads = [text[start : one.place.start] for start, one in zip(starts, found, strict=True)]
        return _of_another_depth(text, found, starts, leads, literal.end) or _of_another_number(found, starts, leads)
    return []


def _of_another_number(
    found: list[Section], starts: list[int], leads: list[str]
) -> list[tuple[Section, list[Edit] | None]]:
    """Return the headings with more or fewer ``#`` than most, where all have some."""
    numbers = [lead.count("#") for lead in leads]
    usual = _most(numbers)
    if usual is None or 0 in numbers:
        return []
    wrong: list[tuple[Section, list[Edit] | None]] = []
    for one, start, lead, number in zip(found, starts, leads, numbers, strict=True):
        if number != usual:
            first = start + lead.index("#")
            wrong.append((one, [Edit(TextRange(first, first + number), "#" * usual)]))
    return wrong


def _of_another_depth(
    text: str, found: list[Section], starts: list[int], leads: list[str], end: int
) -> list[tuple[Section, list[Edit] | None]]:
    """Return the headings that stand deeper than most, with the edits that move the whole section."""
    depths = [lead[: len(lead) - len(lead.lstrip())] for lead in leads]
    usual = _most(depths)
    if usual is None:
        return []
    wrong: list[tuple[Section, list[Edit] | None]] = []
    ends = [*starts[1:], end]
    for one, start, stop, depth in zip(found, starts, ends, depths, strict=True):
        if depth == usual or not depth.startswith(usual):
            continue
        edits: list[Edit] | None = []
        position = start
        for line in text[start:stop].splitlines(keepends=True):
            if line.startswith(depth) and edits is not None:
                edits.append(Edit(TextRange(position + len(usual), position + len(depth)), ""))
            elif line.strip() and position + len(line) < end:
                edits = None
            position += len(line)
        wrong.append((one, edits))
    return wrong


def _most(values: Sequence[_Level]) -> _Level | None:
    """Return the value that more than half of *values* have, None when all are equal or no such is."""
    common = max(values, key=values.count)
    return common if len(values) > values.count(common) > len(values) / 2 else None
