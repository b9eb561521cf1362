"""`testlsp check`: what it reports, what it changes, and the status it ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.conftest import LEAK, Run
from testlsp.builtin import rule_index
from testlsp.lint.costs import Costs
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration

MENDED = LEAK.replace("test_token()", "test_token(monkeypatch)").replace(
    'os.environ["TOKEN"] = "abc"', 'monkeypatch.setenv("TOKEN", "abc")'
)
TWO_CODES = "def test_login(client):\n    assert client.get('/').status_code in (200, 204)\n"


def test_nothing_to_report(run: Run, project: Path) -> None:
    """A clean suite ends with 0 and says so."""
    (project / "test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")

    ran = run("check")

    assert (ran.status, ran.out, ran.err) == (0, "All checks passed!\n", "")


def test_finding(run: Run, leaky: Path) -> None:
    """A finding ends with 1; the place, the source, the fix and the way to apply it are shown."""
    ran = run("check")

    assert ran.status == 1
    assert ran.out == (
        "TL101 [*] `os.environ` is set here and never restored\n"
        " --> test_token.py:5:5\n"
        "  |\n"
        "4 | def test_token():\n"
        '5 |     os.environ["TOKEN"] = "abc"\n'
        "  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        '6 |     assert os.environ["TOKEN"] == "abc"\n'
        "  |\n"
        "help: Use `monkeypatch.setenv`\n"
        "  - def test_token():\n"
        '  -     os.environ["TOKEN"] = "abc"\n'
        "4 + def test_token(monkeypatch):\n"
        '5 +     monkeypatch.setenv("TOKEN", "abc")\n'
        '6 |     assert os.environ["TOKEN"] == "abc"\n'
        "\n"
        "Found 1 finding.\n"
        "[*] 1 fixable with the `--fix` option.\n"
    )
    assert leaky.read_text("utf-8") == LEAK


def test_exit_zero(run: Run, leaky: Path) -> None:
    """With --exit-zero findings are shown and do not fail the run."""
    ran = run("check", "--exit-zero")

    assert ran.status == 0
    assert "TL101" in ran.out


def test_quiet(run: Run, leaky: Path) -> None:
    """With --quiet there are findings and nothing else."""
    ran = run("check", "-q", "--output-format", "concise")

    assert ran.out == "test_token.py:5:5: TL101 [*] `os.environ` is set here and never restored\n"


def test_fix(run: Run, leaky: Path) -> None:
    """--fix mends the file, tells how much, and ends with 0 when nothing is left."""
    ran = run("check", "--fix")

    assert leaky.read_text("utf-8") == MENDED
    assert (ran.status, ran.out) == (0, "Found 1 finding (1 fixed, 0 remaining).\n")


def test_fix_reports_what_is_left(run: Run, leaky: Path) -> None:
    """A finding that only a person can mend remains, and so does status 1."""
    leaky.write_text(LEAK + "\n\n" + TWO_CODES)

    ran = run("check", "--fix", "--output-format", "concise")

    assert ran.status == 1
    assert [line for line in ran.out.splitlines() if "TL" in line] == [
        "test_token.py:10:12: TL302 Any of these status codes passes: 200, 204"
    ]
    assert "Found 2 findings (1 fixed, 1 remaining)." in ran.out


def test_exit_non_zero_on_fix(run: Run, leaky: Path) -> None:
    """With --exit-non-zero-on-fix a changed file is 1 even if nothing is left, an unchanged one 0."""
    first = run("check", "--fix", "--exit-non-zero-on-fix")
    second = run("check", "--fix", "--exit-non-zero-on-fix")

    assert (first.status, second.status) == (1, 0)


def test_diff(run: Run, leaky: Path) -> None:
    """--diff shows a patch, writes nothing and ends with 1; without anything to change it is silent and 0."""
    ran = run("check", "--diff")

    assert ran.status == 1
    assert ran.out.startswith("--- test_token.py\n+++ test_token.py\n@@ ")
    assert '\n-    os.environ["TOKEN"] = "abc"\n' in ran.out
    assert ran.err == "Would change 1 file.\n"
    assert leaky.read_text("utf-8") == LEAK

    leaky.write_text(MENDED)
    after = run("check", "--diff")
    assert (after.status, after.out, after.err) == (0, "", "No fixes to apply.\n")


UNSAFE = "def test_mail(mailer):\n    mailer.send()\n    mailer.send.assert_called_once\n"


def test_unsafe_fixes_are_asked_for(run: Run, project: Path) -> None:
    """An unsafe fix is neither counted nor applied by --fix alone; the way to it is shown."""
    path = project / "test_mail.py"
    path.write_text(UNSAFE)

    shown = run("check")
    kept = run("check", "--fix")

    assert "No fixes available (1 hidden fix can be enabled with the `--unsafe-fixes` option)." in shown.out
    assert (kept.status, path.read_text()) == (1, UNSAFE)
    assert "[*] 1 fixable" in run("check", "--unsafe-fixes").out

    applied = run("check", "--fix", "--unsafe-fixes")
    assert (applied.status, path.read_text()) == (0, UNSAFE.replace("once\n", "once()\n"))


def test_unfixable(run: Run, leaky: Path) -> None:
    """A rule that the settings call unfixable is reported without a mark and never mended."""
    ran = run("check", "--fix", "--config", "unfixable = ['TL101']", "--output-format", "concise")

    assert "test_token.py:5:5: TL101 `os.environ`" in ran.out
    assert leaky.read_text("utf-8") == LEAK


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--select", "TL3"], 0),
        (["--select", "TL3,environ"], 1),
        (["--ignore", "TL101"], 0),
        (["--ignore", "environ-setitem"], 0),
        (["--select", "TL3", "--extend-select", "TL101"], 1),
        (["--per-file-ignores", "test_*.py:TL101"], 0),
        (["--per-file-ignores", "other/*.py:TL101"], 1),
        (["--config", "ignore = ['TL1']"], 0),
        (["--config", "select=['TL3']", "--select", "TL1"], 1),
    ],
)
def test_selecting_rules(run: Run, leaky: Path, options: list[str], status: int) -> None:
    """Rules are chosen by code, name, prefix and family; an option of its own outdoes --config."""
    assert run("check", *options).status == status


def test_config_file(run: Run, leaky: Path) -> None:
    """--config names a file that replaces what would be found; --isolated finds none."""
    (leaky.parent / "testlsp.toml").write_text("ignore = ['TL1']\n")
    (leaky.parent / "other.toml").write_text("select = ['TL1']\n")

    assert run("check").status == 0
    assert run("check", "--config", "other.toml").status == 1
    assert run("check", "--isolated").status == 1


def test_testpaths(run: Run, leaky: Path) -> None:
    """Without paths, pytest's testpaths are checked, and the whole folder when they lead nowhere."""
    (leaky.parent / "suite").mkdir()
    (leaky.parent / "pytest.ini").write_text("[pytest]\ntestpaths = suit*\n")

    assert "no test files found" in run("check").err
    assert run("check", ".").status == 1

    (leaky.parent / "pytest.ini").write_text("[pytest]\ntestpaths = gone\n")
    assert run("check").status == 1


