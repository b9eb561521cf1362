"""Reports for people: frames, carets and the small diff of a fix."""

from __future__ import annotations

import pytest
from testlsp.lint import Applicability
from testlsp.project.records import EditRecord, Finding, FixRecord, Location
from testlsp.report.entries import Totals, entry
from testlsp.report.frames import drawn, frame
from testlsp.report.people import concise, full
from testlsp.report.styles import PLAIN, Style
from testlsp.report.summary import summary
from testlsp.text import LineIndex


def frame_of(text: str, start: tuple[int, int], end: tuple[int, int]) -> list[str]:
    return frame(LineIndex(text), Location(*start), Location(*end), 2, PLAIN)


def test_carets_below_the_range() -> None:
    """The range is underlined, with at most two lines of context and no blank ones at the edges."""
    assert frame_of("a = 1\n\nb = call(1)\nc = 3\n\nd = 4\n", (3, 5), (3, 12)) == [
        "   |",
        " 1 | a = 1",
        " 2 |",
        " 3 | b = call(1)",
        "   |     ^^^^^^^",
        " 4 | c = 3",
        "   |",
    ]


@pytest.mark.parametrize(
    ("line", "column", "end", "shown", "carets"),
    [
        ("x = '漢字' + bad", 12, 15, "x = '漢字' + bad", "             ^^^"),
        ("\tbad = 1", 2, 5, "    bad = 1", "    ^^^"),
        ("x\t= bad", 5, 8, "x   = bad", "      ^^^"),
        ("e\u0301 = bad", 6, 9, "e\u0301 = bad", "    ^^^"),
        ("'🎉'; bad", 6, 9, "'🎉'; bad", "      ^^^"),
        ("\x0cbad", 2, 5, "\u240cbad", " ^^^"),
        ("# \x1b[31m; bad", 10, 13, "# \u241b[31m; bad", "         ^^^"),
        ("# \u202e bad", 5, 8, "# \ufffd bad", "    ^^^"),
        ("end", 4, 4, "end", "   ^"),
    ],
)
def test_columns_are_those_of_a_terminal(line: str, column: int, end: int, shown: str, carets: str) -> None:
    """Wide characters take two columns, combining ones none, tabs reach the next stop, controls do nothing."""
    drawing = frame_of(line, (1, column), (1, end))

    assert drawing[1] == f" 1 | {shown}"
    assert drawing[2] == f"   | {carets}"


def test_range_of_several_lines() -> None:
    """A range over several lines is drawn in the margin, from its first to its last line."""
    assert frame_of("try:\n    f()\nexcept E:\n    pass\ng()\n", (1, 1), (4, 9)) == [
        "   |",
        " 1 | / try:",
        " 2 | |     f()",
        " 3 | | except E:",
        " 4 | |     pass",
        "   | |________^",
        " 5 |   g()",
        "   |",
    ]


def test_range_that_ends_at_the_beginning_of_a_line() -> None:
    """A range that takes in the end of its line is that line."""
    assert frame_of("a\nbb\nc\n", (2, 1), (3, 1))[3] == "   | ^^"


def test_long_range_is_cut() -> None:
    """Of a long range the first and last lines are shown."""
    drawing = frame_of("".join(f"line{number}\n" for number in range(1, 41)), (1, 1), (40, 7))

    assert len(drawing) < 12
    assert any(line.startswith("...") for line in drawing)
    assert " 1 | / line1" in drawing
    assert "40 | | line40" in drawing


def test_long_line_is_cut_around_the_range() -> None:
    """A line of a megabyte does not fill the screen, and the carets still point at the range."""
    line = "x" * 500_000 + "BAD" + "y" * 500_000
    drawing = frame_of(line, (1, 500_001), (1, 500_004))

    assert max(map(len, drawing)) < 300
    at = drawing[1].index("BAD")
    assert drawing[2] == "   |" + " " * (at - 4) + "^^^"


