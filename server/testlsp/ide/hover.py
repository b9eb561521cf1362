"""What to show under the mouse: a finding's rule, what a comment silences, or a fixture."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from testlsp.ide.diagnostics import page_of
from testlsp.ide.fixtures import described, fixture_at
from testlsp.lint.directives import suppressions
from testlsp.lint.rule import Rule
from testlsp.project.snapshot import FileState, Snapshot
from testlsp.text import TextRange


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about a range of the file."""

    text: str
    range: TextRange


def hover(snapshot: Snapshot, path: str, offset: int, fixtures: bool = True) -> Hover | None:
    """Return what there is to say about *offset* of *path*; *fixtures* says whether to speak of those."""
    state = snapshot.file(path)
    if state is None:
        return None
    return (
        _comment(state, offset) or (_fixture(snapshot, path, offset) if fixtures else None) or _finding(state, offset)
    )


def _comment(state: FileState, offset: int) -> Hover | None:
    for comment in suppressions(state.source):
        if not comment.range.start <= offset <= comment.range.end:
            continue
        named = next((part for part in comment.parts if part.range.start <= offset <= part.range.end), None)
        rule = _rule(state, named.selector) if named is not None and named.selector else None
        silenced = [one for one, by in state.lint.suppressed if by.range == comment.range]
        lines = [
            f"Silences `{one.name}` in line {state.lines.line_at(one.range.start) + 1}: {one.message}"
            for one in silenced
        ]
        text = "\n\n".join(lines) if lines else "Silences nothing at the moment"
        if rule is not None:
            text += "\n\n---\n\n" + about(rule)
        return Hover(text, comment.range)
    return None


def _finding(state: FileState, offset: int) -> Hover | None:
    for one in state.findings.diagnostics:
        if one.range.start <= offset <= one.range.end:
            rule = _rule(state, one.code)
            if rule is not None:
                return Hover(about(rule), one.range)
    return None


def _fixture(snapshot: Snapshot, path: str, offset: int) -> Hover | None:
    found = fixture_at(snapshot, path, offset)
    return Hover(described(snapshot, found[0]), found[1]) if found is not None else None


def _rule(state: FileState, selector: str) -> type[Rule] | None:
    word = selector.replace("_", "-").lower()
    for rule in state.selection.rules.rules:
        if word in (rule.code.lower(), rule.name):
            return type(rule)
    return None


def about(rule: type[Rule]) -> str:
    """Return the text of *rule* as Markdown."""
    return f"**{rule.name}** ({rule.code})\n\n{inspect.cleandoc(rule.__doc__ or '')}\n\n[More]({page_of(rule.name)})"