def test_exclude(run: Run, leaky: Path) -> None:
    """--exclude skips a file that is found, and one that is named only with --force-exclude."""
    assert run("check", "--exclude", "test_t*.py").status == 0
    assert run("check", "--exclude", "test_t*.py", "test_token.py").status == 1
    assert run("check", "--exclude", "test_t*.py", "--force-exclude", "test_token.py").status == 0


def test_json(run: Run, leaky: Path) -> None:
    """JSON has ruff's fields, every fix with its edits, and nothing else on standard output."""
    ran = run("check", "--output-format", "json")

    [found] = json.loads(ran.out)
    assert found["code"] == "TL101"
    assert found["filename"] == str(leaky)
    assert found["location"] == {"row": 5, "column": 5}
    assert found["end_location"] == {"row": 5, "column": 32}
    assert found["fix"]["applicability"] == "safe"
    assert found["fix"] in found["fixes"]
    assert {
        "content": "(monkeypatch)",
        "location": {"row": 4, "column": 15},
        "end_location": {"row": 4, "column": 17},
    } in (found["fix"]["edits"])


def test_empty_json(run: Run, project: Path) -> None:
    """No finding is an empty array."""
    (project / "test_a.py").touch()

    assert json.loads(run("check", "--output-format", "json").out) == []


