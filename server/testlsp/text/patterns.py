"""Regular expressions that are compiled when they are first used.

Compiling one takes a few tenths of a millisecond. A small file is checked in fifty, and of the expressions of the
modules it loads it needs few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
        """Return what ``re.compile`` would, at the price of a name until a method is called."""

else:

    class pattern:
        """See the module; methods of the compiled expression take its own place with their first use."""

        def __init__(self, text, flags=0):
            self.pattern = text
            self._flags = flags

        def __getattr__(self, name):
            import re

            method = getattr(re.compile(self.pattern, self._flags), name)
            setattr(self, name, method)
            return method
