"""Real processes: two who decide at once, and one that is killed while it decides."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soma.governance.reading import overview, verify
from soma.schema import AUDIT, POLICIES
from soma.vault import VaultRoot
from soma.vault import writer as writing
from soma.vault.check import check
from soma.vault.delta import LiveTable

from .conftest import ADA, NOW

_SCRIPT = """
import sys
from soma.governance.decide import promote
from soma.governance.offer import Terms
from soma.governance.policy import Action, Call, Policy
from soma.vault import VaultRoot
root = VaultRoot(sys.argv[1])
print("ready", flush=True)
for number in range(int(sys.argv[4])):
    policy = Policy(id=f"{sys.argv[3]}-{number}", condition=Action(call=Call(action=("x",))), message="No.")
    promote(root, policy, Terms(), actor=sys.argv[2], now=int(sys.argv[5]))
    print(number, flush=True)
"""


def _start(root: VaultRoot, actor: str, name: str, many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(root.path), actor, name, str(many), str(NOW)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip


def test_two_at_once_make_one_chain(root: VaultRoot) -> None:
    both = [_start(root, actor, name, 5) for actor, name in ((ADA, "a"), ("Ben Okri", "b"))]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    result = verify(root)
    assert (result.entries, result.policies, result.findings) == (10, 10, ())


def test_killed_at_any_instant_a_decision_is_whole_or_not_there(root: VaultRoot) -> None:
    chance = random.Random(3)
    for attempt in range(3):
        process = _start(root, ADA, f"k{attempt}", 50)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 4)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.communicate()
        assert verify(root).findings == ()
        assert check(root.snapshot()).findings == []
        result = overview(root, now=NOW)
        assert len(result.policies) == verify(root).entries
    finished = _start(root, ADA, "last", 1)
    _, errors = finished.communicate(timeout=60)
    assert finished.returncode == 0, errors
    assert verify(root).findings == ()


class _Killed(BaseException):
    pass


def test_killed_right_after_the_commit_point_the_next_writer_finishes(
    root: VaultRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soma.governance.decide import promote
    from soma.governance.offer import Terms
    from soma.governance.policy import Action, Call, Policy

    policy = Policy(id="no-rm", condition=Action(call=Call(action=("x",))), message="No.")
    from soma.vault.recovery import keep

    def die(*_: object) -> None:
        raise _Killed

    with root.writer():
        pass
    monkeypatch.setattr(
        writing,
        "keep",
        lambda vault, promise: (
            die() if promise.follow.keys() & {"audit"} and not LiveTable(vault, AUDIT).files() else keep(vault, promise)
        ),
    )
    with pytest.raises(_Killed):
        promote(root, policy, Terms(), actor=ADA, now=NOW)
    monkeypatch.undo()
    assert LiveTable(root.path, POLICIES).files() == {}, "the tables themselves lag behind"
    assert [one.policy.id for one in overview(root, now=NOW).policies] == ["no-rm"], "readers take the promise as kept"
    with root.writer():
        pass
    assert LiveTable(root.path, POLICIES).read().num_rows == LiveTable(root.path, AUDIT).read().num_rows == 1
    assert verify(VaultRoot(Path(root.path))).findings == ()
