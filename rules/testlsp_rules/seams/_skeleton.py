"""Docstrings made of facts. What only a person can know is left open, in words that `seam-placeholder` finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from testlsp.semantic.seams import SeamFacts

_MOST = 6


def skeleton(facts: SeamFacts, headings: Sequence[str]) -> list[str]:
    """Return the lines of a docstring with all *headings*."""
    lines = [f"{facts.words}." if facts.words else "TODO: say what must hold."]
    if set(headings) <= {"Given", "When", "Then"}:
        return [*lines, "", *(line for heading in headings for line in section(facts, heading))]
    for heading in headings:
        lines += ["", *section(facts, heading)]
    return lines


def section(facts: SeamFacts, heading: str) -> list[str]:
    """Return the lines of one section, its heading included."""
    content = _content(facts, heading)
    if heading in {"Given", "When", "Then"}:
        first, *rest = [line.removeprefix("- ") for line in content]
        return [f"{heading}: {first}", *(f"And: {line}" for line in rest)]
    return [f"{heading}:", *(f"    {line}" for line in content)]


def _content(facts: SeamFacts, heading: str) -> list[str]:
    words = set(heading.lower().split())
    if words & {"scope", "given", "setup", "preconditions", "precondition", "context", "arrange"}:
        return _scope(facts)
    if words & {"seam", "boundary", "seams"}:
        return [" -> ".join(facts.acts[:_MOST])] if facts.acts else ["TODO: name the boundary that is crossed"]
    if words & {"strategy", "steps", "when", "act", "procedure"}:
        return _listed([_act(act, facts) for act in facts.acts]) or ["TODO: say what is done"]
    if words & {"criteria", "then", "expected", "expectations", "outcome", "assert"}:
        return _listed(facts.criteria) or ["TODO: say what is observed"]
    if "impact" in words:
        return ["TODO: say what goes wrong, and for whom, when this breaks"]
    return [f"TODO: write down the {heading.lower()}"]


def _scope(facts: SeamFacts) -> list[str]:
    parts = []
    if facts.real:
        parts.append(", ".join(facts.real))
    if facts.faked:
        parts.append(f"{', '.join(facts.faked)} (faked)")
    if facts.mocked:
        parts.append(f"{', '.join(facts.mocked)} (mocked)")
    if not parts and facts.routes:
        parts.append("HTTP interface")
    if not parts:
        owners = dict.fromkeys(call.rpartition(".")[0] for call in facts.calls)
        parts = [", ".join(owners)] if owners else []
    return ["; ".join(parts)] if parts else ["TODO: name the parts that work together"]


def _act(act: str, facts: SeamFacts) -> str:
    return act if act in facts.routes else f"Call {act}"


def _listed(lines: Iterable[str]) -> list[str]:
    shown = [f"- {line}" for line in lines]
    return shown if len(shown) <= _MOST else [*shown[: _MOST - 1], f"- and {len(shown) - _MOST + 1} more"]
