"""Where the SQL of the jobs is kept: ``.sql`` files that lie beside the code that reads their rows."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(package: str, name: str) -> str:
    """The text of ``name.sql`` in ``package``.

    Raises:
        FileNotFoundError: if the package ships no such query.
    """
    return resources.files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
