"""Names of rules where somebody is about to write one: in comments that silence, and in ``[tool.testlsp]``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from testlsp.lint.rule import Rule
from testlsp.text import TextRange

_IN_COMMENT = re.compile(
    r"#[ \t]*testlsp:[ \t]*(?:ignore|ignore-file|disable|enable)[ \t]*\[(?:[^\[\]\r\n]*,)?[ \t]*([\w-]*)$"
)
_AFTER_MARK = re.compile(r"#[ \t]*testlsp:[ \t]*([\w-]*)$")
_IN_NOQA = re.compile(r"#[ \t]*noqa:[ \t]*(?:[A-Z]+[0-9]+[ \t]*,[ \t]*)*(TL\w*)$")
_KEYS = ("select", "extend-select", "ignore", "fixable", "unfixable")
_TABLES = ("severity", "per-file-ignores")
_KINDS = {
    "ignore": "silence findings on this line, or in the definition that begins here",
    "ignore-file": "silence findings in the whole file",
    "disable": "silence findings from here on",
    "enable": "end what `disable` began",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """A word to put in place of *range*; *detail* goes beside it and *documentation* (Markdown) below."""

    label: str
    range: TextRange
    detail: str
    documentation: str = ""


def in_python(text: str, offset: int, rules: Iterable[type[Rule]]) -> list[Completion]:
    """Return completions inside a comment of Python source."""
    line = text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset]
    if "#" not in line:
        return []
    match = _IN_COMMENT.search(line)
    if match is not None:
        return [*_names(rules, offset, match[1]), *_families(rules, offset, match[1])]
    match = _IN_NOQA.search(line)
    if match is not None:
        where = TextRange(offset - len(match[1]), offset)
        return [Completion(rule.code, where, rule.name, _first_line(rule)) for rule in rules]
    match = _AFTER_MARK.search(line)
    if match is not None:
        where = TextRange(offset - len(match[1]), offset)
        return [Completion(kind, where, meaning) for kind, meaning in _KINDS.items()]
    return []


def in_settings(text: str, offset: int, rules: Iterable[type[Rule]], own_file: bool) -> list[Completion]:
    """Return completions inside a string of ``[tool.testlsp]``, or of a ``testlsp.toml`` when *own_file*."""
    before = text[:offset]
    tables = re.findall(r"^[ \t]*\[([^\[\]\r\n]+)\][ \t]*(?:#.*)?$", before, re.MULTILINE)
    table = tables[-1].strip() if tables else ""
    prefix = "" if own_file else "tool.testlsp"
    inner = table.removeprefix(prefix).strip(".") if table.startswith(prefix) else None
    if inner is None or (not own_file and not tables):
        return []
    open_string = re.search(r"[\"']([\w.-]*)$", before)
    if open_string is None:
        return []
    key = _key_of(before[: open_string.start()])
    if key in _KEYS or (inner in _TABLES and key is not None):
        sets = [
            Completion(name, TextRange(offset - len(open_string[1]), offset), meaning)
            for name, meaning in (("ALL", "every rule"), ("DEFAULT", "the rules that are on by default"))
        ]
        return [*_names(rules, offset, open_string[1]), *_families(rules, offset, open_string[1]), *sets]
    return []


def _key_of(before: str) -> str | None:
    """Return the key whose value *before* ends in."""
    found = None
    for match in re.finditer(r"^[ \t]*\"?([\w*/.-]+)\"?[ \t]*=", before, re.MULTILINE):
        found = match
    if found is None:
        return None
    value = before[found.end() :]
    return found[1] if value.count("[") > value.count("]") or "\n" not in value.strip("\n") else None


def _names(rules: Iterable[type[Rule]], offset: int, typed: str) -> list[Completion]:
    where = TextRange(offset - len(typed), offset)
    if typed.upper().startswith("TL"):
        return [Completion(rule.code, where, rule.name, _first_line(rule)) for rule in rules]
    return [Completion(rule.name, where, rule.code, _first_line(rule)) for rule in rules]


def _families(rules: Iterable[type[Rule]], offset: int, typed: str) -> list[Completion]:
    where = TextRange(offset - len(typed), offset)
    names = dict.fromkeys(rule.family for rule in rules)
    return [Completion(name, where, "all rules of this family") for name in names]


def _first_line(rule: type[Rule]) -> str:
    return (rule.__doc__ or "").strip().partition("\n")[0]
