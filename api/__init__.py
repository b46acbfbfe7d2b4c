"""The library behind ``import soma``: whatever a command answers, a notebook can have.

The vault is loaded when it is asked for: every pytest loads the plugin that lies here, whether it is used or not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .vault import Vault

__all__ = ["Vault"]


def __getattr__(name: str) -> object:
    if name == "Vault":
        return importlib.import_module("soma.api.vault").Vault
    raise AttributeError(f"module 'soma.api' has no attribute {name!r}")
