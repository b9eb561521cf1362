"""A process of its own that reads the test files of a workspace and says what they define.

It gets its task as one line of JSON (folders with the editor's settings) and answers in lines of JSON: first all paths,
then for each path its summary as data. It lints nothing, so it needs no rules, and it ends with its work or its parent.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

from testlsp.project.discovery import discover
from testlsp.project.files import FileProblem, read_file
from testlsp.project.summaries import model_of, role_of
from testlsp.project.workspace import Folder, Workspace
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse


def task_for(folders: tuple[Folder, ...]) -> str:
    """Return the line that gives the process its task."""
    return json.dumps([[folder.path, dict(folder.settings)] for folder in folders]) + "\n"


def command() -> list[str]:
    """Return what starts the process; the interpreter of this one, and nothing of the user's folders on its path."""
    code = "import sys; sys.path[:] = sys.argv[1:]; from testlsp.project.indexer import main; main()"
    return [sys.executable, "-I", "-c", code, *(entry for entry in sys.path if entry)]


def index(folders: tuple[Folder, ...], out: TextIO) -> None:
    """Write what the test files of *folders* define to *out*."""
    workspace = Workspace((), folders)

    def settings_for(folder: str) -> Any:
        return workspace.settings_for(os.path.join(folder, "_"))

    files: dict[str, None] = {}
    for folder in folders:
        files.update(dict.fromkeys(discover([folder.path], settings_for).files))
    out.write(json.dumps(list(files)) + "\n")
    out.flush()
    for path in files:
        try:
            text = read_file(path).text
        except FileProblem:
            continue
        settings = workspace.settings_for(path)
        source = parse(path, text)
        summary = summarise(source, model_of(source, settings, role_of(path, settings)))
        out.write(json.dumps([path, summary.to_data()]) + "\n")
    out.flush()


def main() -> None:
    """Do one task."""
    import gc

    gc.disable()
    if hasattr(os, "nice"):
        os.nice(10)  # whoever is typing comes first
    task = json.loads(sys.stdin.readline() or "[]")
    try:
        index(tuple(Folder(path, settings) for path, settings in task), sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)  # nobody is listening any more
