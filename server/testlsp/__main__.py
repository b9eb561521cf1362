"""`python -m testlsp` is the command."""

from __future__ import annotations

from testlsp.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
