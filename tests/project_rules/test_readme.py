"""What the README promises, and the files that must stay in step with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomli
import yaml
from testlsp.builtin import all_rules
from testlsp.cli import main

ROOT = Path(__file__).parents[2]


def readme_commands() -> list[str]:
    """The commands of the README's shell blocks, one a block."""
    return re.findall(r"^```bash\n(.+?)\n```$", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_readme_has_two_commands() -> None:
    """One command shows the program at work, one runs the tests; neither needs more than a Python."""
    show, test = readme_commands()[:2]

    assert show.startswith("python3 -m venv .venv && ")
    assert "testlsp check examples/shop" in show
    assert test.startswith("python3 -m venv .venv && ")
    assert test.endswith("-m pytest -q")


def test_readme_shows_what_is_printed(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The output at the top of the README is what the command above it prints."""
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.search(r"^```console\n\$ testlsp (.+)\n((?:.*\n)+?)```$", readme, flags=re.MULTILINE)
    assert shown is not None
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")

    status = main([*shown[1].split(), "--no-cache"])

    assert capfd.readouterr().out == shown[2]
    assert status == 1


def test_readme_names_rules_that_exist() -> None:
    """Codes and names of rules in the README are those of the program."""
    readme = (ROOT / "README.md").read_text("utf-8")
    names = re.findall(r"ignore\[([a-z-]+)\]|--select ([a-z-]+)|\(or `([a-z-]+)`\)", readme)

    assert {name for found in names for name in found if name} <= {rule.name for rule in all_rules()}
    assert set(re.findall(r"TL\d{3}", readme)) <= {rule.code for rule in all_rules()}


def test_ci_runs_the_command_of_the_readme() -> None:
    """The last thing that the integration script does is what the README tells the reader to do."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")

    assert script.splitlines()[-1] == readme_commands()[1]


def hooks() -> dict[str, dict[str, object]]:
    listed = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return {hook["id"]: hook for hook in listed}


def test_one_hook_finds_and_one_mends() -> None:
    """Both hooks leave out excluded files, run once for all files, and only the second one writes."""
    check, fix = hooks()["testlsp-check"], hooks()["testlsp-fix"]

    assert check["entry"] == "testlsp check --force-exclude"
    assert fix["entry"] == "testlsp check --force-exclude --fix --exit-non-zero-on-fix"
    assert check["require_serial"] is True
    assert fix["require_serial"] is True


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("conftest.py", True),
        ("tests/unit/conftest.py", True),
        ("tests/test_login.py", True),
        ("login_test.py", True),
        ("src/shop/contest.py", False),
        ("src/shop/latest.py", False),
        ("src/my_conftest.py", False),
        ("tests/test_data/rows.py", False),
        ("tests/test_login.pyi", False),
    ],
)
def test_hooks_are_given_test_files(path: str, wanted: bool) -> None:
    """pre-commit passes test files and conftests and nothing else."""
    for hook in hooks().values():
        assert bool(re.search(str(hook["files"]), path)) is wanted


def test_example_suite_has_findings_of_all_families(capfd: pytest.CaptureFixture[str]) -> None:
    """The first command of the README shows something of each of the five families."""
    main(["check", str(ROOT / "examples" / "shop"), "--output-format", "json", "--no-cache"])

    codes = {found["code"][:3] for found in json.loads(capfd.readouterr().out)}
    assert codes >= {"TL1", "TL2", "TL3", "TL4", "TL5"}


@pytest.mark.slow
def test_example_suite_passes() -> None:
    """The tests of the example pass in the order of the files, faults and all."""
    done = run_shop("tests")

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_example_suite_depends_on_its_order() -> None:
    """As the example says of itself: in another order the same tests fail, for some of them leave things behind."""
    done = run_shop("tests/unit/test_settings.py", "tests/unit/test_pricing.py")

    assert done.returncode == 1
    assert "test_price_tag" in done.stdout


@pytest.mark.slow
def test_fixing_makes_the_example_suite_independent_of_its_order(tmp_path: Path) -> None:
    """After `testlsp check --fix` the tests pass in the order of the files, and in the one in which they failed."""
    shop = tmp_path / "shop"
    shutil.copytree(ROOT / "examples" / "shop", shop)
    main(["check", str(shop), "--fix", "--exit-zero", "--no-cache", "--quiet"])

    for order in (["tests"], ["tests/unit/test_settings.py", "tests/unit/test_pricing.py"]):
        done = run_shop(*order, folder=shop)
        assert done.returncode == 0, done.stdout


def run_shop(*arguments: str, folder: Path = ROOT / "examples" / "shop") -> subprocess.CompletedProcess[str]:
    """Run pytest in the example's folder, without plugins of this project's environment."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_dependencies_are_explained() -> None:
    """Each dependency of the program, of its development and of the extension is named where it says what for."""
    explained = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extension = json.loads((ROOT / "editor-client" / "package.json").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["test"]]
    names = {re.split(r"[<>=;\s]", requirement)[0] for requirement in [*wanted, *project["build-system"]["requires"]]}
    names |= {*extension["dependencies"], *extension["devDependencies"]}

    assert {name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", explained, re.IGNORECASE)} == set()


def test_links_lead_somewhere() -> None:
    """Every relative link in the documents names a file or a folder that exists."""
    folders = (ROOT, ROOT / "docs", ROOT / "rules" / "docs", ROOT / "changelog.d")
    documents = [document for folder in folders for document in folder.glob("*.md")]
    broken = []
    for document in documents:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text("utf-8")):
            if not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")

    assert broken == []
