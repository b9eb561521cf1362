"""The end of a report: what was found, what was mended, and what else could be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from testlsp.report.entries import Entry, Totals
from testlsp.report.styles import PLAIN, Style


def summary(counted: Totals, style: Style = PLAIN, *, unsafe: bool = False) -> Iterator[str]:
    """Yield the closing lines of a check; *unsafe* says that unsafe fixes were asked for."""
    found = counted.remaining + counted.fixed
    if not found:
        yield style.paint("All checks passed!", "green") + "\n"
        return
    if counted.fixed:
        yield f"Found {findings(found)} ({counted.fixed} fixed, {counted.remaining} remaining).\n"
    else:
        yield f"Found {findings(found)}.\n"
    if counted.fixable and not counted.fixed:
        hidden = "" if unsafe else _hidden(counted.hidden)
        yield f"[{style.paint('*', 'cyan')}] {counted.fixable} fixable with the `--fix` option{hidden}.\n"
    elif counted.hidden and not unsafe:
        yield f"No fixes available{_hidden(counted.hidden)}.\n"


def _hidden(number: int) -> str:
    if not number:
        return ""
    fixes = "fix" if number == 1 else "fixes"
    return f" ({number} hidden {fixes} can be enabled with the `--unsafe-fixes` option)"


def findings(number: int) -> str:
    """Return *number* with its noun."""
    return f"{number} finding" if number == 1 else f"{number} findings"


def statistics(entries: Iterable[Entry], style: Style = PLAIN) -> Iterator[str]:
    """Yield a line for each rule that found something, the most frequent first."""
    rows = statistics_data(entries)
    wide = max((len(str(row["count"])) for row in rows), default=0)
    starred = any(row["fixable"] for row in rows)
    for row in rows:
        mark = f"[{style.paint('*', 'cyan') if row['fixable'] else ' '}] " if starred else ""
        yield f"{row['count']:>{wide}}  {style.paint(str(row['code']), 'red')}  {mark}{row['name']}\n"


def statistics_data(entries: Iterable[Entry]) -> list[dict[str, str | int | bool]]:
    """Return for each rule its code, name, number of findings, and whether ``--fix`` mends any of them."""
    counts: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for each in entries:
        row = counts.setdefault(each.finding.code, [0, 0])
        row[0] += 1
        row[1] += each.offered is not None
        names[each.finding.code] = each.finding.name
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        {"code": code, "name": names[code], "count": number, "fixable": fixable > 0}
        for code, (number, fixable) in ordered
    ]
