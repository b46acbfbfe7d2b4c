"""Tonight's findings joined with earlier ones: ids, decay, decisions of people, and what cannot hold together."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from soma import codec
from soma.synthesizer.jobs.insights.contradictions import opposed, pairs_of
from soma.synthesizer.jobs.insights.explain import render
from soma.synthesizer.jobs.insights.merge import Merged, insight_id, merge
from soma.synthesizer.jobs.insights.model import DAY, DECAY_DAYS, DECIDED, Finding, Insight, Insights, Status

from .whole import HOSTILE, harmless, said, shown

NOW = 20_000 * DAY
STATUSES: list[Status] = ["pending", "promoted", "rejected", "superseded", "retired"]


def finding(subject: str = "a", **more: Any) -> Finding:
    given: dict[str, Any] = {
        "type": "divergence", "subject": subject, "claim": "c", "confidence": 0.8, "support": 40, "agents": ("x",),
    }  # fmt: skip
    return Finding(**given | more)


CHOICES = st.sampled_from(["", "p", "q"])
FINDINGS = st.lists(
    st.builds(
        finding,
        subject=st.sampled_from("abcdef"),
        claim=st.sampled_from(["one", "two"]),
        prefers=CHOICES,
        avoids=CHOICES,
        tasks=st.lists(st.sampled_from(["t", "u"]), unique=True).map(tuple),
    ),
    unique_by=lambda one: one.subject,
    max_size=6,
)
DECISIONS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(STATUSES))


def decided(proposals: tuple[Insight, ...], by_subject: dict[str, Status]) -> list[Insight]:
    """The proposals after a person decided on some."""
    return [msgspec.structs.replace(one, status=by_subject.get(one.subject, one.status)) for one in proposals]


def test_a_new_finding_is_a_pending_proposal_that_decays_in_ninety_days() -> None:
    merged = merge([], [finding(at_stake=-0.5, avoids="p")], now=NOW)
    (only,) = merged.proposals
    assert (only.status, only.nights, only.first_seen_at, only.seen_at) == ("pending", 1, NOW, NOW)
    assert only.decay_at == NOW + 90 * DAY
    assert codec.decode(only.details) == {"at_stake": -0.5, "avoids": "p"}
    assert (merged.found, merged.confirmed, merged.unconfirmed, merged.changed) == (1, 0, 0, True)


def test_the_same_finding_next_night_updates_its_proposal() -> None:
    first = merge([], [finding()], now=NOW)
    again = merge(first.proposals, [finding(claim="other figures", confidence=0.9)], now=NOW + 3600)
    later = merge(again.proposals, [finding()], now=NOW + DAY)
    assert [one.insight_id for one in later.proposals] == [insight_id(finding(claim="whatever"))]
    assert [merged.proposals[0].nights for merged in (first, again, later)] == [1, 1, 2]
    assert (again.proposals[0].claim, again.proposals[0].first_seen_at) == ("other figures", NOW)
    assert later.proposals[0].decay_at == NOW + DAY + 90 * DAY
    assert (later.found, later.confirmed) == (0, 1)


def test_what_is_not_found_again_stays_until_it_decays() -> None:
    known = merge([], [finding("a"), finding("b")], now=NOW).proposals
    before = merge(known, [finding("a")], now=NOW + DECAY_DAYS * DAY - 1)
    assert (len(before.proposals), before.gone, before.unconfirmed) == (2, (), 1)
    after = merge(before.proposals, None, now=NOW + DECAY_DAYS * DAY)
    assert [one.subject for one in after.proposals] == ["a"]
    assert [one.subject for one in after.gone] == ["b"]
    assert after.changed


def test_what_a_person_decided_neither_changes_nor_decays() -> None:
    known = merge([], [finding("a"), finding("b"), finding("c")], now=NOW).proposals
    statuses: dict[str, Status] = {"a": "promoted", "b": "rejected", "c": "retired"}
    told = decided(known, statuses)
    much_later = merge(told, [finding("a", claim="other")], now=NOW + 1000 * DAY)
    assert list(much_later.proposals) == told
    assert (much_later.gone, much_later.changed, much_later.found, much_later.confirmed) == ((), False, 0, 1)


def test_a_decayed_finding_that_comes_back_is_new_under_its_old_id() -> None:
    known = merge([], [finding()], now=NOW).proposals
    gone = merge(known, [], now=NOW + DECAY_DAYS * DAY)
    back = merge(gone.proposals, [finding()], now=NOW + 100 * DAY)
    assert back.proposals[0].insight_id == known[0].insight_id
    assert (back.proposals[0].first_seen_at, back.proposals[0].nights, back.found) == (NOW + 100 * DAY, 1, 1)


@given(FINDINGS, st.permutations(range(6)), DECISIONS, FINDINGS)
def test_the_order_of_findings_and_proposals_does_not_matter(
    tonight: list[Finding], order: list[int], statuses: dict[str, Status], before: list[Finding]
) -> None:
    known = decided(merge([], before, now=NOW).proposals, statuses)
    shuffled = [tonight[at] for at in order if at < len(tonight)]
    one = merge(known, tonight, now=NOW + 5 * DAY)
    assert merge(known[::-1], shuffled, now=NOW + 5 * DAY) == one


@given(FINDINGS, FINDINGS, DECISIONS, st.integers(0, 200))
def test_over_the_nights_nothing_is_lost_doubled_or_decided_by_soma(
    first: list[Finding], second: list[Finding], statuses: dict[str, Status], days: int
) -> None:
    told = decided(merge([], first, now=NOW).proposals, statuses)
    merged = merge(told, second, now=NOW + days * DAY)
    ids = [one.insight_id for one in (*merged.proposals, *merged.gone)]
    assert len(ids) == len(set(ids))
    assert set(ids) == {one.insight_id for one in told} | {insight_id(one) for one in second}
    kept = {one.insight_id: one for one in merged.proposals}
    for one in told:
        if one.status in DECIDED:
            assert kept[one.insight_id] == one
    assert all(one.status == "pending" for one in merged.proposals if one.subject not in statuses)
    assert merged.found + merged.confirmed == len(second)
    assert _again(merged, second, days) == merged.proposals


def _again(merged: Merged, second: list[Finding], days: int) -> tuple[Insight, ...]:
    """The same night a second time."""
    return merge(merged.proposals, second, now=NOW + days * DAY).proposals


@given(FINDINGS, DECISIONS, st.integers(0, 200))
def test_a_night_without_anything_new_changes_nothing_but_what_decays(
    first: list[Finding], statuses: dict[str, Status], days: int
) -> None:
    told = decided(merge([], first, now=NOW).proposals, statuses)
    settled = opposed(told)
    merged = merge(settled, None, now=NOW + days * DAY)
    assert merged.changed == bool(merged.gone)
    assert not merged.gone or days >= DECAY_DAYS


@given(FINDINGS, DECISIONS)
def test_contradictions_are_told_by_both_sides_that_are_open_and_by_none_else(
    first: list[Finding], statuses: dict[str, Status]
) -> None:
    proposals = opposed(decided(merge([], first, now=NOW).proposals, statuses))
    of_id = {one.insight_id: one for one in proposals}
    told = {one.subject: one for one in first}
    for one in proposals:
        for other in (of_id[identity] for identity in one.contradicts if one.status == "pending"):
            assert other.status in ("pending", "promoted")
            mine, its = told[one.subject], told[other.subject]
            assert (mine.prefers and mine.prefers == its.avoids) or (its.prefers and its.prefers == mine.avoids)
            assert not mine.tasks or not its.tasks or set(mine.tasks) & set(its.tasks)
            if other.status == "pending":
                assert one.insight_id in other.contradicts


AFTER = {"prefers": "exec:ls > exec:himalaya", "avoids": "exec:ls > exec:node"}
OPPOSITE = {"prefers": "exec:ls > exec:node", "avoids": "exec:ls > exec:himalaya"}


def test_opposite_advice_at_the_same_place_on_shared_tasks_is_a_contradiction() -> None:
    merged = merge([], [finding("a", tasks=("t", "u"), **AFTER), finding("b", tasks=("u",), **OPPOSITE)], now=NOW)
    one, other = merged.proposals
    assert (one.contradicts, other.contradicts) == ([other.insight_id], [one.insight_id])
    assert pairs_of(merged.proposals) == [(one.insight_id, other.insight_id)]


def test_opposite_advice_on_other_tasks_or_at_another_place_or_the_same_advice_is_none() -> None:
    elsewhere = {key: f"read > {choice}" for key, choice in OPPOSITE.items()}
    for tasks, advice in ((("v",), OPPOSITE), (("t",), elsewhere), (("t",), AFTER), (("t",), {})):
        known = [finding("a", tasks=("t", "u"), **AFTER), finding("b", tasks=tasks, **advice)]
        assert pairs_of(merge([], known, now=NOW).proposals) == []


def test_a_choice_advised_by_one_and_followed_by_failure_in_another_is_a_contradiction() -> None:
    prefix = finding("clerk | exec:ls > exec:himalaya", type="failure prefix", avoids="exec:ls > exec:himalaya")
    merged = merge([], [finding("a", tasks=("t",), **AFTER), prefix], now=NOW)
    assert len(pairs_of(merged.proposals)) == 1


def test_what_was_promoted_is_contradicted_without_being_changed_and_what_was_rejected_is_not() -> None:
    known = merge([], [finding("a", **AFTER)], now=NOW).proposals
    for status, many in (("promoted", 1), ("rejected", 0), ("superseded", 0)):
        told = decided(known, {"a": status})  # type: ignore[dict-item]
        merged = merge(told, [finding("b", **OPPOSITE)], now=NOW + DAY)
        assert len(pairs_of(merged.proposals)) == many
        assert next(one for one in merged.proposals if one.subject == "a") == told[0]


def test_a_contradiction_ends_when_the_other_side_decays() -> None:
    known = merge([], [finding("a", **AFTER)], now=NOW).proposals
    both = merge(known, [finding("b", **OPPOSITE)], now=NOW + 50 * DAY)
    assert len(pairs_of(both.proposals)) == 1
    later = merge(both.proposals, None, now=NOW + 100 * DAY)
    assert [one.contradicts for one in later.proposals] == [[]]


def test_details_that_are_not_readable_contradict_nothing() -> None:
    known = [msgspec.structs.replace(one, details="{") for one in merge([], [finding("a", **AFTER)], now=NOW).proposals]
    assert pairs_of(opposed(known)) == []


def test_the_page_is_plain_fits_and_tells_what_to_look_at() -> None:
    merged = merge(
        [],
        [finding("a", claim=HOSTILE, evidence=(HOSTILE, "x"), **AFTER), finding("b", confidence=0.4, **OPPOSITE)],
        now=NOW,
    )
    result = Insights(
        insights=merged.proposals, total=3, by_type={"divergence": 3}, contradictions=(), decayed=2, synthesized=True,
        up_to_date=False,
    )  # fmt: skip
    for width in (80, 100):
        page = shown(render(result), width)
        assert harmless(page)
        assert max(len(line) for line in page.splitlines()) <= width
    words = said(shown(render(result), 100))
    assert "divergence · likely (0.80) · 40 runs · pending" in words
    assert "divergence · weak (0.40)" in words
    assert f"contradicts {merged.proposals[1].insight_id}" in words
    assert "and 1 further finding (--all)" in words
    assert "soma synthesize brings this up to date" in words
