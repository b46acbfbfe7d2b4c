"""The kit with files that take less time; tests of an adapter by others run it as it is."""

from __future__ import annotations

import pytest

from soma.source import MIB
from soma.testing import streaming


@pytest.fixture
def smaller_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is watched over three fifths of the file, and may be as large a part of it as ever: half."""
    monkeypatch.setattr(streaming, "FILE_BYTES", 18 * MIB)
    monkeypatch.setattr(streaming, "PEAK_BYTES", 9 * MIB)
