"""The table of what each rule costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testlsp.lint.costs import RuleCost


def cost_table(costs: Sequence[RuleCost], seconds: float) -> Iterator[str]:
    """Yield the lines of a Markdown table for *costs*, as shares of a run that took *seconds*."""
    own, facts = sum(cost.own for cost in costs), sum(cost.facts for cost in costs)
    yield f"{seconds:.2f} s in one process, of which rules take {own / seconds:.0%}, the facts they ask for "
    yield f"{facts / seconds:.0%}, reading and parsing and all else {1 - (own + facts) / seconds:.0%}.\n\n"
    yield "| rule | share | calls | facts it was the first to ask for |\n|---|---:|---:|---:|\n"
    for cost in costs:
        yield f"| {cost.code} {cost.name} | {cost.own / seconds:.2%} | {cost.calls:,} | {cost.facts / seconds:.2%} |\n"
