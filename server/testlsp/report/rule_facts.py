"""What there is to tell about a rule, as plain data for pages, JSON and listings."""

from __future__ import annotations

import re
from typing import Any

from testlsp.lint import Bad, Rule
from testlsp.lint.examples import Example
from testlsp.report.entries import page_address
from testlsp.text.named import NamedTuple

_SAFETY = "Fix safety:"


class Prose(NamedTuple):
    """The docstring of a rule in its parts; *safety* is "" where all fixes are safe or there is none."""

    what: str
    why: str
    safety: str


def prose(rule: type[Rule]) -> Prose:
    """Return the docstring of *rule* in parts."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", rule.documentation())]
    what = " ".join(paragraphs[0].split())
    why = "\n\n".join(part for part in paragraphs[1:] if not part.startswith(_SAFETY))
    safety = "\n\n".join(part.removeprefix(_SAFETY).strip() for part in paragraphs[1:] if part.startswith(_SAFETY))
    return Prose(what, why, safety[:1].upper() + safety[1:])


def fix_grade(rule: type[Rule]) -> str:
    """Return "none" for a rule without a fix, "unsafe" if a fix of it can be that, else "safe"."""
    if not any(isinstance(example, Bad) and example.fixed is not None for example in rule.examples):
        return "none"
    return "unsafe" if prose(rule).safety else "safe"


def rule_object(rule: type[Rule]) -> dict[str, Any]:
    """Return everything about *rule* in JSON's types."""
    parts = prose(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "summary": parts.what,
        "message": rule.message,
        "explanation": rule.documentation(),
        "fix": fix_grade(rule),
        "fix_safety": parts.safety or None,
        "default": rule.default,
        "severity": rule.severity.value,
        "since": rule.since,
        "settings": list(rule.options),
        "ruff": list(rule.ruff),
        "related": list(rule.related),
        "source": rule.source or None,
        "examples": [example_object(example) for example in rule.examples],
        "url": page_address(rule.name),
    }


def example_object(example: Example) -> dict[str, Any]:
    """Return *example* in JSON's types."""
    made: dict[str, Any] = {
        "kind": "bad" if isinstance(example, Bad) else "good",
        "path": example.path,
        "code": example.code,
        "files": example.files,
        "settings": {key.replace("_", "-"): value for key, value in example.settings.items()},
        "why": example.why,
    }
    if isinstance(example, Bad):
        made["fixed"] = example.fixed
    return made
