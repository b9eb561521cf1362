"""Rules, findings and fixes: what a rule is, how rules are run over a file, and how their fixes are applied.

Invariants: one walk serves all rules; a rule that raises loses its findings for this file and nothing else, and is
reported once; fixes are built only when somebody asks for them. This package knows no protocol, no terminal and no
concrete rule.
"""

from __future__ import annotations

from testlsp.lint.context import Context
from testlsp.lint.diagnostic import Applicability, Diagnostic, Fix, Related, Rewrite, Severity, Tag
from testlsp.lint.examples import Bad, Good
from testlsp.lint.rule import Rule, on, on_call, on_effect, on_function
from testlsp.lint.ruleset import RuleSet

__all__ = [
    "Applicability",
    "Bad",
    "Context",
    "Diagnostic",
    "Fix",
    "Good",
    "Related",
    "Rewrite",
    "Rule",
    "RuleSet",
    "Severity",
    "Tag",
    "on",
    "on_call",
    "on_effect",
    "on_function",
]
