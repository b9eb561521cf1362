"""Settings: text of configuration files in, resolved settings out.

This package is pure: it reads no file and asks no environment, it is given text and tells what that text means. It is
the only one that knows pydantic and TOML, and it imports both at the first foreign data. It knows neither rules (they
arrive as plain tuples) nor where configuration files lie (that is ``testlsp.project.configuration``).

Invariant: a wrong setting never raises. It becomes a `ConfigProblem` with file, line and key, and everything else in
the same file stays in force.
"""

from __future__ import annotations

from testlsp.config.problems import ConfigProblem
from testlsp.config.settings import PytestSettings, Settings

__all__ = ["ConfigProblem", "PytestSettings", "Settings"]
