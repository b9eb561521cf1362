"""What the tests of a module do with files of fixed names."""

from __future__ import annotations

import textwrap

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.kept_files import file_uses
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse

HEADER = "import io, os\nfrom pathlib import Path\n"


def model(code: str) -> SemanticModel:
    """Return the model of a test module."""
    return SemanticModel(parse("/p/test_it.py", HEADER + textwrap.dedent(code)), FileRole.TEST_MODULE)


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("open('a', 'w')", "write"),
        ("io.open('a', mode='xb')", "write"),
        ("Path('a').write_text('')", "write"),
        ("open('a')", "read"),
        ("Path('a').read_bytes()", "read"),
        ("os.remove('a')", "remove"),
        ("Path('a').unlink()", "remove"),
        ("open('a', 'r+')", None),
        ("open('a', mode)", None),
        ("open(name, 'w')", None),
        ("Path(name).write_text('')", None),
        ("store.open('a', 'w')", None),
    ],
)
def test_a_use_is_known_where_name_and_purpose_are_written_out(line: str, how: str | None) -> None:
    """Whatever is computed may be another file each time."""
    found = file_uses(model(f"class TestIt:\n    def test_it(self, name, mode, store):\n        {line}  # open(\n"))

    assert found == ((("a", how, ("TestIt",), "test_it"),) if how else ())


def test_a_file_that_speaks_of_working_directories_has_none() -> None:
    """There a relative name may mean another file in each test."""
    assert not file_uses(model("def test_it(monkeypatch): monkeypatch.chdir('/'); open('a', 'w')"))


def test_the_summary_keeps_them_as_data() -> None:
    """What another process tells of a file is what would be found here."""
    found = model("def test_it(): open('a', 'w')")
    summary = summarise(found.source, found)

    assert summary.files
    assert FileSummary.from_data(summary.to_data()) == summary
