"""``soma replay`` on recordings, executions and agents."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma import codec

from .conftest import Soma


@pytest.fixture
def storms(fixtures: Path) -> str:
    return str(fixtures / "recordings" / "storms.jsonl")


def test_the_page_draws_the_trajectory_and_says_why_modes_changed(soma: Soma, fixtures: Path) -> None:
    page = soma("replay", str(fixtures / "recordings" / "loop.jsonl"))
    assert (page.code, page.err) == (0, "")
    assert page.out.startswith("agent main · 10 actions · peak pressure 0.95")
    assert "first WARN at action 3" in page.out
    assert "GUIDE → WARN" in page.out and "same failure" in page.out
    assert "█" in page.out and "1.00 ┤" in page.out
    assert "bit-identical with the recording" in " ".join(page.out.split())
    assert not [line for line in page.out.splitlines() if len(line) > 100 or line != line.rstrip()]


def test_the_page_tells_what_the_patterns_would_have_said(soma: Soma, harvested: Path, storms: str) -> None:
    page = soma("replay", "--execution", "oc:s-loop", "--vault", str(harvested)).out
    assert "What would have been said" in page
    assert "same_failure" in page and "failed 2 times with the same arguments" in page and "→ The same call" in page
    told = soma("replay", storms, "--json").json
    said = told["firings"][0]
    assert {"number", "agent", "pattern", "severity", "what", "advice"} <= said.keys()
    assert [one["number"] for one in told["firings"]] == sorted(one["number"] for one in told["firings"])
    assert len(told["patterns"]) == 16
    calm = soma("replay", "--execution", "cc:0a725fb5", "--vault", str(harvested), "--until", "3").out
    assert "no pattern would have said anything" in calm


def test_a_firing_names_its_decision(soma: Soma, harvested: Path) -> None:
    told = soma("replay", "--execution", "oc:s-loop", "--vault", str(harvested), "--json").json
    points = {point["number"]: point["decisionId"] for point in told["points"]}
    assert told["firings"] and all(said["decisionId"] == points[said["number"]] for said in told["firings"])


def test_the_list_of_patterns(soma: Soma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = soma("patterns", "--json").json
    assert told["schema"] == "soma.patterns"
    names = [entry["name"] for entry in told["patterns"]]
    assert len(names) == len(set(names)) == 15
    page = soma("patterns").out
    assert all(name in page for name in names) and "collecting" in page
    assert not [line for line in page.splitlines() if len(line) > 100]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "soma.toml").write_text("[patterns]\ncontext_window = 0\n")
    assert soma("patterns").code == 3


def test_json_has_every_action(soma: Soma, storms: str) -> None:
    told = soma("replay", storms, "--json").json
    assert (told["schema"], told["identical"], told["complete"]) == ("soma.replay", True, True)
    assert len(told["points"]) == sum(agent["actions"] for agent in told["agents"])
    point = told["points"][-1]
    assert {"number", "agent", "action", "mode", "pressure", "effective", "signals", "reason"} <= point.keys()


def test_until_stops_there_and_compares_nothing_with_the_whole(soma: Soma, storms: str) -> None:
    told = soma("replay", storms, "--until", "40", "--json").json
    whole = soma("replay", storms, "--json").json
    assert told["points"] == whole["points"][:40]
    assert (told["recorded"], told["identical"], told["complete"]) == (None, None, None)
    all_of_it = soma("replay", storms, "--until", str(len(whole["points"])), "--json").json
    assert all_of_it["identical"] is True


def test_another_configuration_is_used_and_told(soma: Soma, storms: str, tmp_path: Path) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text("[thresholds]\nguide = 0.1\nwarn = 0.2\nblock = 0.3\n[budget]\ntokens = 100000\n")
    told = soma("replay", storms, "--config", str(strict), "--json").json
    assert told["configuration"]["thresholds"] == {"guide": 0.1, "warn": 0.2, "block": 0.3}
    assert told["identical"] is None
    diff = soma("replay", storms, "--diff", str(strict), "--json").json
    assert diff["identical"] is True
    other = diff["comparison"]
    assert other["configurationDigest"] == told["configurationDigest"]
    here = {point["number"]: point["mode"] for point in diff["points"]}
    there = {point["number"]: point["mode"] for point in told["points"]}
    different = {item["number"]: (item["mode"], item["otherMode"]) for item in other["different"]}
    assert {number: modes for number, modes in different.items() if modes[0] != modes[1]} == {
        number: (here[number], there[number]) for number in here if here[number] != there[number]
    }
    assert any(item["otherExhausted"] for item in other["different"])
    page = soma("replay", storms, "--diff", str(strict)).out
    assert f"{len(other['different'])} actions of {len(here)} would have been different" in page


def test_an_execution_of_the_vault_by_the_beginning_of_its_id(soma: Soma, harvested: Path) -> None:
    told = soma("replay", "--execution", "oc:s-unk", "--vault", str(harvested), "--json").json
    assert told["agents"][0]["firstWarn"] == 3
    assert all(point["decisionId"].startswith("oc:s-unknown#") for point in told["points"])


def test_an_execution_brings_its_sub_agents_and_the_trust_between_them(
    soma: Soma, harvested: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "family.jsonl"
    told = soma("replay", "--execution", "cc:0a725fb5", "--vault", str(harvested), "--save", str(saved), "--json").json
    assert {agent["agent"]: agent["actions"] for agent in told["agents"]} == {"general": 15, "papers": 1}
    assert '"graph":[{"source":"general","target":"papers","trust":0.8}]' in saved.read_text().splitlines()[0]
    again = soma("replay", str(saved), "--json").json
    assert (again["identical"], again["trajectory"]) == (True, told["trajectory"])


def test_declared_trust_goes_before_what_delegation_suggests(
    soma: Soma, harvested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "soma.toml").write_text(
        '[[trust]]\nsource = "gen*"\ntarget = "papers"\ntrust = 0.4\n'
        '[[trust]]\nsource = "*"\ntarget = "general"\ntrust = 0.1\n'
    )
    monkeypatch.chdir(tmp_path)
    saved = tmp_path / "family.jsonl"
    answer = soma("replay", "--execution", "cc:0a725fb5", "--vault", str(harvested), "--save", str(saved), "--json")
    assert answer.code == 0, answer.err
    graph = codec.decode(saved.read_text().splitlines()[0])["graph"]
    assert graph == [
        {"source": "general", "target": "papers", "trust": 0.4},
        {"source": "papers", "target": "general", "trust": 0.1},
    ]


def test_an_agent_takes_its_baselines_from_run_to_run(soma: Soma, harvested: Path) -> None:
    told = soma("replay", "--agent", "starchat", "--vault", str(harvested), "--json").json
    assert len(told["agents"]) == 1
    assert told["agents"][0]["actions"] == len(told["points"]) > 500
    assert told["agents"][0]["modes"]["BLOCK"] > 0


def test_settings_in_force_apply_to_executions(
    soma: Soma, harvested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "soma.toml").write_text("[thresholds]\nblock = 0.9\n")
    monkeypatch.chdir(tmp_path)
    told = soma("replay", "--execution", "oc:s-unknown", "--vault", str(harvested), "--json").json
    assert told["configuration"]["thresholds"]["block"] == 0.9
    assert told["agents"][0]["modes"]["BLOCK"] < 6


@pytest.mark.parametrize(("arguments", "code", "told"), [
    ([], 2, "name one thing"), (["--agent", "a", "--execution", "b"], 2, "name one thing"),
    (["--agent", "nobody"], 1, "knows no agent"), (["--execution", "nothing"], 1, "knows no execution"),
    (["--execution", "cc:"], 2, "begin with"),
])  # fmt: skip
def test_mistakes_are_answered(soma: Soma, harvested: Path, arguments: list[str], code: int, told: str) -> None:
    answer = soma("replay", *arguments, "--vault", str(harvested))
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_a_changed_recording_gives_exit_code_1(soma: Soma, storms: str, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    changed.write_text(Path(storms).read_text().replace('"outcome":"failed"', '"outcome":"ok"', 3))
    answer = soma("replay", str(changed))
    assert answer.code == 1
    assert "another trajectory" in answer.err


def test_settings_that_cannot_be_used_are_named(soma: Soma, storms: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[thresholds]\nguide = 2\n")
    for option in ("--config", "--diff"):
        answer = soma("replay", storms, option, str(bad))
        assert (answer.code, "bad.toml" in answer.err) == (3, True)
