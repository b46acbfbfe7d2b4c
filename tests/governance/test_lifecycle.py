"""From a finding to a policy that binds, and out of force again: on real traces."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from soma import clock
from soma.errors import ConfigError, NothingFound, UsageError
from soma.governance import backtest
from soma.governance.canon import in_force
from soma.governance.decide import promote, reject, retire
from soma.governance.model import Decided
from soma.governance.offer import Terms, offered
from soma.governance.policy import Action, Call, Count, Policy, Scope
from soma.governance.reading import history, overview, show, verify
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights.model import DAY
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot
from soma.vault.check import check

from .conftest import ADA, BEN, NOW, status_of


def promoted(
    root: VaultRoot, identity: str | Policy, actor: str = ADA, *, two_person: bool = False, **terms: object
) -> Decided:
    return promote(root, identity, msgspec.convert(terms, Terms), actor=actor, now=NOW, two_person=two_person)


def test_a_finding_becomes_a_policy_that_binds_and_is_retired(root: VaultRoot, retries: str) -> None:
    assert retries in {one.id for one in overview(root, now=NOW, status="pending").proposals}
    shown = show(root, retries, now=NOW)
    assert shown.draft is not None
    assert shown.evidence
    tried = backtest.run(root.snapshot(), shown.draft)
    assert tried.hit > 0
    assert in_force(root, now=NOW) == []

    done = promote(root, retries, Terms(), actor=ADA, now=NOW, reason="It never helps.", backtest=tried)
    (one,) = in_force(root, now=NOW)
    assert one.policy.origin == retries
    assert one.policy.condition == shown.draft.condition
    assert (one.policy.effect, one.ratified_by, one.binds) == ("error", ADA, True)
    assert one.policy == done.policy
    assert status_of(root, retries) == "promoted"
    assert done.entries[0].fact("backtest")["hit"] == tried.hit

    retire(root, one.policy.id, actor=BEN, reason="It stops too much.", now=NOW + 1)
    assert in_force(root, now=NOW) == []
    assert status_of(root, retries) == "retired"
    assert [entry.action for entry in history(root, retries).entries] == ["promote", "retire"]
    assert [entry.actor for entry in history(root).entries] == [ADA, BEN]
    assert verify(root).findings == ()
    assert check(root.snapshot()).findings == []


def test_what_was_rejected_is_not_proposed_again(root: VaultRoot, retries: str) -> None:
    reject(root, retries, actor=ADA, reason="We know.", now=NOW)
    before = {item.insight_id: item for item in insights.known(root.snapshot())}
    synthesize(root, now=NOW + 200 * DAY)
    after = {item.insight_id: item for item in insights.known(root.snapshot())}
    assert after[retries] == before[retries]
    with pytest.raises(UsageError, match="is rejected already"):
        promoted(root, retries)


def test_the_nightly_run_leaves_what_was_decided_and_the_audit_holds(root: VaultRoot, retries: str) -> None:
    promoted(root, retries)
    kept = next(item for item in insights.known(root.snapshot()) if item.insight_id == retries)
    synthesize(root, now=NOW + 400 * DAY)
    assert next(item for item in insights.known(root.snapshot()) if item.insight_id == retries) == kept
    assert verify(root).findings == ()


@pytest.mark.parametrize("actor", [None, "", "  ", "soma", "Synthesizer", "42", "x", "a" * 200, "Ada\nEve"])
def test_nobody_decides_without_a_name(root: VaultRoot, retries: str, actor: str | None) -> None:
    with pytest.raises(ConfigError):
        promote(root, retries, Terms(), actor=actor, now=NOW)
    with pytest.raises(ConfigError):
        reject(root, retries, actor=actor, reason="no", now=NOW)
    with pytest.raises(ConfigError):
        retire(root, retries, actor=actor, reason="no", now=NOW)
    assert history(root).entries == ()


def test_rejecting_and_retiring_need_a_reason(root: VaultRoot, retries: str) -> None:
    with pytest.raises(UsageError, match="reason"):
        reject(root, retries, actor=ADA, reason=" ", now=NOW)
    done = promoted(root, retries)
    with pytest.raises(UsageError, match="reason"):
        retire(root, done.id, actor=ADA, reason="", now=NOW)


def test_an_unknown_id_is_answered_with_the_nearest(root: VaultRoot, retries: str) -> None:
    for ask in (
        lambda: show(root, retries[:-1] + "x", now=NOW),
        lambda: promoted(root, retries[:-1] + "x"),
        lambda: reject(root, retries[:-1] + "x", actor=ADA, reason="no", now=NOW),
    ):
        with pytest.raises(NothingFound) as caught:
            ask()
        assert caught.value.hint is not None
        assert retries in caught.value.hint


def test_with_two_persons_the_first_asks_and_another_confirms(root: VaultRoot, retries: str) -> None:
    asked = promoted(root, retries, ADA, two_person=True, mode="shadow")
    assert asked.action == "request"
    assert in_force(root, now=NOW) == []
    assert status_of(root, retries) == "pending"
    assert overview(root, now=NOW, status="pending").proposals[0].requested_by in (ADA, None)
    with pytest.raises(ConfigError, match="somebody else"):
        promoted(root, retries, "ada lovelace", two_person=True)
    confirmed = promoted(root, retries, BEN, two_person=True)
    assert confirmed.action == "promote"
    assert confirmed.policy is not None
    assert confirmed.policy.mode == "shadow", "it is ratified as it was asked for"
    assert confirmed.entries[0].fact("requestedBy") == ADA
    assert verify(root).findings == ()


def test_another_wish_is_another_request(root: VaultRoot, retries: str) -> None:
    promoted(root, retries, ADA, two_person=True)
    assert promoted(root, retries, BEN, two_person=True, severity="warning").action == "request"
    assert promoted(root, retries, ADA, two_person=True).action == "promote"


def test_terms_change_scope_severity_mode_and_expiry(root: VaultRoot, retries: str) -> None:
    terms = Terms(scope=Scope(agents=("*",)), severity="warning", mode="shadow", expires=dt.date(2024, 12, 31))
    done = promote(root, retries, terms, actor=ADA, now=NOW)
    (one,) = in_force(root, now=NOW)
    assert one.policy == done.policy
    assert (one.policy.scope.agents, one.policy.effect, one.binds) == (("*",), "warning", False)
    assert (one.policy.expires, one.policy.review) == (dt.date(2024, 12, 31), clock.to_datetime(NOW + 90 * DAY).date())


def test_an_expired_policy_no_longer_binds_and_is_to_be_looked_at(root: VaultRoot, retries: str) -> None:
    promoted(root, retries)
    last = NOW + 180 * DAY
    assert len(in_force(root, now=last)) == 1
    assert in_force(root, now=last + DAY) == []
    (one,) = overview(root, now=last + DAY, status="expired").policies
    assert (one.status, one.expired, one.due, one.binds) == ("active", True, True, False)
    assert [one.due for one in overview(root, now=NOW + 90 * DAY, status="due").policies] == [True]
    assert overview(root, now=NOW + 89 * DAY, status="due").policies == ()
    with pytest.raises(UsageError, match="expire before it binds"):
        offered(root, _written("other"), Terms(expires=dt.date(2020, 1, 1)), now=NOW)


def _written(identity: str, message: str = "No.") -> Policy:
    return Policy(id=identity, condition=Action(call=Call(action=("exec:rm",))), message=message)


def test_a_new_version_takes_the_place_of_the_old_one(root: VaultRoot) -> None:
    promoted(root, _written("no-rm"))
    promoted(root, _written("no-rm", "Never."))
    (one,) = in_force(root, now=NOW)
    assert (one.policy.version, one.policy.message) == (2, "Never.")
    both = overview(root, now=NOW).policies
    assert [(policy.policy.version, policy.status) for policy in both] == [(1, "superseded"), (2, "active")]
    assert [entry.action for entry in history(root).entries] == ["promote", "supersede", "promote"]
    assert verify(root).findings == ()


def test_what_changed_since_it_was_shown_is_not_ratified(root: VaultRoot, retries: str) -> None:
    shown = offered(root, retries, Terms(), now=NOW)
    other = msgspec.structs.replace(shown, message="Something else.")
    with pytest.raises(UsageError, match="has changed since"):
        promote(root, retries, Terms(), actor=ADA, now=NOW, expected=other)
    assert history(root).entries == ()


def test_a_finding_without_a_draft_is_promoted_by_a_policy_a_person_writes(root: VaultRoot) -> None:
    bare = next(one.id for one in overview(root, now=NOW).proposals if not one.drafted)
    with pytest.raises(UsageError, match="gives no policy"):
        promoted(root, bare)
    promoted(root, msgspec.structs.replace(_written("mine"), origin=bare))
    assert status_of(root, bare) == "promoted"
    assert verify(root).findings == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Not An Id"},
        {"message": ""},
        {"message": "x" * 1001},
        {"evidence": tuple(f"e{number}" for number in range(201))},
        {"scope": Scope(agents=("",))},
        {"condition": Count(least=0)},
        {"effect": "shout"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
@pytest.mark.parametrize("two_person", [False, True])
def test_what_could_not_be_read_back_is_not_ratified(root: VaultRoot, wrong: dict[str, Any], two_person: bool) -> None:
    """A policy made in Python is not checked when it is made: one such row would make the canon unreadable."""
    before = root.snapshot().version
    with pytest.raises(UsageError, match="cannot be ratified"):
        promote(
            root, msgspec.structs.replace(_written("mine"), **wrong), Terms(), actor=ADA, now=NOW, two_person=two_person
        )
    assert root.snapshot().version == before and overview(root, now=NOW).policies == ()


def test_every_draft_is_read_back_as_it_was_ratified(root: VaultRoot) -> None:
    drafted = [one.id for one in overview(root, now=NOW).proposals if one.drafted]
    made = {(done := promoted(root, one).policy) and done.id: done for one in drafted}
    assert {one.policy.id: one.policy for one in in_force(root, now=NOW)} == made and len(made) > 2
