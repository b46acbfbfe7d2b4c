"""The page in a headless Chromium, as wide as a phone, a tablet and a desk: nothing cut, nothing loaded, no error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import FOUND, Browser, browser
from .conftest import Nights

pytestmark = pytest.mark.skipif(FOUND is None, reason="no Chromium is installed here (apt-get install chromium)")

# Elements whose content is wider than they are, or that reach over the window's edge. What is only there to be heard
# (clipped to nothing) is left out, and pictures, which scale.
CUT = """
(width => {
  document.querySelectorAll("details").forEach(part => part.open = true);
  const unseen = element => {
    for (let each = element; each instanceof Element; each = each.parentElement) {
      if (getComputedStyle(each).clipPath === "inset(50%)" || each.matches(".theme input")) return true;
    }
    return false;
  };
  return [...document.querySelectorAll("body, body *")].filter(element =>
    !(element instanceof SVGElement) && element.clientWidth > 0 && !unseen(element)
    && getComputedStyle(element).display !== "inline"
    && (element.scrollWidth > element.clientWidth + 1 || element.getBoundingClientRect().right > width + 1)
  ).map(element => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 60)}`);
})
"""
# The contrast of every text with what lies behind it, WCAG 2.2, 1.4.3: 4.5, or 3 for large text.
PALE = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => top.slice(0, 3).map((part, n) => part * top[3] / 255 + below[n] * (1 - top[3] / 255));
  const behind = element => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own : over(own, behind(element.parentElement));
  };
  const light = colour => colour.slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const pale = [];
  for (const element of document.querySelectorAll("body *")) {
    const inline = getComputedStyle(element).display === "inline";
    if (element instanceof SVGElement || !element.clientHeight && !inline) continue;
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element);
    const [high, low] = [light(over(rgba(style.color), behind(element))), light(behind(element))].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < (large ? 3 : 4.5)) pale.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(pale)];
})()
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def page(nights: Nights) -> Path:
    return nights.folder / "soma-report.html"


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_cut_and_nothing_is_loaded(chromium: Browser, page: Path, width: int) -> None:
    chromium.show(page, width)
    assert chromium.ask(f"{CUT}({width})") == []
    assert chromium.ask("document.documentElement.scrollWidth") == width
    assert chromium.complaints() == []
    assert chromium.ask("document.title") == "soma · 2 of 4 agents are unhealthy."


def test_the_test_notices_what_is_cut_loaded_or_wrong(chromium: Browser, page: Path, tmp_path: Path) -> None:
    free = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(), count=1)
    broken = free.replace(
        "<main ", '<p style="width:9rem;white-space:nowrap">a very long line that does not fit in there</p>'
        '<img src="https://soma.invalid/x.png" alt=""><script>console.error("it ran")</script><main ', 1
    )  # fmt: skip
    (tmp_path / "broken.html").write_text(broken)
    chromium.show(tmp_path / "broken.html", 360)
    assert [line for line in chromium.ask(f"{CUT}(360)") if line.startswith("P ")]
    said = " ".join(chromium.complaints())
    assert "request: https://soma.invalid/x.png" in said
    assert "it ran" in said
    with_policy = page.read_text().replace("<main ", "<script>console.error(1)</script><main ", 1)
    (tmp_path / "refused.html").write_text(with_policy)
    chromium.show(tmp_path / "refused.html", 360)
    assert any("Content Security Policy" in line for line in chromium.complaints())


def test_hostile_names_are_seen_as_text(chromium: Browser, page: Path) -> None:
    chromium.show(page, 768)
    assert chromium.ask("document.images.length") == 0
    assert chromium.ask("document.scripts.length") == 1
    assert chromium.ask('document.querySelector("#agent-table").innerText.includes("<img src=x onerror=")') is True


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_in_light_and_dark(chromium: Browser, page: Path, dark: bool) -> None:
    chromium.show(page, 1440, dark=dark)
    chromium.ask('document.querySelectorAll("details").forEach(part => part.open = true)')
    assert chromium.ask(PALE) == []


def test_colours_follow_the_system_until_somebody_chooses(chromium: Browser, page: Path) -> None:
    back = "getComputedStyle(document.body).backgroundColor"
    chromium.show(page, 768)
    light = chromium.ask(back)
    assert chromium.ask(f'document.getElementById("theme-dark").click(), {back}') != light
    chromium.show(page, 768, dark=True)
    dark = chromium.ask(back)
    assert dark != light
    assert chromium.ask(f'document.getElementById("theme-light").click(), {back}') == light


def test_the_keyboard_reaches_the_content_first_and_focus_is_seen(chromium: Browser, page: Path) -> None:
    chromium.show(page, 768)
    chromium.press("Tab")
    assert chromium.ask("document.activeElement.className") == "skip"
    assert chromium.ask("document.activeElement.getBoundingClientRect().top >= 0") is True
    assert chromium.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    chromium.press("Enter")
    assert chromium.ask("location.hash") == "#main"


def test_a_link_to_a_folded_agent_opens_it_and_the_filter_filters(chromium: Browser, page: Path) -> None:
    chromium.show(page, 768)
    assert chromium.ask('document.getElementById("agent-2").open') is False
    chromium.ask("new Promise(done => { addEventListener('hashchange', () => setTimeout(done)); "
                 "document.querySelector('a[href=\"#agent-2\"]').click() })")  # fmt: skip
    assert chromium.ask('document.getElementById("agent-2").open') is True
    chromium.ask('filter.value = "node"; filter.dispatchEvent(new Event("input"))')
    shown = '[...document.querySelectorAll("#agent-table tbody tr")].filter(row => row.offsetParent).length'
    assert chromium.ask(shown) == 1
    assert chromium.ask('document.getElementById("filtered").textContent') == "1 of 4"


def test_on_paper_everything_is_open_and_nothing_is_there_to_press(chromium: Browser, page: Path) -> None:
    chromium.show(page, 768, media="print", dark=True)
    chromium.ask('dispatchEvent(new Event("beforeprint"))')
    assert chromium.ask('document.querySelectorAll("details:not([open])").length') == 0
    assert chromium.ask('getComputedStyle(document.querySelector("nav")).display') == "none"
    assert chromium.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.call("Page.printToPDF", printBackground=False)["data"]


def test_without_scripts_everything_can_still_be_read(chromium: Browser, page: Path) -> None:
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.show(page, 360)
        assert chromium.ask('document.querySelectorAll("button.copy:not([hidden])").length') == 0
        assert chromium.ask('document.querySelectorAll("summary").length > 5') is True
    finally:
        chromium.call("Emulation.setScriptExecutionDisabled", value=False)
