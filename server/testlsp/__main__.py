"""`testlsp` and `python -m testlsp` are the command."""

from __future__ import annotations

import os
import sys

from testlsp.cli import main


def run() -> None:
    """Run the command and end the process.

    A check ends it at once: all is written and closed by then, and to take down what it knows, object by object, would
    cost as much as the start of Python did. Whoever traces or profiles the process is left to end it.
    """
    status = main()
    if sys.argv[1:2] == ["check"] and sys.gettrace() is None and sys.getprofile() is None:
        os._exit(status)
    raise SystemExit(status)


if __name__ == "__main__":
    run()
