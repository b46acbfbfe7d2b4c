"""Action enrichment, one place for all adapters: a tool call becomes the name of what was chosen."""

from __future__ import annotations

from .enrich import Enriched, enrich
from .signature import collapsed, signature
from .subject import Subject, same_file, subject

__all__ = ["Enriched", "Subject", "collapsed", "enrich", "same_file", "signature", "subject"]
