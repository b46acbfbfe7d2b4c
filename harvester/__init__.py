"""The harvester: discovers sources, reads what is new or changed in parallel, redacts, quarantines and commits."""

from __future__ import annotations
