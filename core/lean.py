"""Keeping pandas out of processes that never use it.

pyarrow asks of every list it turns into a column whether it is a series of pandas, and imports pandas to find out,
where that is installed: 0.3 to 0.5 s of a processor. A process that is soma's own can spare that; one that belongs to
somebody else, who calls soma as a library, may want pandas later.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Never, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

_NAME = "pandas"


class _Missing:
    """Finds pandas before others do, and then cannot load it: as a finder and a loader of the import system.

    ``None`` among ``sys.modules`` would say the same, but pyarrow then takes ``None`` for pandas.
    """

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """What the import system asks about every module."""
        return ModuleSpec(name, cast("Loader", self)) if name == _NAME else None

    def create_module(self, spec: ModuleSpec) -> Never:
        """Refuse.

        Raises:
            ImportError: always.
        """
        raise ImportError("soma works without it", name=spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Never reached."""


_MISSING = _Missing()


def keep_pandas_out() -> None:
    """Let nothing import pandas from here on, unless it is loaded already."""
    if _MISSING not in sys.meta_path:
        sys.meta_path.insert(0, _MISSING)


def let_pandas_in() -> None:
    """Take that back."""
    if _MISSING in sys.meta_path:
        sys.meta_path.remove(_MISSING)
