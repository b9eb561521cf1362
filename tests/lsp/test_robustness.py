"""Stories about what goes wrong: rules that raise, work nobody wants any more, clients and parents that are gone."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsp.harness import LEAK, SERVER, codes, editor, progress_kinds
from lsprotocol import types
from pygls.exceptions import JsonRpcException

FAULTY = [sys.executable, str(Path(__file__).with_name("faulty_server.py"))]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["neovim", "vscode"])
async def test_a_rule_that_raises_is_reported_once(kind: str, tmp_path: Path) -> None:
    """The fault is in the log once and in the status; the other findings are there, in this file and in the next."""
    async with editor(kind, tmp_path, server=[*FAULTY, "rule"]) as it:
        for name in ("test_a.py", "test_b.py"):
            uri = it.open(name, LEAK)
            for text in (LEAK, "# again\n" + LEAK):
                version = it.replace(uri, text)
                found = (await it.pull(uri)).items if kind == "vscode" else await it.told(uri, version)
                assert codes(found) == ["TL101"]
        logged = [each.message for each in it.client.log_messages if "TL998" in each.message]
        assert len(logged) == 1
        assert "ZeroDivisionError: in test_login" in logged[0]
        await it.until(lambda: it.statuses[-1]["state"] == "ready")
        assert it.statuses[-1]["crashes"] == 1
        assert "TL998" in it.statuses[-1]["message"]
        fix = (await it.actions(uri, 5, 6))[0]
        assert fix.title == "Use `monkeypatch.setenv`"


@pytest.mark.asyncio
async def test_an_installation_that_is_broken_says_so(tmp_path: Path) -> None:
    """Where the rules cannot be loaded the status has the reason, requests get an error, and the goodbye works."""
    async with editor("neovim", tmp_path, server=[*FAULTY, "load"]) as it:
        uri = it.open("test_a.py", LEAK)
        await it.until(lambda: bool(it.statuses) and it.statuses[-1]["state"] == "failed")
        assert "a rule is missing" in it.statuses[-1]["message"]
        it.replace(uri, LEAK)
        with pytest.raises(JsonRpcException, match="a rule is missing"):
            await it.actions(uri, 4, 6)


@pytest.mark.asyncio
async def test_a_request_can_be_cancelled(tmp_path: Path) -> None:
    """A request that the client takes back is answered as cancelled, and the server goes on."""
    for number in range(60):
        (tmp_path / f"test_{number}.py").write_text(LEAK)
    async with editor("vscode", tmp_path) as it:
        params = types.WorkspaceDiagnosticParams([], work_done_token="work")
        future = it.client.protocol.send_request(types.WORKSPACE_DIAGNOSTIC, params, msg_id="slow")
        it.client.cancel_request(types.CancelParams(id="slow"))
        with pytest.raises(JsonRpcException) as refusal:
            await asyncio.wrap_future(future)
        assert refusal.value.code == -32800
        uri = it.open("test_1.py")
        assert (await it.pull(uri)).items
        assert progress_kinds(it, "work")[-1:] in ([], ["end"])


@pytest.mark.asyncio
async def test_indexing_can_be_cancelled(tmp_path: Path) -> None:
    """The reading of the workspace is shown as something that can be stopped; stopped, it ends, and the rest works."""
    body = "".join(f"def test_{number}(client):\n    assert client.get({number}) == 1\n\n" for number in range(300))
    for number in range(60):
        (tmp_path / f"test_{number}.py").write_text(body)
    async with editor("vscode-push", tmp_path, options={"logLevel": "info"}) as it:
        await it.until(lambda: bool(progress_kinds(it, "testlsp/indexing")))
        ((token, values),) = it.partial.items()
        assert values[0]["cancellable"]
        it.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        await it.until(lambda: it.statuses[-1]["state"] == "ready")
        assert progress_kinds(it, "testlsp/indexing")[-1] == "end"
        logged = [each.message for each in it.client.log_messages if each.message.startswith("indexed")]
        assert len(logged) == 1
        assert "of 60 files, then cancelled" in logged[0]
        assert not logged[0].startswith("indexed 60")
        await it.becomes(it.open("test_a.py", LEAK), ["TL101"])


@pytest.mark.asyncio
async def test_a_debugger_connects_by_tcp(tmp_path: Path) -> None:
    """With --tcp the server listens on this machine, serves one client, and its exit code is that of a goodbye."""
    server = await asyncio.create_subprocess_exec(*SERVER[:-1], "--tcp", ":0", stderr=asyncio.subprocess.PIPE)
    assert server.stderr is not None
    said = (await server.stderr.readline()).decode()
    host, _, port = said.split()[-1].rpartition(":")
    assert host == "127.0.0.1"
    async with editor("neovim", tmp_path, address=(host, int(port))) as it:
        await it.becomes(it.open("test_a.py", LEAK), ["TL101"])
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection(host, int(port))
    assert await asyncio.wait_for(server.wait(), 8) == 0


def test_an_address_that_is_none_is_refused() -> None:
    """An address without a port is an error of the caller, told in one line."""
    for address in ("localhost", "localhost:http", ":99999"):
        ended = subprocess.run(
            [*SERVER[:-1], "--tcp", address], capture_output=True, text=True, timeout=20, check=False
        )
        assert ended.returncode == 2
        assert f"'{address}' is not HOST:PORT" in ended.stderr


def _message(method: str, number: int | None = None, **params: Any) -> bytes:
    body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        body["id"] = number
    text = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(text), text)


def test_the_server_ends_with_the_process_that_started_it() -> None:
    """A server whose parent is gone and whose pipe stays open ends by itself."""
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(_message("initialize", 1, processId=parent.pid, rootUri=None, capabilities={}))
        server.stdin.write(_message("initialized"))
        server.stdin.flush()
        assert server.stdout.readline(), "the server answers, so it knows its parent"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert server.wait(timeout=15) == 1


def test_the_exit_code_says_whether_there_was_a_goodbye() -> None:
    """A pipe that just ends, or an exit without shutdown, is exit code 1; with shutdown it is 0."""
    hello = _message("initialize", 1, processId=None, rootUri=None, capabilities={})
    for said, code in (
        (b"", 1),
        (_message("exit"), 1),
        (hello + _message("exit"), 1),
        (hello + _message("shutdown", 2) + _message("exit"), 0),
    ):
        ended = subprocess.run(SERVER, input=said, stdout=subprocess.PIPE, timeout=20, check=False)
        assert ended.returncode == code, said
