"""Checking what comes from standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from testlsp.cli.arguments import CheckOptions
from testlsp.cli.check import (
    FAILED,
    show_changes,
    show_entries,
    status_of,
    threshold_of,
    told,
    wants_details,
    with_relative_paths,
)
from testlsp.cli.configured import Configured, complain, relative
from testlsp.cli.terminal import Terminal
from testlsp.lint.library import AnyRule
from testlsp.project.checking import Checker
from testlsp.project.files import FileProblem, decode
from testlsp.report.entries import entry

UNNAMED = "-"


def check_stdin(options: CheckOptions, setup: Configured, rules: Sequence[AnyRule], terminal: Terminal) -> int:
    """Check standard input and return the exit status. With ``--fix`` the mended text goes to standard output."""
    configuration = setup.configuration
    path = os.path.normpath(os.path.join(configuration.cwd, options.stdin_filename or UNNAMED))
    settings = configuration.for_file(path)
    if complain(setup, rules, terminal):
        terminal.error("the configuration is not valid, so nothing was checked")
        return FAILED
    shown = relative(path, configuration.cwd)
    data = sys.stdin.buffer.read()
    try:
        file = decode(data, shown)
    except FileProblem as problem:
        terminal.error(str(problem))
        if options.fix:
            terminal.write_bytes(data)
        return FAILED
    if settings.force_exclude and settings.excludes(path):
        if options.fix and not options.diff:
            terminal.write_bytes(data)
        return 0
    checker = Checker(configuration, rules)
    text = file.text
    if options.fix or options.diff:
        text, report = checker.fix_text(path, file.text, threshold_of(options))
    else:
        report = checker.check_text(path, text, details=wants_details(options))
    for note in report.notes:
        terminal.warning(told(path, note, configuration.cwd))
    changes = {path: (file.text, text)} if text != file.text else {}
    if options.diff:
        return status_of(options, show_changes(changes, options, configuration.cwd, terminal), False)
    fixable = checker.selection(path)[1].fixable
    findings = (with_relative_paths(each, configuration.cwd) for each in report.findings)
    entries = [entry(shown, path, each, threshold_of(options), fixable, report.text) for each in findings]
    if options.fix:
        terminal.write_bytes(file.encoded(text))
        terminal.swap()
    show_entries(entries, 0, options, terminal)
    return status_of(options, bool(entries), bool(changes))