def test_output_file(run: Run, leaky: Path) -> None:
    """-o writes the report to a file, making its folder, and nothing to standard output."""
    ran = run("check", "--output-format", "json", "-o", "reports/testlsp.json")

    assert (ran.status, ran.out) == (1, "")
    assert json.loads((leaky.parent / "reports" / "testlsp.json").read_text("utf-8"))[0]["code"] == "TL101"


def test_output_file_that_cannot_be_written(run: Run, leaky: Path) -> None:
    """A report that cannot be written is an error and not a success."""
    ran = run("check", "-o", ".")

    assert ran.status == 2
    assert ran.err.startswith("error: .: cannot be written: ")


def test_statistics(run: Run, leaky: Path) -> None:
    """--statistics shows rules and numbers, the most frequent first, as text or as data."""
    leaky.write_text(LEAK + "\n\n" + TWO_CODES + "\n\n" + TWO_CODES.replace("login", "logout"))

    ran = run("check", "--statistics", "-q")
    data = json.loads(run("check", "--statistics", "--output-format", "json").out)

    assert ran.out == "2  TL302  [ ] status-list\n1  TL101  [*] environ-setitem\n"
    assert [(each["code"], each["count"], each["fixable"]) for each in data] == [
        ("TL302", 2, False),
        ("TL101", 1, True),
    ]


def test_profile(run: Run, leaky: Path) -> None:
    """--profile shows a row for each rule that was called, with its share of the run, and no findings."""
    ran = run("check", "--profile")
    rows = [line.split(" | ") for line in ran.out.splitlines() if line.startswith("| TL")]
    shares = [float(row[1].rstrip("%")) for row in rows]

    assert ran.status == 0
    assert "| TL101 environ-setitem" in [row[0] for row in rows]
    assert all(int(row[2].replace(",", "")) > 0 for row in rows if row[0].startswith("| TL101 "))
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) < 100
    assert "never restored" not in ran.out


def test_profile_changes_no_finding(run: Run, leaky: Path) -> None:
    """A rule that is called twice to be timed reports once."""
    rules = rule_index()
    plain, watched = Checker(Configuration(), rules), Checker(Configuration(), rules)
    watched.selector.library.costs = Costs()
    text = leaky.read_text("utf-8")

    assert watched.check_text(str(leaky), text) == plain.check_text(str(leaky), text)
    assert [cost.calls for cost in watched.selector.library.costs.by_rule() if cost.code == "TL101"] == [1]


