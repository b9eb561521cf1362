"""Rules of this repository that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from testlsp.builtin import rule_index

ROOT = Path(__file__).parents[2]

LONG, TOO_LONG = 400, 600
"""Lines of a module at which somebody should think, and at which the tests fail."""

LONG_RULE = 150
"""The same for a rule without its examples."""

RULE_NAMES = {rule.name for rule in rule_index()}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "stuff"}
"""Names of modules that say nothing about what is inside."""

# Paths that exist on one machine only, and hosts from which packages come (whoever runs an installer configures those),
# in halves, so that a search for them does not end here.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"(?<![\w.$}>~-])/" + r"(?:tmp|work|root|home/\w+)/",
            r"files\.python" + r"hosted\.org",
            r"pypi\." + r"org/simple",
            r"registry\.npm" + r"js\.org",
            r"proxy\.golang" + r"\.org",
        )
    )
)

TEXT = {".py", ".pyi", ".md", ".toml", ".yaml", ".yml", ".cfg", ".ini", ".json", ".txt", ".ts", ".css", ""}


@lru_cache(maxsize=1)
def tracked() -> tuple[Path, ...]:
    """Files of the repository that still exist, or every file when it is not a git checkout (an unpacked sdist)."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [str(path) for path in found if not any(part.startswith((".", "__")) for part in path.parts)]
    else:
        names = [name.decode() for name in done.stdout.split(b"\0") if name]
    return tuple(path for path in (ROOT / name for name in names) if path.is_file() and not path.is_symlink())


def modules(*folders: str) -> Iterator[Path]:
    """Modules of ours below `folders`; cases and data are input, not code."""
    for path in tracked():
        parts = path.relative_to(ROOT).parts
        if path.suffix == ".py" and parts[0] in folders and not {"cases", "data"} & set(parts):
            yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_repository_is_found() -> None:
    """The other tests of this file look at real files: without any they would prove nothing."""
    assert (ROOT / "pyproject.toml") in tracked()
    assert len(list(modules("server"))) > 5


def test_modules_are_short() -> None:
    """No module is longer than can be held in mind; the examples of a rule are its page, and are read one at a time."""
    lengths = {
        named(path): len(path.read_text("utf-8").splitlines()) for path in modules("server", "rules", "tests", "bench")
    }
    for path in modules("server", "rules", "tests", "bench"):
        name, shown = named(path), lines_of_examples(path) if path.is_relative_to(ROOT / "rules") else 0
        length, limit = lengths[name] - shown, LONG_RULE if shown else LONG
        if limit < length:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                warnings.warn(f"{name} has {length} lines, think about {limit}", stacklevel=1)

    assert {name: length for name, length in lengths.items() if length > TOO_LONG} == {}


def lines_of_examples(path: Path) -> int:
    """How many lines of a rule show what it finds."""
    return sum(
        (line.end_lineno or 0) - line.lineno + 1
        for rule in ast.parse(path.read_text("utf-8")).body
        for line in (rule.body if isinstance(rule, ast.ClassDef) else ())
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "examples"
    )


def test_modules_are_named_after_what_is_inside() -> None:
    """No module is called utils or the like, and none has it as a part of its name."""
    vague = [
        named(path)
        for path in modules("server", "rules", "tests")
        # What a rule is called says what it finds, whatever that is.
        if VAGUE & set(path.stem.strip("_").split("_")) and path.stem.replace("_", "-") not in RULE_NAMES
    ]

    assert vague == []


def test_packages_say_what_they_are() -> None:
    """Every package's docstring says what it is, what it does not know and what it guarantees."""
    packages = [path for path in modules("server", "rules") if path.name == "__init__.py"]
    silent = [named(path) for path in packages if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]

    assert silent == []


def test_modules_say_what_they_are() -> None:
    """Every module of the program has a docstring; a rule's class docstring does for its module."""
    silent = [named(path) for path in modules("server") if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]

    assert silent == []


def test_tests_say_what_must_hold() -> None:
    """Every test function has a docstring."""
    files = [path for path in modules("tests") if path.name.startswith("test_")]
    silent = [
        f"{named(path)}:{test.lineno} {test.name}"
        for path in files
        for test in functions_of(path)
        if not ast.get_docstring(test)
    ]

    assert silent == []


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Test functions and methods of one module."""
    for node in ast.parse(path.read_text("utf-8")).body:
        for function in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name.startswith("test"):
                yield function


def test_files_name_no_machine() -> None:
    """No tracked file mentions a folder of one machine or the host of a package index."""
    found = []
    for path in tracked():
        # One rule is about such folders: what it finds, and its page, name them.
        about_them = path.stem.replace("-", "_") in {"unmanaged_temp", "_index"}
        if path.suffix in TEXT and path != Path(__file__) and not about_them:
            for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
                if match := FORBIDDEN.search(line):
                    found.append(f"{named(path)}:{number} {match.group()}")

    assert found == []


def test_lines_end_where_they_seem_to() -> None:
    """No trailing blanks in code of ours, and a newline at the end of each file."""
    untidy = []
    for path in modules("server", "rules", "tests", "bench"):
        text = path.read_bytes()
        lines = enumerate(text.split(b"\n"), start=1)
        untidy += [f"{named(path)}:{number}" for number, line in lines if line.endswith((b" ", b"\t", b"\r"))]
        if text and not text.endswith(b"\n"):
            untidy.append(f"{named(path)}: no newline at the end")

    assert untidy == []


def test_every_rule_has_its_place() -> None:
    """A family's folder holds rules, one a module, and private modules; nothing else."""
    strangers = []
    for path in modules("rules"):
        if path.name.startswith("_"):
            continue
        classes = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
        rules = [node.name for node in classes if any(sets_code(line) for line in node.body)]
        expected = "".join(word.capitalize() for word in path.stem.split("_"))
        if rules != [expected]:
            strangers.append(f"{named(path)}: expected the class {expected}, found {rules}")

    assert strangers == []


def sets_code(line: ast.stmt) -> bool:
    """Whether a line of a class body gives the rule its code."""
    targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == "code" for target in targets)


@pytest.mark.slow
def test_parts_import_downwards_only() -> None:
    """The contracts of pyproject.toml about who may import whom are kept."""
    command = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
