"""Redaction: secrets are replaced by typed markers before anything is written.

``password=hunter2`` becomes ``password=[REDACTED:password:9f3c]``. The four hex digits are a keyed fingerprint of the
secret: equal secrets stay equal, and without the key of the vault nothing can be tested against them.
"""

from __future__ import annotations

from .batch import Batch
from .engine import Redactor
from .shares import Shares

__all__ = ["Batch", "Redactor", "Shares"]
