"""Prints what each rule costs, as a share of a run over a folder in one process.

usage: python bench/rule_costs.py FOLDER [--all] [--markdown FILE]

The handlers of every rule are timed as they are called, so facts that several rules share are charged to the rule that
asks first. Exit status 1 when a rule takes more than a tenth of the run.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testlsp import __version__
from testlsp.builtin import all_rules
from testlsp.config.load import Layer
from testlsp.lint import Rule
from testlsp.lint.ruleset import Handlers, RuleSet
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import discover

MOST = 0.10


class Costs:
    """Seconds and calls per rule."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()

    def timed(self, rule: Rule, call: Callable[..., None]) -> Callable[..., None]:
        """Return *call* with a watch around it."""
        code, seconds, calls, clock = rule.code, self.seconds, self.calls, time.perf_counter

        def watched(*arguments: Any) -> None:
            began = clock()
            try:
                call(*arguments)
            finally:
                seconds[code] += clock() - began
                calls[code] += 1

        return watched

    def watch(self, rules: RuleSet) -> None:
        """Put a watch around every handler of *rules*."""
        for kind, handlers in rules.handlers.items():
            rules.handlers[kind] = Handlers(
                [(rule, self.timed(rule, call)) for rule, call in handlers.functions],
                [(node, [(rule, self.timed(rule, call)) for rule, call in calls]) for node, calls in handlers.nodes],
                {
                    effect: [(rule, self.timed(rule, call)) for rule, call in calls]
                    for effect, calls in handlers.effects.items()
                },
            )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="opt-in rules, too")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    folder = str(options.folder.resolve())
    values = {"select": ("ALL",)} if options.all else {}
    configuration = Configuration(cwd=folder, overrides=(Layer("command line", folder, values),))
    files = discover([folder], configuration.for_folder)
    costs = Costs()

    class Watched(RuleSet):
        """A set whose handlers are timed."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            costs.watch(self)

    import testlsp.lint.library as library

    library.RuleSet = Watched  # type: ignore[misc]
    checker = Checker(configuration, all_rules(), jobs=1)
    gc.disable()
    began = time.perf_counter()
    reports = checker.check(files)
    seconds = time.perf_counter() - began
    for report in reports:
        costs.findings.update(finding.code for finding in report.findings)
    names = {rule.code: rule.name for rule in all_rules()}
    versions = f"testlsp {__version__}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    share = sum(costs.seconds.values()) / seconds
    lines = [
        f"{versions}: {options.folder.name}, {len(files.files)} files, {seconds:.2f} s, of which rules {share:.0%}",
        "",
        "| rule | share of the run | calls | findings |",
        "|---|---:|---:|---:|",
    ]
    for code, spent in costs.seconds.most_common():
        lines.append(
            f"| {code} {names[code]} | {spent / seconds:.2%} | {costs.calls[code]:,} | {costs.findings[code]} |"
        )
    print("\n".join(lines))
    if options.markdown:
        options.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if any(spent > MOST * seconds for spent in costs.seconds.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
