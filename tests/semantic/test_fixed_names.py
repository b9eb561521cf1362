"""What is taken under a name that is the same in every process."""

from __future__ import annotations

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.fixed_names import taken
from testlsp.syntax import parse

HEAD = """
import os, shutil, sqlite3, socket
from pathlib import Path
import uvicorn
from sqlalchemy import create_engine, text
HERE = Path(__file__).parent
NAME = "shop.db"
TWICE = "a"
TWICE = "b"
"""


def found_in(line: str) -> list[tuple[str, str, bool]]:
    source = parse("/p/test_a.py", f"{HEAD}\ndef setup_module(given=None):\n    {line}\n")
    model = SemanticModel(source, FileRole.TEST_MODULE)
    function = model.function_named("setup_module")
    assert function is not None
    return [(each.noun, each.name, each.relative) for each in taken(function, model)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('open("a.txt", "w")', ("file", "a.txt", True)),
        ('open(NAME, mode="xb")', ("file", "shop.db", True)),
        ('open(HERE / "a.txt", "w")', ("file", "a.txt", False)),
        ('(Path(__file__).resolve().parents[1] / "a").touch()', ("file", "a", False)),
        ('Path("/srv/a").write_bytes(b"")', ("file", "/srv/a", False)),
        ('(Path("out") / "a").open("w")', ("file", "out/a", True)),
        ('path = Path("out"); path.mkdir()', ("folder", "out", True)),
        ('shutil.copy("a", "b")', ("file", "b", True)),
        ("sqlite3.connect(NAME)", ("database", "shop.db", True)),
        ('create_engine("sqlite+aiosqlite:////srv/shop.db?x=1")', ("database", "/srv/shop.db", False)),
        ('given.execute(text("create database if not exists shop"))', ("database", "shop", False)),
        ('socket.socket().bind(("", 8000))', ("port", "8000", False)),
        ("uvicorn.run(given, port=8000)", ("port", "8000", False)),
    ],
)
def test_fixed_names_are_found(line: str, expected: tuple[str, str, bool]) -> None:
    """A name counts that is written out, here or where the variable is assigned."""
    assert found_in(line) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        'open("a.txt")',
        'open("a.txt", "a")',
        'open(given, "w")',
        'open(TWICE, "w")',
        'open("/dev/null", "w")',
        'open(f"{given}.txt", "w")',
        'open(*given, "w")',
        'os.makedirs("a", exist_ok=True)',
        'given.write_text("a")',
        '"a".mkdir()',
        'sqlite3.connect(":memory:")',
        'sqlite3.connect("file:a?mode=memory")',
        'create_engine("sqlite://")',
        'create_engine("postgresql://localhost/shop")',
        'given.execute("select 1")',
        'socket.socket().bind(("", 0))',
        'socket.socket().bind("run/a")',
        "given.run(port=given)",
    ],
)
def test_other_names_are_not(line: str) -> None:
    """What is computed, read, appended or free for all is nobody's."""
    assert found_in(line) == []
