"""From a policy, a finding, a run or a decision down to the bytes it rests on, and its number made again."""

from __future__ import annotations

from .model import Evidence
from .walk import walk

__all__ = ["Evidence", "walk"]
