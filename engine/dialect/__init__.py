"""The SQL of the jobs: written once, for DuckDB, in words that every engine understands alike; said again for Spark.

Whoever imports this package loads sqlglot (the extra ``spark``); nothing does so without an engine.
"""

from .compiled import Compiled, Dialect, Key, Listed
from .errors import NotPortable

__all__ = ["Compiled", "Dialect", "Key", "Listed", "NotPortable"]
