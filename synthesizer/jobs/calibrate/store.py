"""Models in the vault: written once per set of data, read by whoever wants a risk."""

from __future__ import annotations

import msgspec

from soma import codec
from soma.identity import digest
from soma.schema import CALIBRATIONS
from soma.synthesizer.inputs import Queryable, answer
from soma.vault import VaultRoot
from soma.vault.writer import Changes

from . import features
from .model import Calibration, Cell, Model


class Stored(msgspec.Struct, frozen=True):
    """One row of ``working/calibrations``; fields in the order of the columns of ``stored.sql``."""

    after: int
    data: str
    features: int
    executions: int
    used_for: list[str]
    held_out: str
    model: str

    @property
    def cells(self) -> list[Cell]:
        """What the model is worth on held-out tasks."""
        return msgspec.json.decode(self.held_out, type=list[Cell])

    @property
    def fitted(self) -> Model:
        """The model."""
        return msgspec.json.decode(self.model, type=Model)


def stored(vault: Queryable) -> list[Stored]:
    """The models the vault holds that were made of the features of today, fewest decisions first."""
    package = __package__ or ""
    return [one for one in answer(vault, Stored, package, "stored") if one.features == features.VERSION]


def keep(root: VaultRoot, result: Calibration) -> int:
    """Let the models of a calibration take the place of all others; returns the vault's version.

    Nothing is written where exactly these models are kept already.

    Raises:
        VaultLocked: if another writer holds the vault.
    """
    import pyarrow as pa

    rows = {_id(result, model): _row(result, model) for model in result.models}
    with root.writer() as writer:
        # Looked for under the lock: of two at once the second finds that nothing is left to do.
        there = root.snapshot().read(CALIBRATIONS, ["calibration_id"])["calibration_id"].to_pylist()
        changes = Changes()
        if sorted(there) != sorted(rows):
            changes.add(
                CALIBRATIONS,
                "calibration_id",
                set(there),
                pa.Table.from_pylist(list(rows.values()), schema=CALIBRATIONS.arrow()),
            )
        return writer.commit(changes, role="synthesizer")


def _row(result: Calibration, model: Model) -> dict[str, object]:
    cells = [cell for cell in result.cells if cell.after == model.after]
    whole = next(cell for cell in cells if cell.framework is None or len(cells) == 1)
    return {
        "calibration_id": _id(result, model), "after": model.after,
        "data": result.data, "features": model.features, "executions": whole.failed + whole.succeeded,
        "used_for": [cell.framework for cell in cells if cell.used], "held_out": codec.encode(cells),
        "model": codec.encode(model),
    }  # fmt: skip


def _id(result: Calibration, model: Model) -> str:
    return digest(f"{result.data} {model.features} {model.after}", size=12)
