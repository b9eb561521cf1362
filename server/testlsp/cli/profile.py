"""``testlsp check --profile``: what each rule costs on the files at hand."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from testlsp.cli.terminal import Terminal
from testlsp.lint.costs import Costs
from testlsp.lint.library import AnyRule
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import Discovery
from testlsp.report.costs import cost_table


def profile(configuration: Configuration, rules: Sequence[AnyRule], discovery: Discovery, terminal: Terminal) -> None:
    """Check the files of *discovery* in this process, without a cache, and write a table of costs."""
    checker = Checker(configuration, rules, jobs=1)
    costs = checker.selector.library.costs = Costs()
    began = perf_counter()
    checker.check(discovery)
    seconds = perf_counter() - began - costs.doubled
    for line in cost_table(costs.by_rule(), seconds):
        terminal.write(line)
