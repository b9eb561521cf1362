"""A real server with a fault of ours built in; which one is the first argument.

``rule``: one more rule, which raises in every test. ``load``: the rules cannot be imported.
"""

from __future__ import annotations

import sys

from testlsp import builtin
from testlsp.lint import Context, Rule
from testlsp.lint.rule import on_function
from testlsp.lsp import main
from testlsp.semantic.functions import Function, FunctionKind


class Faulty(Rule):
    """Raises."""

    code = "TL998"
    since = "0.1"
    message = "never said"
    examples = ()
    words = ()

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Raise."""
        raise ZeroDivisionError(f"in {function.name}")


Faulty.name = "faulty"
_rules = builtin.all_rules()


def _with_the_fault() -> tuple[type[Rule], ...]:
    if sys.argv[1] == "load":
        raise ImportError("a rule is missing")
    return (*_rules, Faulty)


if __name__ == "__main__":
    builtin.all_rules = _with_the_fault  # type: ignore[assignment]
    sys.exit(main(["--stdio"]))
