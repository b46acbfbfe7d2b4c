"""Who has to be read again when some sources changed: all that share executions with them, or did before."""

from __future__ import annotations

from collections.abc import Sequence

from soma.vault import Snapshot

from .discover import Candidate, Discovery
from .found import Found
from .ledger import Ledger
from .portion import Kin, SourceReport, Told

_PRESENT = frozenset({"read", "empty"})


class Relatives:
    """Families of sources.

    Args:
        ledger: Knows the claims.
        snapshot: The vault before this harvest.
    """

    def __init__(self, ledger: Ledger, snapshot: Snapshot | None) -> None:
        self._ledger = ledger
        self._snapshot = snapshot
        self._found = Found(Discovery())
        self._had: set[str] = set()

    def expect(self, discovery: Discovery) -> None:
        """Say what this harvest found; relatives may lie elsewhere too."""
        self._found = Found(discovery)

    def had(self, source_id: str) -> bool:
        """Whether the source had or has relatives, as far as ``after`` was asked about it."""
        return source_id in self._had

    def after(self, reports: Sequence[SourceReport], reader: str) -> list[Kin]:
        """Put the reports into the ledger; what has to be read together because of them.

        Both the families of before and those of now count: where a source no longer shares an execution with another,
        the other may have to give it now.
        """
        self._ledger.recall(
            (report.candidate.source_id for report in reports), (claim for report in reports for claim in report.claims)
        )
        read = [report.candidate.source_id for report in reports if report.state not in {"failed", "same"}]
        concerned = {one for source_id in read for one in self._family(source_id)}
        for report in reports:
            self._ledger.note(report, reader)
        concerned |= {one for source_id in read for one in self._family(source_id)}
        kins = []
        alone = set(read)
        seen: set[str] = set()
        for source_id in sorted(concerned):
            if source_id in seen:
                continue
            family = self._family(source_id)
            seen |= family
            # What was read alone just now and has no relatives needs no second reading.
            if len(family) == 1 and source_id in alone:
                continue
            kin = self._kin(family)
            if kin.sources and not (len(kin.sources) == 1 and kin.sources[0].source_id in alone and not kin.told):
                kins.append(kin)
        return kins

    def _family(self, source_id: str) -> set[str]:
        family = set(self._ledger.family(source_id))
        if len(family) > 1:
            self._had |= family
        return family

    def _kin(self, family: set[str]) -> Kin:
        sources: list[Candidate] = []
        absent: list[str] = []
        for source_id in sorted(family):
            if (
                self._ledger.entries[source_id].status not in _PRESENT
                or (candidate := self._found.candidate(source_id, self._ledger.entries[source_id].path)) is None
            ):
                absent.append(source_id)
            else:
                sources.append(candidate)
        return Kin(sources, self._told(absent) if sources and absent else {})

    def _told(self, absent: Sequence[str]) -> dict[str, list[Told]]:
        """The decisions the vault holds from sources that cannot be read now."""
        if self._snapshot is None:
            return {}
        marks = ", ".join("?" for _ in absent)
        rows = self._snapshot.sql(
            "SELECT execution_id, substr(decision_id, length(execution_id) + 2) AS native, "  # noqa: S608
            f"epoch_us(started_at) AS at FROM decisions WHERE source_id IN ({marks}) AND decision_id LIKE '%#%' "
            "ORDER BY decision_id",
            absent,
        )
        told: dict[str, list[Told]] = {}
        for row in rows.to_pylist():
            told.setdefault(row["native"], []).append(Told(row["execution_id"], row["at"]))
        return told
