"""The process: arguments, streams, the event loop, and the registration of the features."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from testlsp import __version__
from testlsp.lsp.garbage import garbage
from testlsp.lsp.protocol import Protocol
from testlsp.lsp.session import Session
from testlsp.lsp.status import ClientLog, watch_parent

log = logging.getLogger("testlsp")

Output = BinaryIO | asyncio.StreamWriter


class Server(LanguageServer):
    """pygls's server with our protocol; errors go to the log and not into the user's face."""

    protocol: Protocol

    def __init__(self) -> None:
        """Prepare; nothing is loaded yet but the protocol."""
        super().__init__("testlsp", __version__, protocol_cls=Protocol)
        self.session = Session(self.protocol)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log *error*."""
        log.error("%s: %s", getattr(source, "__name__", source), error)


def make_server() -> Server:
    """Return a server with all features registered."""
    server = Server()
    session = server.session

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        log.addHandler(ClientLog(session))
        log.propagate = False
        session.introduce(params)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        session.status.tell()
        session.spawn(_load(session))
        session.spawn(watch_parent(server.process_id))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: Any) -> None:
        """Announced here, heard by the session."""

    from testlsp.lsp import actions, commands, configuration, language, pulling

    for group in (actions, commands, configuration, language, pulling):
        group.register(server)
    return server


def _import() -> Any:
    from testlsp.builtin import all_rules
    from testlsp.config import options  # noqa: F401
    from testlsp.lsp import publishing  # noqa: F401
    from testlsp.project import project  # noqa: F401

    return all_rules()


async def _load(session: Session) -> None:
    """Load rules and engine beside the event loop, then begin."""
    try:
        rules = await asyncio.get_running_loop().run_in_executor(None, _import)
    except Exception as error:  # an installation that is broken: say so instead of staying silent
        log.exception("testlsp could not be loaded")
        session.fail(f"could not be loaded: {error}")
        return
    from testlsp.lsp import configuration

    await configuration.pull(session)
    gc.freeze()
    session.begin(rules)
    session.spawn(configuration.register_dynamically(session))
    session.spawn(_when_idle(session))


async def _when_idle(session: Session) -> None:
    """Do what would be felt as a stutter when nobody types: load what builds edits, and collect garbage."""
    from time import perf_counter

    from testlsp.lsp.actions import warm_up

    warm = False
    while True:
        await asyncio.sleep(1.0)
        if perf_counter() - session.publishing.last_touch < 1.5:
            continue
        if not warm:
            warm = True
            await warm_up()
        await session.notices.look()
        garbage.tidy(5000)
        garbage.tidy_all()


def run(argv: Sequence[str] | None = None) -> int:
    """Serve until the client says goodbye; return the exit code."""
    import argparse

    parser = argparse.ArgumentParser(prog="testlsp server", description="Serve an editor over stdin and stdout.")
    parser.add_argument("--stdio", action="store_true", help="accepted for editors that pass it; this is the default")
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", help="listen there instead, for debugging; HOST is 127.0.0.1 if empty"
    )
    options = parser.parse_args(argv)
    address = _address(options.tcp) if options.tcp is not None else None
    if options.tcp is not None and address is None:
        parser.error(f"argument --tcp: {options.tcp!r} is not HOST:PORT")
    gc.disable()  # see `testlsp.lsp.garbage`
    sys.setswitchinterval(0.001)  # what loads in other threads must not hold up the event loop
    server = make_server()
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    if address is not None:
        return asyncio.run(_listen(server, *address))
    return _serve_stdio(server)


def _address(text: str) -> tuple[str, int] | None:
    """Return the host and the port that ``HOST:PORT`` names; without a host it is this machine alone."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        return None
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


async def _listen(server: Server, host: str, port: int) -> int:
    """Serve the first client that connects, and end with it."""
    first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    first = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first.done():
            writer.close()
        else:
            first.set_result((reader, writer))

    try:
        listener = await asyncio.start_server(connected, host, port)
    except OSError as error:
        sys.stderr.write(f"testlsp server: cannot listen on {host}:{port}: {error}\n")
        return 2
    port = listener.sockets[0].getsockname()[1]
    sys.stderr.write(f"testlsp server: listening on {host}:{port}\n")
    sys.stderr.flush()
    reader, writer = await first
    listener.close()
    server.protocol.set_writer(writer)
    await _converse(server, reader, writer)
    return 1


def _serve_stdio(server: Server) -> int:
    # What else writes to the standard output, in this process or one it starts, must not land in the protocol.
    inner, outer = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    asyncio.run(_talk(server, os.fdopen(inner, "rb"), os.fdopen(outer, "wb")))
    return 1


def _leave(server: Server, output: Output, code: int) -> None:
    """End now: threads that load and processes that index are not waited for."""
    if getattr(server.session, "indexing", None) is not None:
        server.session.indexing.stop()
    try:
        output.close()
    finally:
        os._exit(code)


async def _talk(server: Server, stdin: BinaryIO, stdout: BinaryIO) -> None:
    from pygls.io_ import StdinAsyncReader, StdoutWriter

    server.protocol.set_writer(StdoutWriter(stdout))
    reader: Any
    try:
        reader = asyncio.StreamReader()
        # A pipe or socket is read by the loop itself; waiting for a thread costs half a millisecond a message.
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
    except (ValueError, OSError, NotImplementedError):
        reader = StdinAsyncReader(stdin, server.thread_pool)
    await _converse(server, reader, stdout)


async def _converse(server: Server, reader: Any, output: Output) -> None:
    """Hear what *reader* says until it is over, and end the process."""
    from threading import Event

    from pygls.io_ import run_async

    server._stop_event = Event()
    code = 1  # unless there was a goodbye, and in order
    try:
        await run_async(server._stop_event, reader, server.protocol, log, server.report_server_error)
    except SystemExit as goodbye:
        code = goodbye.code if isinstance(goodbye.code, int) else 1
    except (BrokenPipeError, ConnectionError):
        log.debug("the client is gone")
    finally:
        server.protocol.left = True
        _leave(server, output, code)