def test_colours(run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for terminals, for those who force them, and for nobody with NO_COLOR."""
    assert "\x1b[" not in run("check").out
    assert "\x1b[" in run("check", "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("check").out
    assert "\x1b[" not in run("check", "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("check").out


def test_stdin(run: Run, project: Path) -> None:
    """Standard input is checked under the name given."""
    ran = run("check", "--output-format", "concise", "--stdin-filename", "tests/test_x.py", "-", stdin=LEAK.encode())

    assert ran.status == 1
    assert ran.out.startswith("tests/test_x.py:5:5: TL101")
    assert run("check", "-", "--output-format", "concise", stdin=LEAK.encode()).out.startswith("-:5:5: TL101")


def test_stdin_sees_the_project(run: Run, project: Path) -> None:
    """What the text depends on is read from disk: settings, and the conftest beside its name."""
    (project / "testlsp.toml").write_text("per-file-ignores = { 'test_x.py' = ['TL101'] }\n")

    assert run("check", "--stdin-filename", "test_x.py", "-", stdin=LEAK.encode()).status == 0
    assert run("check", "--stdin-filename", "test_y.py", "-", stdin=LEAK.encode()).status == 1


def test_stdin_fixed(run: Run, project: Path) -> None:
    """With --fix the mended text, byte order mark and line ends kept, is all there is on standard output."""
    given = b"\xef\xbb\xbf" + LEAK.replace("\n", "\r\n").encode()

    ran = run("check", "--fix", "-", stdin=given)

    assert ran.status == 0
    assert ran.out.encode() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()


def test_stdin_excluded(run: Run, project: Path) -> None:
    """A name that is excluded by force is left alone: the text comes back as it went in."""
    ran = run(
        "check", "--fix", "--force-exclude", "--exclude", "x.py", "--stdin-filename", "x.py", "-", stdin=LEAK.encode()
    )

    assert (ran.status, ran.out) == (0, LEAK)


def test_stdin_and_paths(run: Run, leaky: Path) -> None:
    """Standard input together with files makes no sense and is refused."""
    assert run("check", "-", "test_token.py").status == 2


def test_show_settings(run: Run, leaky: Path) -> None:
    """--show-settings tells each setting, where it comes from, and the rules that run."""
    (leaky.parent / "testlsp.toml").write_text("smoke-markers = ['smoke', 'quick']\n")

    ran = run("check", "--select", "TL101", "--show-settings", "test_token.py")
    data = json.loads(run("check", "--show-settings", "test_token.py", "--output-format", "json").out)

    assert ran.status == 0
    assert 'smoke-markers = ["smoke", "quick"]  # testlsp.toml\n' in ran.out
    assert 'select = ["TL101"]  # command line\n' in ran.out
    assert "# rules: TL101\n" in ran.out
    assert data[0]["settings"]["smoke-markers"]["source"] == str(leaky.parent / "testlsp.toml")


def test_cache(run: Run, leaky: Path) -> None:
    """Results are kept in a folder that git ignores; a second run says the same, and a changed file is seen."""
    first, second = run("check"), run("check")

    assert first == second
    assert (leaky.parent / ".testlsp_cache" / ".gitignore").read_text().splitlines()[-1] == "*"
    leaky.write_text(MENDED)
    assert run("check").status == 0


def test_no_cache(run: Run, leaky: Path) -> None:
    """--no-cache leaves nothing behind; --cache-dir says where to leave it."""
    run("check", "--no-cache")
    assert [path.name for path in leaky.parent.iterdir()] == ["test_token.py"]

    run("check", "--cache-dir", "kept")
    assert (leaky.parent / "kept").is_dir()
    assert not (leaky.parent / ".testlsp_cache").exists()


def test_clean(run: Run, leaky: Path) -> None:
    """`testlsp clean` removes caches and nothing else that happens to bear the name."""
    (leaky.parent / "sub" / ".testlsp_cache").mkdir(parents=True)
    (leaky.parent / "sub" / ".testlsp_cache" / "notes.txt").write_text("mine")
    run("check")

    ran = run("clean")

    assert ran.status == 0
    assert not (leaky.parent / ".testlsp_cache").exists()
    assert (leaky.parent / "sub" / ".testlsp_cache" / "notes.txt").exists()


def test_several_processes(run: Run, leaky: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files in several processes give what one process gives."""
    for number in range(6):
        (leaky.parent / f"test_{number}.py").write_text(LEAK)
    alone = run("check", "--no-cache", "--jobs", "1")
    monkeypatch.setattr("testlsp.project.checking.PARALLEL_ABOVE", 0)

    together = run("check", "--no-cache", "--jobs", "2")

    assert together == alone
    assert alone.out.count("TL101") == 7


def test_show_files_lists_what_would_be_checked(run: Run, tmp_path: Path) -> None:
    """`--show-files` names the test files and conftests, one absolute path a line, and reads none of them."""
    (tmp_path / "test_a.py").write_text("not python at all (\n")
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "module.py").write_text("")
    result = run("check", "--show-files")
    assert result.status == 0
    assert sorted(result.out.splitlines()) == [str(tmp_path / "conftest.py"), str(tmp_path / "test_a.py")]


def test_nothing_is_parsed_again_after_a_run_in_several_processes(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the processes read for the sake of the tests, a helper module here, is kept for the next run as well."""
    monkeypatch.setattr("testlsp.project.checking.PARALLEL_ABOVE", 0)
    (project / "prices.py").write_text("import os\n\ndef set_up_env():\n    os.environ['PRICE'] = '1'\n")
    for number in range(3):
        body = f"    set_up_env()\n    assert {number} == int('{number}')\n"
        (project / f"test_{number}.py").write_text(f"from prices import set_up_env\n\ndef test_{number}():\n{body}")
    first = run("check", "--jobs", "2", "--cache-dir", "kept", "--select", "ALL")

    def parse(path: str, *_: object) -> None:
        raise AssertionError(f"{path} is parsed again")

    for place in ("summaries", "analysis"):
        monkeypatch.setattr(f"testlsp.project.{place}.parse", parse)
    again = run("check", "--jobs", "2", "--cache-dir", "kept", "--select", "ALL")

    assert again.out == first.out
    assert again.status == first.status
