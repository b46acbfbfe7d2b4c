"""Keeping pandas out of processes that never use it.

pyarrow asks of every list it turns into a column whether it is a series of pandas, and imports pandas to find out,
where that is installed: 0.3 to 0.5 s of a processor. A process that is soma's own can spare that; one that belongs to
somebody else, who calls soma as a library, may want pandas later.
"""

from __future__ import annotations

import sys
from types import ModuleType

_NAME = "pandas"
_MODULES: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
"""A module of which ``None`` stands here is not to be found, as Python's documentation of ``sys.modules`` has it."""


def keep_pandas_out() -> None:
    """Let nothing import pandas from here on, unless it is loaded already."""
    _MODULES.setdefault(_NAME, None)


def let_pandas_in() -> None:
    """Take that back."""
    if _MODULES.get(_NAME, ...) is None:
        del _MODULES[_NAME]