def test_drawn_characters_never_control_a_terminal() -> None:
    """Whatever is in a line, what is shown is printable or takes no column."""
    for code in [*range(0x300), *range(0x2000, 0x2070), 0xFEFF, 0xD800, 0xE000, 0x1F600]:
        shown, _ = drawn(chr(code))
        assert not any(ord(each) < 32 or each in "\x7f\u2028\u2029\u202e" or 0x80 <= ord(each) < 0xA0 for each in shown)


def finding(*fixes: FixRecord, start: tuple[int, int] = (2, 1), end: tuple[int, int] = (2, 4)) -> Finding:
    return Finding("TL999", "some-rule", "something\nis wrong", "warning", Location(*start), Location(*end), fixes)


def edit(start: tuple[int, int], end: tuple[int, int], content: str) -> EditRecord:
    return EditRecord(Location(*start), Location(*end), content)


def test_full_without_a_fix() -> None:
    """A finding without a fix is a headline, a place and a frame."""
    shown = entry("a.py", "/p/a.py", finding(), Applicability.SAFE, {"TL999"}, "one\ntwo\n")

    assert "".join(full([shown])) == (
        "TL999 something is wrong\n --> a.py:2:1\n  |\n1 | one\n2 | two\n  | ^^^\n  |\n\n"
    )


def test_diff_of_a_fix_far_apart() -> None:
    """Edits far from each other are shown in parts, with the line numbers of the new text."""
    text = "".join(f"line {number}\n" for number in range(1, 31))
    fix = FixRecord("Do it", "safe", True, (edit((1, 1), (1, 1), "import x\n"), edit((20, 1), (21, 1), "")))
    shown = entry("a.py", "/p/a.py", finding(fix, start=(20, 1), end=(20, 5)), Applicability.SAFE, {"TL999"}, text)

    lines = "".join(full([shown])).splitlines()

    assert lines[lines.index("help: Do it") + 1 :] == [
        " 1 + import x",
        " 2 | line 1",
        "   ...",
        "20 | line 19",
        "   - line 20",
        "21 | line 21",
        "",
    ]


def test_alternatives_are_named() -> None:
    """The fix that would be applied is shown first, with its grade unless it is safe; the others by title."""
    manual = FixRecord("Expect 200", "manual", False, (edit((2, 1), (2, 4), "2"),))
    unsafe = FixRecord("Expect 400", "unsafe", False, (edit((2, 1), (2, 4), "4"),))
    shown = entry("a.py", "/p/a.py", finding(manual, unsafe), Applicability.UNSAFE, {"TL999"}, "one\ntwo\n")

    said = "".join(full([shown]))

    assert said.startswith("TL999 [*] ")
    assert "help: Expect 400 (unsafe)\n" in said
    assert "  or: Expect 200 (manual)\n" in said


def test_concise() -> None:
    """One line a finding, whatever is in its message, painted only when asked for."""
    shown = entry("a\nb.py", "/p/a\nb.py", finding(), Applicability.SAFE, {"TL999"})

    assert "".join(concise([shown])) == "a\u240ab.py:2:1: TL999 something is wrong\n"
    assert "\x1b[1;31mTL999\x1b[0m" in "".join(concise([shown], Style(True)))


@pytest.mark.parametrize(
    ("totals", "wanted"),
    [
        (Totals(0), "All checks passed!\n"),
        (Totals(1), "Found 1 finding.\n"),
        (Totals(2, 0, 1, 0), "Found 2 findings.\n[*] 1 fixable with the `--fix` option.\n"),
        (
            Totals(9, 0, 2, 3),
            (
                "Found 9 findings.\n[*] 2 fixable with the `--fix` option "
                "(3 hidden fixes can be enabled with the `--unsafe-fixes` option).\n"
            ),
        ),
        (
            Totals(1, 4, 0, 1),
            (
                "Found 5 findings (4 fixed, 1 remaining).\n"
                "No fixes available (1 hidden fix can be enabled with the `--unsafe-fixes` option).\n"
            ),
        ),
        (Totals(0, 4), "Found 4 findings (4 fixed, 0 remaining).\n"),
    ],
)
def test_summary(totals: Totals, wanted: str) -> None:
    """The closing lines count, and say what could be done."""
    assert "".join(summary(totals)) == wanted
