"""``python -m testlsp.lsp``."""

from __future__ import annotations

import sys

from testlsp.lsp import main

if __name__ == "__main__":
    sys.exit(main())
