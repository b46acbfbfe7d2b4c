"""Adding up a harvest while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Set

from soma.adapters.registry import adapters

from .discover import Discovery, shown
from .portion import SourceReport
from .summary import FormatCounts, SourceCounts, Summary, Unusable

_LISTED = 200


class Tally:
    """Counts by format and state, and the list of what could not be used.

    Args:
        redact: Takes secrets out of a path.

    Attributes:
        executions, decisions: Written to the vault.
        no_longer_there: Executions that stay although their source no longer holds them.
        interrupted: Whether a person ended the harvest early.
        settled: Ids of the sources that were read and are counted.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self.executions = 0
        self.decisions = 0
        self.no_longer_there = 0
        self.interrupted = False
        self.settled: set[str] = set()
        self._states: Counter[str] = Counter()
        self._formats: dict[str, Counter[str]] = {}
        self._unusable: list[Unusable] = []
        self._redactions: Counter[str] = Counter()
        self._quarantined = 0
        self._bytes = 0
        self._still = 0
        self._seen_formats: set[str] = set()

    def begin_again(self) -> None:
        """Forget what was unchanged: all sources will be looked at once more, after another writer was faster."""
        self._states["unchanged"] = self._still = 0
        for counts in self._formats.values():
            counts["unchanged"] = 0

    def unchanged(self, status: str, adapter: str | None, count: int = 1) -> None:
        """Count sources that nothing happened to since they were read."""
        self._states["unchanged"] += count
        if status in {"read", "same"} and adapter:
            self._format(adapter)["unchanged"] += count
        elif status in {"empty", "unrecognised"}:
            self._still += count

    def add(self, reports: Iterable[SourceReport], known: Set[str]) -> None:
        """Count what came of sources; ``known`` are the ids of those that the ledger held before."""
        for report in reports:
            if report.state == "same":
                self.unchanged(report.state, report.adapter)
            else:
                self.settled.add(report.candidate.source_id)
                self._add_report(report, known=report.candidate.source_id in known)

    def _add_report(self, report: SourceReport, *, known: bool) -> None:
        self._quarantined += report.quarantined
        if report.redactions:
            self._redactions.update(report.redactions)
        if report.state in {"unrecognised", "failed"} or (report.state == "empty" and report.adapter is None):
            self._states[report.state] += 1
        elif report.state in {"read", "empty"}:
            age = "changed" if known else "new"
            self._states["read"] += 1
            self._states[age] += 1
            self._bytes += report.candidate.size
            counts = self._format(report.adapter or "?")
            counts["read"] += 1
            counts[age] += 1
            counts["executions"] += report.executions
            counts["decisions"] += report.decisions
            if report.state == "empty":
                self._states["empty"] += 1
            if report.executions:
                self._seen_formats.add(report.adapter or "?")
        if report.state == "failed" and report.adapter:
            self._format(report.adapter)["failed"] += 1
        if report.state not in {"companion", "copy"} and report.reason:
            self._unusable.append(Unusable(report.shown, report.state, report.reason, _hint(report)))

    def _format(self, name: str) -> Counter[str]:
        return self._formats.setdefault(name, Counter())

    def summary(self, discovery: Discovery, seconds: float, vault_version: int | None) -> Summary:
        """The result, with everything that could not be looked at on its list."""
        unusable = self._unusable + [
            Unusable(self._redact(shown(path)), "failed", f"cannot be looked at: {why}", "check its permissions")
            for path, why in discovery.unreadable
        ]
        unusable += [
            Unusable(self._redact(shown(path)), "unrecognised", what, "soma reads regular files; copy traces into one")
            for path, what in discovery.passed_by
        ]
        states = self._states.copy()
        states["failed"] += len(discovery.unreadable)
        states["unrecognised"] += len(discovery.passed_by)
        names = ("read", "new", "changed", "unchanged", "empty", "unrecognised", "failed")
        return Summary(
            sources=SourceCounts(**{name: states[name] for name in names}),
            executions=self.executions,
            decisions=self.decisions,
            quarantined=self._quarantined,
            redacted=self._redactions.total(),
            bytes=self._bytes,
            seconds=round(seconds, 3),
            vault_version=vault_version,
            warnings=self._warnings(unusable, states),
            formats=[_format_counts(name, self._formats[name]) for name in sorted(self._formats)],
            unusable=sorted(unusable, key=lambda item: (_ORDER[item.state], item.path))[:_LISTED],
            redactions=dict(sorted(self._redactions.items())),
            cannot_tell=_cannot_tell(self._seen_formats),
            interrupted=self.interrupted,
        )

    def _warnings(self, unusable: list[Unusable], states: Counter[str]) -> list[str]:
        out = []
        if self.interrupted:
            out.append("interrupted: what was read completely is kept, run the same command again to go on")
        if states["failed"]:
            out.append(f"{states['failed']:,} sources failed")
        for state, words in (("empty", "exist but hold no run"), ("unrecognised", "are claimed by no adapter")):
            if states[state]:
                out.append(f"{states[state]:,} sources {words}")
        if self._quarantined:
            out.append(f"{self._quarantined:,} records could not be used")
        if self._still:
            out.append(f"{self._still:,} unchanged sources still hold nothing soma can use")
        if self.no_longer_there:
            out.append(f"{self.no_longer_there:,} executions are kept although their source no longer holds them")
        if len(unusable) > _LISTED:
            out.append(f"only {_LISTED} of {len(unusable):,} sources that could not be used are listed")
        return out


_ORDER = {"failed": 0, "read": 1, "empty": 2, "unrecognised": 3}


def _hint(report: SourceReport) -> str:
    if report.state == "unrecognised":
        return "name its format with --format, or describe it with --mapping (docs/mapping.md)"
    if report.quarantined:
        return "soma vault info --quarantine"
    return "soma harvest --explain FILE"


def _format_counts(name: str, counts: Counter[str]) -> FormatCounts:
    return FormatCounts(
        format=name, read=counts["read"], new=counts["new"], changed=counts["changed"], unchanged=counts["unchanged"],
        executions=counts["executions"], decisions=counts["decisions"], failed=counts["failed"],
    )  # fmt: skip


def _cannot_tell(formats: set[str]) -> dict[str, list[str]]:
    """Field to the formats of this harvest that can never give it."""
    out: dict[str, list[str]] = {}
    for adapter in adapters():
        if adapter.name in formats:
            for field in ("reasoning", "success", "cost_usd", "tokens", "duration_ms"):
                if adapter.capabilities.fields.get(field, "never") == "never":
                    out.setdefault(field, []).append(adapter.name)
    return out
