"""Sample files as the checks use them: lines, copies elsewhere, cuts and repetitions, always in a throwaway folder."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from soma.adapters.blocks.head import Head

from .reading import head_of


class Sample(msgspec.Struct, frozen=True):
    """One file an adapter claims to read.

    Attributes:
        path: Where it lies; it is never written to.
        data: Its bytes.
        head: What ``sniff`` sees of it.
    """

    path: Path
    data: bytes
    head: Head

    @property
    def name(self) -> str:
        """The file's name, as violations show it."""
        return self.path.name

    @property
    def is_json(self) -> bool:
        """Whether positions in drafts are positions in this file: it is JSON text, no database and no archive."""
        return bool(self.head.values)

    @property
    def lines(self) -> list[bytes]:
        """The lines of a JSON Lines file without their ends; empty for any other file."""
        return [line for line in self.data.split(b"\n") if line.strip()] if self.head.lines else []


def load(paths: Sequence[Path]) -> list[Sample]:
    """The files as samples, in the order given.

    Raises:
        OSError: if one cannot be read.
    """
    return [Sample(path, path.read_bytes(), head_of(path)) for path in paths]


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A folder for what a check makes of samples; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="soma-testing-") as folder:
        yield Path(folder)


def placed(sample: Sample, folder: Path, data: bytes | None = None, name: str | None = None) -> Path:
    """The sample, or other bytes in its stead, under its own or another name in a folder named like its own."""
    home = folder / sample.path.resolve().parent.name
    home.mkdir(parents=True, exist_ok=True)
    path = home / (name or sample.name)
    # A file that is cut and written again is flushed to the disk by some systems; a new one is not.
    path.unlink(missing_ok=True)
    path.write_bytes(sample.data if data is None else data)
    return path


def repeated(sample: Sample, folder: Path, size: int) -> Path:
    """The lines of a sample over and over, until the file has at least ``size`` bytes."""
    once = b"".join(line + b"\n" for line in sample.lines)
    path = placed(sample, folder, b"")
    with path.open("wb") as stream:
        for _ in range(-(-size // len(once))):
            stream.write(once)
    return path


def most_lines(samples: Iterable[Sample], most: int) -> list[Sample]:
    """The JSON Lines samples with the most lines, at most ``most`` of them."""
    lined = sorted((sample for sample in samples if sample.lines), key=lambda s: (-len(s.lines), s.name))
    return lined[:most]
