"""What a report is made of: a finding, where its file is, and which of its fixes would be applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from testlsp.lint import Applicability
from testlsp.project.records import Finding, FixRecord
from testlsp.text.named import NamedTuple

PAGES = "rules/docs"
"""Where the pages about rules lie, relative to the project's home."""


class Entry(NamedTuple):
    """A finding and what is needed to show it.

    *path* is the file as shown to people, *filename* its absolute path. *offered* is the fix that ``--fix`` applies at
    the grade asked for; *hidden* tells that there is none but ``--unsafe-fixes`` would apply one. *text* is the text of
    the file, for reports that show it.
    """

    path: str
    filename: str
    finding: Finding
    offered: FixRecord | None = None
    hidden: bool = False
    text: str | None = None


class Totals(NamedTuple):
    """What a run came to: findings that remain, findings mended, and what could be mended."""

    remaining: int
    fixed: int = 0
    fixable: int = 0
    hidden: int = 0


def entry(
    path: str,
    filename: str,
    finding: Finding,
    threshold: Applicability,
    fixable: Collection[str],
    text: str | None = None,
) -> Entry:
    """Return *finding* of a file as an entry; *fixable* are the codes whose fixes may be applied at all."""
    offered = trusted(finding, threshold) if finding.code in fixable else None
    hidden = offered is None and finding.code in fixable and trusted(finding, Applicability.UNSAFE) is not None
    return Entry(path, filename, finding, offered, hidden, text)


def trusted(finding: Finding, threshold: Applicability) -> FixRecord | None:
    """Return the fix that is applied without asking: the first one that is trusted enough."""
    for fix in finding.fixes:
        if fix.edits != () and Applicability[fix.applicability.upper()] >= threshold:
            return fix
    return None


def totals(entries: Iterable[Entry], fixed: int = 0) -> Totals:
    """Count *entries*, the findings that remain after *fixed* others were mended."""
    remaining = fixable = hidden = 0
    for each in entries:
        remaining += 1
        fixable += each.offered is not None
        hidden += each.hidden
    return Totals(remaining, fixed, fixable, hidden)


def page_address(name: str) -> str:
    """Return the address of the page about the rule *name*."""
    return f"{PAGES}/{name}.md"
