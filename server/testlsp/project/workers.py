"""Analysing files in several processes.

Each process has a checker of its own and reads what its files depend on; nothing but plain data travels. None of them
outlives the one that started it, however that ends: it would wait for ever for somebody to take its results.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from testlsp.lint.library import AnyRule
from testlsp.project.configuration import Configuration
from testlsp.project.outcome import Outcome
from testlsp.semantic.summary import FileSummary

if TYPE_CHECKING:
    from testlsp.project.checking import Checker

_CHUNKS_PER_PROCESS = 6
_checker: Checker | None = None
_told: set[str] = set()


def analyse_in_parallel(
    checker: Checker, paths: Sequence[str], explicit: frozenset[str], details: bool
) -> dict[str, Outcome] | None:
    """Return the outcomes for *paths*, or None when no further process can be had."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    jobs = min(checker.jobs, len(paths))
    # Forking is quickest, and sound as long as there is one thread.
    can_fork = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if can_fork else "spawn")
    configuration = checker.configuration
    recipe = (
        configuration.cwd,
        configuration.overrides,
        configuration.config_file,
        configuration.isolated,
        checker.selector.rules,
    )
    found: dict[str, Outcome] = {}
    others: dict[str, list[Any]] = {}
    try:
        with ProcessPoolExecutor(jobs, context, _prepare, recipe) as pool:
            pending = [pool.submit(_analyse, chunk, explicit & set(chunk), details) for chunk in _chunks(paths, jobs)]
            try:
                for future in as_completed(pending):
                    outcomes, read = future.result()
                    found.update((outcome.path, outcome) for outcome in outcomes)
                    others.update(read)
                    checker.advance(len(outcomes))
            except BaseException:
                for process in multiprocessing.active_children():
                    process.terminate()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except (BrokenProcessPool, OSError, NotImplementedError, ImportError):
        return None
    # What was read for the sake of the files is worth keeping, too: the next run would have to read it again.
    checker.summaries.put_all({path: FileSummary.from_data(data) for path, data in others.items() if path not in found})
    return found


def _chunks(paths: Sequence[str], jobs: int) -> list[list[str]]:
    """Deal the paths into chunks of neighbours, which share conftests."""
    size = max(1, -(-len(paths) // (jobs * _CHUNKS_PER_PROCESS)))
    return [list(paths[start : start + size]) for start in range(0, len(paths), size)]


def _prepare(
    cwd: str, overrides: tuple[object, ...], config_file: str | None, isolated: bool, rules: tuple[AnyRule, ...]
) -> None:
    import gc
    import signal

    from testlsp.project.checking import Checker

    global _checker
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configuration = Configuration(cwd=cwd, overrides=overrides, config_file=config_file, isolated=isolated)  # type: ignore[arg-type]
    _checker = Checker(configuration, rules, jobs=1)
    _checker.works_for_another = True


def _end_with_parent() -> None:
    """Wait until the parent is gone, killed or out of memory, say, and follow it."""
    import os
    from multiprocessing import connection, parent_process

    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _analyse(paths: list[str], explicit: frozenset[str], details: bool) -> tuple[list[Outcome], dict[str, list[Any]]]:
    """Return the outcomes, and as data the summaries of the files that were read for their sake since the last time."""
    assert _checker is not None
    _checker.summaries.expect(paths)
    outcomes = [_checker.analyse_one(path, explicit, details) for path in paths]
    known = _checker.summaries.known
    read = {path: known[path].to_data() for path in known.keys() - _told}
    _told.update(read)
    return outcomes, read
