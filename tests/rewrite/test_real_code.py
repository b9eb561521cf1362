"""On real and on odd code, each rewrite changes the tree exactly as meant, and loses no comment and no string."""

from __future__ import annotations

import ast
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rewrite.faithfulness import run_checks, statements_of
from testlsp.syntax import parse

STANDARD_LIBRARY = Path(ast.__file__).parent
FILES = [
    "argparse.py",
    "unittest/mock.py",
    "asyncio/locks.py",
    "dataclasses.py",
    "email/generator.py",
    "fractions.py",
    "string.py",
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", FILES)
def test_rewrites_of_real_code_do_what_they_say(name: str, ends: str) -> None:
    """Trees differ as meant, comments and strings stay, whatever the code looks like."""
    text = (STANDARD_LIBRARY / name).read_bytes().decode().replace("\r\n", "\n").replace("\n", ends)
    chooser = random.Random(name)
    done: Counter[str] = Counter()
    for statement in statements_of(text):
        done += run_checks(statement, chooser, share=0.03)
    assert done["add_parameter"] + done["replace_expression"] > 5


SIMPLE = [
    "a = 'é'",
    "g(x,\n# odd\n      y)  # c",
    's = """m\n  n\n"""',
    "b = 1; c = 2",
    "z = f'{a}é{b!r:>{c}}'; h()",
    "assert a, 'm'  # d",
    "y = 1 + \\\n  2",
    "d = '''é\n\t'''; e = é",
    "if a: b; c",
    "with a as b: c(\n)",
    "x = [\n\n  1,  # e\n]",
    "class K: k = 1",
    "@d(1)  # f\ndef n(q, *, r=1): s",
]
HEADERS = [
    ["if a:  # g", "elif b:", "else:"],
    ["with a(\n  1  # h\n  ) as é:"],
    ["try:", "finally:  # i"],
    ["try:", "except E as e:", "else:", "finally:"],
    ["for i in j:"],
    ["async def m(self, a,  # j\n     b=1, /, *c):"],
    ["@d\n# k\ndef m(\n  a,\n  # l\n  b  # m\n  ):"],
    ["class C:"],
]


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Draw the lines of a block; ``>`` at the beginning of a line stands for one level of indentation."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(st.sampled_from([[], [], [""], ["# n"], ["", "# o", ""]]))
        if depth < 2 and draw(st.booleans()):
            for header in draw(st.sampled_from(HEADERS)):
                lines += header.split("\n") if header.startswith("@") else [header]
                lines += [">" + line for line in draw(blocks(depth + 1))]
                lines += draw(st.sampled_from([[], ["># p"], ["", ">># q"]]))
        else:
            lines += [draw(st.sampled_from(SIMPLE))]
    return lines


@given(
    lines=blocks(),
    unit=st.sampled_from(["    ", "\t", "  "]),
    crlf=st.booleans(),
    seed=st.integers(0, 99),
    end=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_rewrites_of_odd_layouts_do_what_they_say(
    lines: list[str], unit: str, crlf: bool, seed: int, end: bool
) -> None:
    """Odd comments, continuations, indentation and line ends make no difference."""
    rows = ["async def top(a, b):", *(">" + line for line in lines)]
    text = "\n".join(unit * (len(row) - len(row.lstrip(">"))) + decorated(row, unit) for row in rows) + "\n" * end
    text = text.replace("\n", "\r\n") if crlf else text
    for statement in parse("t.py", text).statements:
        if not statement.problem:
            run_checks(statement, random.Random(seed), share=0.3)


def decorated(row: str, unit: str) -> str:
    """Return *row* without its marks; the second line of a decorated one gets the indentation too."""
    level = unit * (len(row) - len(row.lstrip(">")))
    content = row.lstrip(">")
    return content.replace("\ndef", f"\n{level}def") if content.startswith("@") else content
