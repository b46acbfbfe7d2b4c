"""Which run is this? Its own id where it has one that only it can have, else what it says.

A conversation is known, in this order, by
1. an id of the run or session that no other could have (a UUID, a random or long number), with task and trial where
   the file names them: an id is often that of a whole experiment;
2. its content together with its task, trial and whatever id it has, when ids of calls or messages in it are unique: a
   copy of the run is then the same run, another run of the task is not;
3. its content together with the folder and the name of the source: two runs may say the very same, and then only the
   place tells them apart. A copy under the same folder and name still counts once; a copy elsewhere counts again.

A file that grows by one message per line is known by its first messages instead of all of them.
"""

from __future__ import annotations

import re

from soma import identity
from soma.source import Source

from .facts import Facts

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9]{16,}")
_MANY_DIGITS = 10


def is_unique(text: str | None) -> bool:
    """Whether an id can belong to one thing only: it holds a UUID, a long random part, or many digits.

    Examples:
        >>> is_unique("call_OEikVFXK8h7goki7yiodLeIo"), is_unique("call_1"), is_unique("django__django-12345")
        (True, False, False)
    """
    if text is None or len(text) < 16:
        return False
    if _UUID.search(text):
        return True
    if any(
        len(set(part)) >= 8 and any(map(str.isdigit, part)) and any(map(str.isalpha, part))
        for part in _RANDOM.findall(text)
    ):
        return True
    return sum(map(str.isdigit, text)) >= _MANY_DIGITS and len(set(text)) >= 8


def own_id(facts: Facts) -> str | None:
    """The id of the run when it is unique, with task and trial."""
    if not is_unique(facts.run):
        return None
    task = f"/{facts.task}" if facts.task is not None else ""
    trial = f"#{facts.trial}" if facts.trial is not None else ""
    return f"{facts.run}{task}{trial}"


def content_id(facts: Facts, content: str) -> str:
    """An id from what was said and from every name the run has."""
    return _joined(facts.run, facts.item, facts.task, facts.trial, content)


def placed_id(facts: Facts, content: str, source: Source, repeat: int) -> str:
    """The same with the place of the source, and how many equal runs lie before it there."""
    return _joined(content_id(facts, content), source.folder, source.name, str(repeat))


def _joined(*parts: str | None) -> str:
    return identity.digest("\x1f".join("" if part is None else part for part in parts), size=12)


def run_of_task(source: Source, key: str, query: str, actions: list[str]) -> str:
    """Id of an attempt at a task in a result file that names no run: what was done, and where it is written."""
    return _joined(source.folder, source.name, key, query, *actions)
