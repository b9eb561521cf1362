"""What the catalogue warns of is shown by examples: false positives to avoid, and traps seen in real suites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rule_harness import everything
from testlsp.lint import Rule

_HERE = Path(__file__).parent
TRAPS: list[dict[str, Any]] = json.loads((_HERE / "traps.json").read_text("utf-8"))
FALSE_POSITIVES: dict[str, dict[str, dict[str, str]]] = json.loads((_HERE / "false_positives.json").read_text("utf-8"))
RULES: dict[str, type[Rule]] = {rule.name: rule for rule in everything()}


def is_shown(rule: type[Rule], why: str, shows: str) -> bool:
    """Return whether an example of *rule*, with that *why*, holds the text *shows* in one of its files."""
    return any(
        example.why == why and any(shows in text for text in (example.code, *example.files.values()))
        for example in rule.examples
    )


def test_all_traps_are_there() -> None:
    """There are twenty traps, and each names its examples."""
    assert [trap["trap"] for trap in TRAPS] == list(range(1, 21))
    assert all(trap["examples"] for trap in TRAPS)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: str(trap["trap"]))
def test_traps_are_examples(trap: dict[str, Any]) -> None:
    """Each trap is an example of the rules that it touches."""
    lacking = [each for each in trap["examples"] if not is_shown(RULES[each["rule"]], each["why"], each["shows"])]
    assert lacking == [], trap["says"]


@pytest.mark.parametrize("name", FALSE_POSITIVES)
def test_false_positives_are_examples(name: str) -> None:
    """Each false positive that the catalogue names is an example of its rule."""
    lacking = [
        what for what, each in FALSE_POSITIVES[name].items() if not is_shown(RULES[name], each["why"], each["shows"])
    ]
    assert lacking == []
