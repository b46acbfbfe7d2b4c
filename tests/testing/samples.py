"""Which files of ``fixtures`` are samples of which adapter."""

from __future__ import annotations

from pathlib import Path

from soma.adapters.contract import Adapter
from soma.testing.foreign import foreign
from soma.testing.reading import head_of
from tests.conftest import ROOT

FOLDERS: dict[str, str] = {}
"""Adapters whose samples lie in a folder that is not called like the adapter."""
NOT_SAMPLES = frozenset({"_expected.json"})
"""Files that lie between the samples and are none: notes for other tests."""


def samples_of(adapter: Adapter, spare: Path) -> list[Path]:
    """Real files of the format; the kit's own tiny ones, put into ``spare``, where none may be shipped."""
    folder = ROOT / "fixtures" / FOLDERS.get(adapter.name, adapter.name)
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".md" and path.name not in NOT_SAMPLES and not _beside(adapter, path)
    ]
    if found:
        return found
    for number, other in enumerate(foreign()):
        if other.owner == adapter.name:
            found.append(spare / f"sample-{number}.json")
            found[-1].write_bytes(other.data)
    return found


def _beside(adapter: Adapter, path: Path) -> bool:
    """Whether the adapter reads the file only together with another one, or not at all because it is a copy."""
    match = adapter.sniff(head_of(path))
    return match is not None and match.use != "read"
