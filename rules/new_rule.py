"""Makes the skeleton of a rule, with examples that pass, and everything that is generated from it.

usage: python rules/new_rule.py FAMILY/NAME

FAMILY is a folder of `rules/testlsp_rules`, NAME says what is wrong and reads well after "ignore":
`python rules/new_rule.py process_state/umask-changed`. The rule gets the next free code of its family, and
`rules/docs/writing-rules.md` says how to go on. Nothing that exists is overwritten, except what is generated.
"""

from __future__ import annotations

import keyword
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
RULES = Path("rules/testlsp_rules")
CATALOGUE = Path("tests/rules/catalogue.txt")

# What a writer replaces is marked with TODO, and tests of the contract fail until it is.
SKELETON = '''\
from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on


class {title}(Rule):
    """Calls `forbidden` in a test. TODO: what the rule finds, in the third person.

    TODO: why that hurts, and what to do instead.
    """

    code = "{code}"
    since = "{since}"
    message = "`forbidden` is called here"
    words = ("forbidden",)
    source = "TODO: the address that backs the claim, or a sentence that says why there is none."
    examples = (
        Bad(
            """
            from shop import forbidden

            def test_total(cart):
                forbidden(cart)
                ^^^^^^^^^^^^^^^
                assert cart.total() == 3
            """
        ),
        Good(
            """
            def test_total(cart):
                assert cart.total() == 3
            """
        ),
        Good(
            """
            def forbidden(cart):
                return cart

            def test_total(cart):
                assert forbidden(cart).total() == 3
            """,
            why="That is another function of the same name.",
        ),
    )

    @on(ast.Call)
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report calls of the function."""
        if ctx.qualified_name(node.func) == "shop.forbidden":
            ctx.report(node)
'''


class Refused(Exception):
    """What was asked for cannot be made; the text says why."""


class NewRule(NamedTuple):
    """The rule to make; *name* is written with underscores."""

    family: str
    name: str
    code: str

    @property
    def path(self) -> Path:
        """Where it goes, relative to the repository."""
        return RULES / self.family / f"{self.name}.py"

    def text(self, since: str) -> str:
        """Return the module."""
        title = "".join(word.capitalize() for word in self.name.split("_"))
        return SKELETON.format(title=title, code=self.code, since=since)


def planned(wanted: str, repository: Path) -> NewRule:
    """Return the rule that *wanted* ("family/name") asks for, with its code; raise `Refused`."""
    family, _, name = wanted.replace("-", "_").partition("/")
    codes = codes_by_family(repository)
    if family not in codes:
        raise Refused(f"there is no family `{family}`; there are {', '.join(sorted(codes))}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise Refused(f"`{name}` is no name for a rule: write FAMILY/NAME, NAME in small letters with hyphens")
    given_out = (repository / CATALOGUE).read_text(encoding="utf-8").split()
    if name.replace("_", "-") in given_out:
        raise Refused(f"there is, or was, a rule called `{name.replace('_', '-')}`")
    number = max(codes[family]) + 1
    if number % 100 == 0:
        raise Refused(f"the codes of `{family}` are used up")
    rule = NewRule(family, name, f"TL{number}")
    if (repository / rule.path).exists():
        raise Refused(f"{rule.path} exists")
    return rule


def codes_by_family(repository: Path) -> dict[str, list[int]]:
    """Return the numbers of the codes that have been given out, by family."""
    numbers = [int(number) for number in re.findall(r"^TL(\d+) ", _read(repository / CATALOGUE), flags=re.MULTILINE)]
    found: dict[str, list[int]] = {}
    for folder in sorted((repository / RULES).iterdir()):
        # The first digit of the codes is that of any rule in the folder.
        digits = {digit for path in folder.glob("[!_]*.py") for digit in re.findall(r'code = "TL(\d)', _read(path))}
        for digit in digits:
            found[folder.name] = [number for number in numbers if str(number).startswith(digit)]
    return found


def make(rule: NewRule, repository: Path) -> None:
    """Write the rule, give out its code and name, and generate what follows from it."""
    version = re.search(r'__version__ = "(\d+\.\d+)', _read(repository / "server/testlsp/__init__.py"))
    if version is None:
        raise Refused("server/testlsp/__init__.py does not say the version")
    (repository / rule.path).write_text(rule.text(version[1]), encoding="utf-8")
    lines = [*_read(repository / CATALOGUE).splitlines(), f"{rule.code} {rule.name.replace('_', '-')}"]
    (repository / CATALOGUE).write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    # In processes of their own, which see the new rule, and this checkout whatever is installed.
    places = os.pathsep.join(str(repository / folder) for folder in ("server", "rules"))
    for command in (["testlsp.builtin", "--write"], ["testlsp.report.pages", "--write", "rules/docs"]):
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": places},
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def main(arguments: Sequence[str], repository: Path = REPOSITORY) -> int:
    """Run the command; status 2 when what was asked for cannot be made, 1 when something could not be generated."""
    if len(arguments) != 1 or "/" not in arguments[0]:
        sys.stderr.write("usage: python rules/new_rule.py FAMILY/NAME\n")
        return 2
    try:
        rule = planned(arguments[0], repository)
        make(rule, repository)
    except Refused as reason:
        sys.stderr.write(f"error: {reason}\n")
        return 2
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"error: {rule.path} is written, but `{' '.join(failed.cmd[1:])}` failed\n")
        return 1
    name = rule.name.replace("_", "-")
    sys.stdout.write(
        f"{rule.code} {name}\n"
        f"  {rule.path.as_posix()}\n"
        f"  rules/docs/{name}.md\n"
        f"  {CATALOGUE.as_posix()}, {RULES.as_posix()}/_index.py\n"
        f"Replace what is marked TODO, then: python -m pytest -q tests/rules -k {name}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
