"""The HTML page as bytes: one file that loads nothing, says what the report says, and shows hostile text as text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import shlex
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from soma.cli.main import COMMANDS
from soma.synthesizer import html
from soma.synthesizer.html.figures import spine, strip, whisker
from soma.synthesizer.html.figures.order import forward
from soma.synthesizer.jobs import process_map, report
from soma.synthesizer.jobs.report.model import Report
from tests.cli.conftest import Soma, soma  # noqa: F401 - a fixture
from tests.jobs.lake import chain, execution
from tests.jobs.test_report_file import NOW, lake
from tests.jobs.whole import Whole

from .conftest import Nights
from .story import HOSTILE, KEY

VOID = {"meta", "input", "br", "link", "img", "rect", "line", "path", "circle", "polyline"}


class Read(HTMLParser):
    """What a parser sees: elements with their attributes, and whether they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.astray: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.astray.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def read(nights: Nights) -> Read:
    return Read(nights.page)


def made(vault: Whole, **more: Any) -> str:
    found = msgspec.structs.replace(report.run(vault, now=NOW, version=7), **more)
    return html.page(html.dossier(vault, found))


def test_the_page_nests_and_ids_are_there_once_and_links_lead_somewhere(read: Read) -> None:
    assert (read.open, read.astray) == ([], [])
    ids = Counter(str(attributes["id"]) for _, attributes in read.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    links = [attributes["href"] for attributes in read.all("a")]
    assert len(links) > 10
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_nothing_is_loaded_and_only_this_files_own_style_and_script_are_allowed(nights: Nights, read: Read) -> None:
    assert not {"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"} & {
        tag for tag, _ in read.elements
    }
    attributes = {name for _, given in read.elements for name in given}
    assert not attributes & {"src", "srcset", "style", "action", "data", "xlink:href"}
    assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|@font-face", nights.page)
    (policy,) = [meta["content"] for meta in read.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", nights.page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_hostile_names_are_text(nights: Nights, read: Read) -> None:
    assert HOSTILE in {agent["name"] for agent in nights.report["agents"]}
    assert len(read.all("script")) == 1
    assert '<img src=x onerror="document.title=1">' in "".join(read.texts)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", nights.page)


def test_secrets_never_reach_the_page_but_their_count_does(nights: Nights) -> None:
    assert KEY in (nights.folder / "traces" / "n1-a1-00.json").read_text()
    assert KEY not in nights.page
    assert KEY not in nights.before.read_text()
    assert "aws-key" in nights.page
    assert nights.report["secrets"][0]["different"] == 1


def test_a_screen_reader_finds_its_way(read: Read) -> None:
    order = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert order[0] == 1
    assert order.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(order))
    assert all(given.get("aria-label") or given.get("aria-hidden") for given in read.all("svg"))
    assert all(given.get("scope") in {"col", "row"} for given in read.all("th"))
    assert read.all("html")[0]["lang"] == "en"
    assert read.elements[[tag for tag, _ in read.elements].index("body") + 1][1]["href"] == "#main"


def test_the_page_says_what_needs_a_hand(nights: Nights, read: Read) -> None:
    said = " ".join("".join(read.texts).split())
    assert "2 of 4 agents are unhealthy." in said
    assert "96 new runs, 38 of them failed, 1 agent worse, 0 agents better" in said
    assert "node-runner should take process:poll at step 2, as agent-new does." in said
    assert "They part at step 2" in said
    first = nights.report["proposals"][0]
    assert first["promote"].startswith("soma governance promote ")
    assert first["promote"] in said
    assert "torn.json" in said


def test_a_vault_without_anything_has_a_page() -> None:
    text = made(Whole([]))
    assert "No agent has been seen yet." in text
    assert Read(text).astray == []


def test_what_is_not_there_yet_is_said(nights: Nights) -> None:
    text = made(lake())
    assert "No earlier report was given" in text
    assert "No run of this vault was replayed" in text
    assert "Nothing waits for a decision" not in text
    assert "Runs that reach WARN" in nights.page
    assert "Pressure after each decision" in nights.page


def test_the_page_of_many_agents_is_bounded_and_says_what_it_leaves_out() -> None:
    runs = [execution(f"{agent}-{n}", f"agent-{agent:03}", status="failed" if n % 2 else "completed", error="boom")
            for agent in range(300) for n in range(4)]  # fmt: skip
    decisions = [one for run in runs for one in chain(run.execution_id, ["exec:a", "exec:b"], run.agent_id)]
    text = made(Whole(runs, decisions))
    assert len(text) < 600_000
    assert "… and 200 agents more" in text
    assert f"{300 - html.AGENTS_IN_FULL} more agents with failures" in text


def test_a_long_run_is_shown_with_its_ends_and_failures() -> None:
    outcomes = ["ok"] * 400
    outcomes[200] = "failed"
    long = chain("long", [f"exec:step{n % 7}" for n in range(400)], outcome=outcomes)
    text = made(Whole([execution("long", status="failed", decisions=400, failed=1)], long))
    assert text.count('<span class="place">') <= 35
    assert "more" in text
    assert '<li class="failed' in text


def test_a_whisker_is_where_its_numbers_are() -> None:
    drawn = whisker(0.25, 0.1, 0.5)
    assert 'class="reach" x1="10" x2="50"' in drawn
    assert 'class="dot" x1="25" x2="25"' in drawn
    assert "compatible with 10.0 % to 50.0 %" in drawn
    assert "dot" not in whisker(None, 0, 1)


def test_a_strip_is_as_long_as_the_shares_and_shows_the_smallest() -> None:
    widths = [float(width) for width in re.findall(r'width="([\d.]+)"', strip([("critical", 1), ("healthy", 9999)]))]
    assert widths[0] > 0.5
    assert widths[1] > 90


def test_actions_stand_in_the_order_they_are_taken() -> None:
    weights = {("", "read"): 9, ("read", "plan"): 8, ("plan", "write"): 7, ("write", "plan"): 2, ("write", "\0"): 7}
    assert forward(["write", "plan", "read"], weights) == ["read", "plan", "write"]


def test_a_process_map_names_actions_as_text_and_draws_what_leads_back() -> None:
    names = ["read", "<b>plan</b>", "write", "<b>plan</b>", "write"]
    vault = Whole([execution("e", status="completed")], chain("e", names))
    drawn = spine(process_map.run(vault, "agent-a"))
    assert "&lt;b&gt;plan&lt;/b&gt;" in drawn
    assert "<b>" not in drawn
    assert drawn.count('class="node"') == 3
    assert drawn.count('class="way"') == 5


def test_policies_in_force_and_gates_are_shown() -> None:
    policy = report.Policy(
        name="no-node", id="no-node", type="policy", enforcement="error", severity="error", scope="agent node-runner",
        conditions="exec:node again after it failed twice", layer="canon", status="enforcing",
    )  # fmt: skip
    text = made(lake(), policies=[policy])
    assert "exec:node again after it failed twice" in text
    runs = [execution(f"r{n}", "a", labels={"arm": "new" if n % 2 else "old"}, status="completed", task_id=f"t{n // 4}")
            for n in range(40)]  # fmt: skip
    assert "Gate: arm" in made(Whole(runs))


def test_the_schema_holds_for_the_report_of_a_night(nights: Nights) -> None:
    assert msgspec.convert(nights.report, Report).totals.agents == 4


def test_every_command_of_the_page_exists_and_those_that_show_work(
    soma: Soma,  # noqa: F811
    nights: Nights, read: Read, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(nights.folder)
    monkeypatch.setenv("SOMA_HOME", str(nights.folder / "home"))
    shown = re.findall(r'<div class="command"><code>(.*?)</code>', nights.page)
    commands = sorted({unescape(re.sub(r"</?span>", "", each)) for each in shown})
    assert len(commands) > 15
    assert {shlex.split(each)[1] for each in commands} <= COMMANDS.keys()
    for verb in ("show", "promote", "reject"):
        assert [each for each in commands if each.startswith(f"soma governance {verb} ins-")]
    # A name with control characters is shown without them and cannot be typed.
    tried = [next(each for each in commands if each.startswith(f"soma {verb} ") and "<" not in each)
             for verb in ("decisions", "governance show", "divergence")]  # fmt: skip
    for command in tried:
        answer = soma(*shlex.split(command)[1:])
        assert answer.code == 0, (command, answer.err)
