"""``soma governance`` as a person types it and as a program reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soma import Vault, codec
from soma.errors import ConfigError
from soma.governance.backtest.explain import render as backtest_page
from soma.governance.explain import render_list, render_show
from soma.governance.markdown import export
from soma.governance.policy import read_policies
from soma.governance.reading import overview, show
from soma.schema import POLICIES
from soma.vault import VaultRoot
from tests.cli.conftest import Soma, soma
from tests.jobs.whole import HOSTILE, shown

from .conftest import ADA, NOW
from .test_tampering import POLICY, _by_hand, _hand_made

__all__ = ["soma"]
Typed = Callable[..., Any]


@pytest.fixture
def typed(root: VaultRoot, soma: Soma, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command about the vault; its JSON, or its text on stderr where it fails."""
    monkeypatch.setenv("SOMA_NOW", "2024-10-04T00:00:00Z")
    monkeypatch.chdir(root.path.parent)

    def call(*words: str, actor: str | None = ADA, code: int = 0) -> Any:
        monkeypatch.setenv("SOMA_ACTOR", actor or "")
        done = soma("governance", *words, "--vault", str(root.path), "--json")
        assert done.code == code, done.err + done.out
        return done.json if done.out else done.err

    return call


def test_the_whole_way_on_the_command_line(typed: Typed, retries: str, tmp_path: Path) -> None:
    listed = typed("list", "--status", "pending", actor=None)
    assert (listed["schema"], listed["schemaVersion"]) == ("soma.governance.list", 1)
    assert retries in {one["id"] for one in listed["proposals"]}
    draft = typed("show", retries, actor=None)["draft"]
    tried = typed("backtest", retries, actor=None)
    (tmp_path / "p.json").write_text(codec.encode(draft))
    assert typed("backtest", str(tmp_path / "p.json"), actor=None) == tried

    assert "nobody is named" in typed("promote", retries, "--yes", actor=None, code=3)
    assert "nobody is there to be asked" in typed("promote", retries, code=2)
    assert typed("list", "--status", "active", actor=None)["policies"] == []
    done = typed("promote", retries, "--yes", "--expires", "30d", "--scope", "agent=*", "--reason", "never helps")
    assert done["action"] == "promote"
    assert done["backtest"]["hit"] >= tried["hit"]
    assert (done["policy"]["expires"], done["policy"]["scope"]) == ("2024-11-03", {"agents": ["*"]})
    (active,) = typed("list", "--status", "active", actor=None)["policies"]
    assert active["ratifiedBy"] == ADA

    assert typed("verify", "--head", done["head"][:10], actor=None)["findings"] == []
    assert "did you mean" in typed("retire", retries + "x", "--reason", "no", code=1)
    typed("retire", retries, "--reason", "stops too much", actor="Ben Okri")
    told = typed("history", retries, actor=None)["entries"]
    assert [(entry["actor"], entry["action"]) for entry in told] == [(ADA, "promote"), ("Ben Okri", "retire")]


def test_verify_exits_1_and_names_what_was_tampered_with(root: VaultRoot, typed: Typed) -> None:
    _by_hand(root, POLICIES, lambda rows: [_hand_made()])
    result = typed("verify", actor=None, code=1)
    assert result["findings"][0]["where"] == "canon/policies, no-rm version 1"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scope", "agents"), "is no scope"),
        (("--expires", "soon"), "is no day"),
        (("--expires", "99999999999d"), "is no day"),
        (("--expires", "2020-01-01"), "expire before it binds"),
    ],
)
def test_a_wrong_option_is_answered_with_the_right_one(
    typed: Typed, retries: str, words: tuple[str, ...], told: str
) -> None:
    assert told in typed("promote", retries, "--yes", *words, code=2)


def test_who_decides_and_whether_a_second_confirms_come_from_the_settings(
    root: VaultRoot, typed: Typed, retries: str
) -> None:
    (root.path.parent / "soma.toml").write_text(f'[governance]\nactor = "{ADA}"\ntwo_person = true\n')
    assert typed("promote", retries, "--yes", actor=None)["action"] == "request"
    assert "somebody else" in typed("promote", retries, "--yes", actor=None, code=3)
    assert typed("promote", retries, "--yes", actor="Ben Okri")["action"] == "promote"


def test_a_notebook_can_do_the_same(root: VaultRoot, retries: str) -> None:
    governance = Vault(root.path).governance
    assert governance.backtest(retries).hit > 0
    with pytest.raises(ConfigError):
        governance.promote(retries, actor="")
    assert governance.promote(retries, actor=ADA, reason="never helps").backtest is not None
    assert governance.show(retries).policies[0].in_force
    assert [entry.actor for entry in governance.history().entries] == [ADA]
    governance.retire(retries, actor=ADA, reason="enough")
    assert governance.verify().findings == ()
    assert governance.list(status="active").policies == ()


def test_what_is_exported_is_the_same_bytes_and_hostile_text_stays_text(root: VaultRoot, tmp_path: Path) -> None:
    import msgspec

    from soma.governance.decide import promote
    from soma.governance.offer import Terms

    hostile = msgspec.structs.replace(POLICY, message=f"{HOSTILE} ``` [x](javascript:y) <b>\n---\nid: 1")
    promote(root, hostile, Terms(), actor=ADA, now=NOW, reason="a\n# heading")
    first, second = export(root, tmp_path / "a", now=NOW), export(root, tmp_path / "b", now=NOW)
    assert first.files == second.files
    pages = {name: (tmp_path / "a" / name).read_text() for name in first.files}
    assert pages == {name: (tmp_path / "b" / name).read_text() for name in second.files}
    page = pages["canon/no-rm-v1.md"]
    assert page.count("\n---\n") == 1
    assert page.count("```") == 2
    assert "\n# heading" not in page
    for name, text in pages.items():
        for link in (part.split(")")[0] for part in text.replace("\\[", "").split("](")[1:]):
            assert link.startswith("javascript") or (tmp_path / "a" / name).parent.joinpath(link).is_file(), link
    document = page.split("```json\n")[1].split("\n```")[0]
    (tmp_path / "back.json").write_text(document)
    assert read_policies(tmp_path / "back.json")[0].message == hostile.message


def test_pages_say_what_to_do_next_and_hostile_text_cannot_steer_them(root: VaultRoot, retries: str) -> None:
    import msgspec

    from soma.governance import backtest
    from soma.governance.decide import promote
    from soma.governance.offer import Terms

    hostile = msgspec.structs.replace(POLICY, message=HOSTILE)
    promote(root, hostile, Terms(), actor=ADA, now=NOW)
    pages = [
        shown(render_list(overview(root, now=NOW), limit=5)),
        shown(render_show(show(root, retries, now=NOW))),
        shown(render_show(show(root, "no-rm", now=NOW))),
        shown(backtest_page(backtest.run(root.snapshot(), hostile))),
    ]
    assert f"soma governance promote {retries}" in pages[1]
    assert "soma governance retire no-rm --reason" in pages[2]
    for page in pages:
        assert "\x1b]0" not in page
        assert "\u202e" not in page
