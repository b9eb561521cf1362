"""What can be done about findings: fixes, comments that silence, and fixing everything of a kind.

An action is offered as plain data without edits. `resolve` builds them when somebody chooses it, from the key alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass

from testlsp.lint.diagnostic import Applicability, Diagnostic, Fix
from testlsp.lint.fixing import accepted, edits_of, fixing_text
from testlsp.lint.silencing import silence_here, silence_in_file
from testlsp.project.snapshot import FileState, Snapshot
from testlsp.syntax import SourceFile
from testlsp.text import Edit, TextRange, minimal_edit
from testlsp.text.steps import finish

QUICK_FIX = "quickfix"
FIX_ALL = "source.fixAll.testlsp"
REASON = "reason"
"""Stands where a comment that silences says why."""


class StaleAction(Exception):
    """The text is not the one that the action was offered for."""


class NothingToDo(Exception):
    """There is no faithful rewrite after all; the message says why."""


@dataclass(frozen=True, slots=True)
class ActionKey:
    """Enough to build the edits again. *ordinal* tells findings of one rule in one version apart; *choice* its fixes.

    *what* is "fix", "ignore-line", "ignore-file", "rule" (all of one rule in the file) or "all" (of the family *code*,
    or of all when that is empty).
    """

    path: str
    version: int
    what: str
    code: str = ""
    ordinal: int = 0
    choice: int = 0


@dataclass(frozen=True, slots=True)
class CodeAction:
    """One thing to offer; *finding* is what it mends, in offsets of the file, if it is a single one."""

    title: str
    kind: str
    key: ActionKey
    finding: Diagnostic | None = None
    preferred: bool = False
    applicability: Applicability = Applicability.SAFE


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The edits of an action, by path, in offsets of each file.

    *confirm* when a person must look at them first: they reach beyond the file that the action was chosen in. What a
    person chose by its title in the file at hand is confirmed by that choice.
    """

    title: str
    edits: dict[str, list[Edit]]
    confirm: bool = False


def wanted(kind: str, only: Collection[str] | None) -> bool:
    """Whether a client that asked for the kinds *only* wants one of *kind*; kinds are hierarchical."""
    return only is None or any(kind == each or kind.startswith(each + ".") or not each for each in only)


def _asked_for(kind: str, only: Collection[str]) -> bool:
    """Whether to offer the source action *kind* to a client that asked for *only*.

    Editors apply on save whatever they are offered, one after the other. Who asks for everything safe gets that alone,
    and not the families again, whose turn would come when the file says something else already.
    """
    everything = FIX_ALL in only or "source.fixAll" in only
    return wanted(kind, only) and (kind == FIX_ALL or not everything)


def code_actions(
    snapshot: Snapshot, path: str, where: TextRange, only: Collection[str] | None = None
) -> list[CodeAction]:
    """Return what can be done about the findings that *where* touches, and about the file as a whole."""
    state = snapshot.file(path)
    if state is None or not state.linted:
        return []
    offered: list[CodeAction] = []
    if wanted(QUICK_FIX, only):
        here = [one for one in state.findings.diagnostics if one.range.touches(where)]
        for one in here:
            offered += _fixes(state, one)
        for one in here:
            offered += _of_the_rule(state, one)
        for one in here:
            offered += _silencers(state, one)
    if only is not None:  # source actions are for those who ask: menus and "on save"
        offered += [action for action in _fix_all(state) if _asked_for(action.kind, only)]
    return list({(action.title, action.key): action for action in offered}.values())


def _version(state: FileState) -> int:
    return state.version or 0


def _fixes(state: FileState, one: Diagnostic) -> list[CodeAction]:
    actions = []
    for choice, fix in enumerate(one.fixes):
        key = ActionKey(state.path, _version(state), "fix", one.code, one.ordinal, choice)
        safe = fix.applicability is Applicability.SAFE
        title = fix.title if safe or fix.applicability is Applicability.MANUAL else f"{fix.title} (unsafe)"
        actions.append(CodeAction(title, QUICK_FIX, key, one, fix.preferred and safe, fix.applicability))
    return actions


def _of_the_rule(state: FileState, one: Diagnostic) -> list[CodeAction]:
    same = [
        each for each in state.findings.diagnostics if each.code == one.code and accepted(each, Applicability.UNSAFE)
    ]
    if len(same) < 2 or one.code not in state.selection.fixable:
        return []
    key = ActionKey(state.path, _version(state), "rule", one.code)
    grade = min((accepted(each, Applicability.UNSAFE) for each in same), key=_grade)
    assert grade is not None
    return [CodeAction(f"Fix all {one.name} in this file", QUICK_FIX, key, None, False, grade.applicability)]


def _grade(fix: Fix | None) -> int:
    return int(fix.applicability) if fix is not None else -1


