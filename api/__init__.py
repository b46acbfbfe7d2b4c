"""The library behind ``import soma``: whatever a command answers, a notebook can have."""

from __future__ import annotations

from .vault import Vault

__all__ = ["Vault"]
