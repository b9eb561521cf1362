"""The configuration for Emacs that docs/editors.md shows, in a real Emacs without a screen.

Emacs is taken from ``TESTLSP_EMACS`` or PATH. Before version 29 it needs eglot as a package (Debian: ``emacs-nox`` and
``elpa-eglot``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EMACS = os.environ.get("TESTLSP_EMACS") or shutil.which("emacs")


def reason() -> str:
    """Why this cannot be tried here, "" if it can."""
    if EMACS is None:
        return "there is no emacs: apt-get install emacs-nox elpa-eglot"
    asked = [EMACS, "--batch", "--eval", "(package-initialize)", "--eval", "(require 'eglot)"]
    return "" if subprocess.run(asked, capture_output=True).returncode == 0 else "this emacs has no eglot"


WHY_NOT = reason()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(WHY_NOT != "", reason=WHY_NOT)]

TEST_FILE = """\
import os


def test_currency():
    os.environ["SHOP_CURRENCY"] = "USD"
    assert os.environ["SHOP_CURRENCY"] == "USD"
"""

# What an interactive Emacs does by itself after a command has to be asked for here.
DRIVER = """
(package-initialize)
(require 'eglot)
(load-file "init.el")
(setq eglot-sync-connect 20 eglot-confirm-server-initiated-edits nil make-backup-files nil)

(defun wait-until (condition)
  (let ((end (+ (float-time) 20)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "not within 20 s: %S" condition))
      (accept-process-output nil 0.05))))

(find-file "tests/test_shop.py")
(unless (eglot-managed-p) (run-hooks 'post-command-hook))
(wait-until (lambda () (flymake-diagnostics)))
(dolist (each (flymake-diagnostics)) (message "found: %s" (flymake-diagnostic-text each)))
(goto-char (point-max))
(insert "\n")
(eglot--signal-textDocument/didChange)
(save-buffer)
"""


def documented() -> list[str]:
    """The blocks of Emacs Lisp in docs/editors.md."""
    section = (ROOT / "docs" / "editors.md").read_text("utf-8").split("\n## Emacs, eglot\n")[1].split("\n## ")[0]
    return re.findall(r"^```elisp\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def suite() -> str:
    """The project's one test."""
    return TEST_FILE


def emacs(project: Path, blocks: list[str]) -> str:
    """Start Emacs in *project* with *blocks* as its init file; return what it said."""
    assert EMACS is not None
    (project / "init.el").write_text("\n".join(blocks))
    (project / "driver.el").write_text(DRIVER)
    environment = {**os.environ, "HOME": str(project), "PATH": f"{project / 'bin'}:{os.environ['PATH']}"}
    ended = subprocess.run(
        [EMACS, "--batch", "-l", "driver.el"], cwd=project, env=environment, capture_output=True, text=True, timeout=90
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stderr


def test_findings_appear(project: Path) -> None:
    """The first block is enough to see a finding."""
    assert "TL101" in emacs(project, documented()[:1])
    assert "os.environ[" in (project / "tests" / "test_shop.py").read_text()


def test_safe_fixes_are_applied_on_save(project: Path) -> None:
    """With the second block, saving mends what is safe."""
    emacs(project, documented())

    text = (project / "tests" / "test_shop.py").read_text()
    assert 'monkeypatch.setenv("SHOP_CURRENCY", "USD")' in text
    assert "def test_currency(monkeypatch):" in text
