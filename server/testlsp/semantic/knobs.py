"""Settings of the whole process that are changed by calling a function: the locale, the recursion limit, the seed.

Each knob has a name, under which what sets it and what puts it back are matched. The functions are those of the
standard library and of NumPy, pandas and PyTorch, as their documentation lists them.
"""

from __future__ import annotations

import ast

KNOBS: dict[str, str] = {
    "asyncio.set_event_loop_policy": "event loop policy",
    "decimal.setcontext": "decimal context",
    "gc.disable": "garbage collector",
    "gc.enable": "garbage collector",
    "gc.set_threshold": "garbage collector",
    "locale.setlocale": "locale",
    "numpy.set_printoptions": "print options of NumPy",
    "numpy.seterr": "error handling of NumPy",
    "os.umask": "umask",
    "pandas.reset_option": "options of pandas",
    "pandas.set_option": "options of pandas",
    "signal.signal": "signal handlers",
    "socket.setdefaulttimeout": "default timeout of sockets",
    "sys.setprofile": "profile function",
    "sys.setrecursionlimit": "recursion limit",
    "sys.setswitchinterval": "switch interval",
    "sys.settrace": "trace function",
    "time.tzset": "time zone",
    "torch.set_default_device": "default device of PyTorch",
    "torch.set_default_dtype": "default type of PyTorch",
    "torch.set_num_threads": "number of threads of PyTorch",
}
"""From each function to the knob that it turns."""

PER_CONTEXT = frozenset(
    {
        "decimal context",
        "error handling of NumPy",
        "print options of NumPy",
        "profile function",
        "trace function",
    }
)
"""Knobs that each thread or task turns for itself."""

SEEDS: dict[str, str] = {
    "numpy.random.seed": "numpy.random",
    "numpy.random.set_state": "numpy.random",
    "random.seed": "random",
    "random.setstate": "random",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "torch.set_rng_state": "torch",
}
"""From each function that changes the state of a global random generator to the module that it belongs to."""

_DEFAULTS = frozenset({"SIG_DFL", "default_int_handler", "DefaultEventLoopPolicy"})


def only_reads(name: str, call: ast.Call) -> bool:
    """Whether *call*, of the function *name*, asks for the setting and leaves it as it is: ``setlocale(LC_ALL)``."""
    return name == "locale.setlocale" and len(call.args) + len(call.keywords) < 2


def goes_back(method: str, value: ast.expr | None) -> bool:
    """Whether calling *method* with *value* last gives the process the setting that it starts with."""
    if method in {"enable", "reset_option"}:
        return True
    if isinstance(value, ast.Constant):
        return value.value is None
    if isinstance(value, ast.Call):
        value = value.func
    return getattr(value, "attr", getattr(value, "id", "")) in _DEFAULTS