def _silencers(state: FileState, one: Diagnostic) -> list[CodeAction]:
    line = ActionKey(state.path, _version(state), "ignore-line", one.code, one.ordinal)
    file = ActionKey(state.path, _version(state), "ignore-file", one.code)
    return [
        CodeAction(f"Ignore {one.name} on this line", QUICK_FIX, line, one),
        CodeAction(f"Ignore {one.name} in this file", QUICK_FIX, file, one),
    ]


def _fix_all(state: FileState) -> list[CodeAction]:
    families: dict[str, int] = {}
    for one in state.findings.diagnostics:
        if one.code in state.selection.fixable and accepted(one, Applicability.SAFE) is not None:
            family = _family(state, one.code)
            families[family] = families.get(family, 0) + 1
    if not families:
        return []
    version = _version(state)
    actions = [CodeAction("Fix everything safe in this file", FIX_ALL, ActionKey(state.path, version, "all"))]
    for family in families:
        key = ActionKey(state.path, version, "all", family)
        title = f"Fix everything safe in this file: {family.replace('_', ' ')}"
        actions.append(CodeAction(title, f"{FIX_ALL}.{family}", key))
    return actions


def _family(state: FileState, code: str) -> str:
    return next((rule.family for rule in state.selection.rules.rules if rule.code == code), "")


def resolve(snapshot: Snapshot, key: ActionKey) -> Rewritten:
    """Build the edits of the action *key*. Raises `StaleAction` or `NothingToDo`."""
    return finish(resolving(snapshot, key))


def resolving(snapshot: Snapshot, key: ActionKey) -> Generator[None, None, Rewritten]:
    """Do what `resolve` does, and stop after each part of the work."""
    state = yield from snapshot.reading(key.path)
    if state is None or _version(state) != key.version:
        raise StaleAction
    if key.what == "fix":
        return _built(snapshot, state, key)
    if key.what == "ignore-line":
        one, _ = _finding(state, key)
        return Rewritten(f"Ignore {one.name}", {key.path: silence_here(state.source, [one], REASON)})
    if key.what == "ignore-file":
        one, _ = _finding(state, key)
        return Rewritten(f"Ignore {one.name}", {key.path: silence_in_file(state.source, [one.name], REASON)})
    if key.what == "rule":
        return (
            yield from fixing_file(
                snapshot, state, lambda one: accepted(one, Applicability.UNSAFE) if one.code == key.code else None
            )
        )
    return (yield from fixing_file(snapshot, state, safe_fixes(state, key.code)))


def safe_fixes(state: FileState, family: str = "") -> Callable[[Diagnostic], Fix | None]:
    """Return a choice of safe fixes, of one *family* of rules or of all, that the settings allow."""

    def choose(one: Diagnostic) -> Fix | None:
        if one.code not in state.selection.fixable or (family and _family(state, one.code) != family):
            return None
        return accepted(one, Applicability.SAFE)

    return choose


def _finding(state: FileState, key: ActionKey) -> tuple[Diagnostic, int]:
    findings = state.findings
    for one, index in zip(findings.diagnostics, findings.statements, strict=True):
        if one.code == key.code and one.ordinal == key.ordinal:
            return one, index
    raise StaleAction


def _built(snapshot: Snapshot, state: FileState, key: ActionKey) -> Rewritten:
    from testlsp.rewrite import CannotRewrite

    def read(path: str) -> SourceFile | None:
        other = snapshot.file(path)
        return None if other is None else other.source

    one, index = _finding(state, key)
    if key.choice >= len(one.fixes):
        raise StaleAction
    fix = one.fixes[key.choice]
    try:
        edits = edits_of(state.source, index, fix, read)
    except CannotRewrite as problem:
        raise NothingToDo(str(problem)) from problem
    by_path: dict[str, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        by_path.setdefault(edit.path or key.path, []).append(edit)
    return Rewritten(fix.title, by_path, confirm=set(by_path) != {key.path})


def fixing_file(
    snapshot: Snapshot, state: FileState, choose: Callable[[Diagnostic], Fix | None]
) -> Generator[None, None, Rewritten]:
    """Apply what *choose* names until nothing changes; the result is the small differences of the texts.

    Stops after each part of the work. Raises `NothingToDo` when nothing can be applied.
    """
    result = yield from fixing_text(state.source, snapshot.trial(state.path, state.source.statements), choose)
    if result.text == state.text:
        raise NothingToDo("nothing can be fixed without a decision")
    return Rewritten("Fix", {state.path: differences(state.text, result.text)})


def differences(old: str, new: str) -> list[Edit]:
    """Return small edits that turn *old* into *new*: one for each run of lines that differ."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    inner_before, inner_after = before[head : len(before) - tail], after[head : len(after) - tail]
    starts = [sum(map(len, before[:head]))]
    for line in inner_before:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, inner_before, inner_after, autojunk=False)
    edits: list[Edit] = []
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        edit = minimal_edit("".join(inner_before[first:last]), "".join(inner_after[new_first:new_last]), starts[first])
        if edit is not None:
            edits.append(edit)
    return edits
