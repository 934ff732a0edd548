"""The page as a person meets it: Chromium, axe, a telephone, a keyboard, paper."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from measured import BESIDE, everything
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.forms.page import page as made
from pipelines.forms.record import Record

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SIZES = {"desktop": (1280, 900), "tablet": (800, 1100), "telephone": (360, 740)}
# Everything that axe has a rule for, best practices too.
RULES = {"resultTypes": ["violations", "incomplete"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium here: make servers installs it"
    with sync_playwright() as driver:
        # A container's root has no sandbox; the page is our own.
        running = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    record = Record.of(json.dumps(everything(), ensure_ascii=False))
    path = tmp_path_factory.mktemp("page") / "record.html"
    path.write_text(made(record, BESIDE), encoding="utf-8")
    return path.as_uri()


def opened(browser: Browser, address: str, size: str, scheme: str = "light") -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        offline=True,
    )
    shown = context.new_page()
    shown.goto(address)
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(browser, address, size, scheme):
    shown = opened(browser, address, size, scheme)
    found = Axe().run(shown, options=RULES)
    violations = [
        (one["id"], node["html"][:120], node.get("failureSummary"))
        for one in found.response["violations"]
        for node in one["nodes"]
    ]
    assert violations == []
    # Contrast that axe could not work out is no contrast that it found good.
    assert [one["id"] for one in found.response["incomplete"]] == []


def test_axe_would_find_grey_on_white_and_a_table_without_headers(browser, address):
    shown = opened(browser, address, "desktop")
    shown.add_style_tag(content=".under { color: #ccc !important; }")
    shown.evaluate("document.documentElement.removeAttribute('lang')")
    found = {one["id"] for one in Axe().run(shown).response["violations"]}
    assert {"color-contrast", "html-has-lang"} <= found


@pytest.mark.parametrize("size", SIZES)
def test_nothing_stands_beside_the_screen(browser, address, size):
    shown = opened(browser, address, size)
    width = SIZES[size][0]
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    outside = shown.evaluate(
        """width => [...document.querySelectorAll('main *, header *, footer *')]
        .filter(e => !e.closest('.skip, thead') && e.getClientRects().length)
        .filter(e => e.getBoundingClientRect().right > width + 0.5)
        .map(e => e.outerHTML.slice(0, 120))""",
        width,
    )
    assert outside == []


@pytest.mark.parametrize("size", SIZES)
def test_no_word_of_a_cell_is_broken(browser, address, size):
    """A column that is too narrow shows as ``Comple`` above ``ted``."""
    shown = opened(browser, address, size)
    broken = shown.evaluate(
        """() => [...document.querySelectorAll('th, td:not(.id)')].filter(cell => {
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            for (let text; text = texts.nextNode();)
                for (const word of text.data.matchAll(/[\\w.]+/g)) {
                    const range = document.createRange();
                    range.setStart(text, word.index);
                    range.setEnd(text, word.index + word[0].length);
                    const tops = [...range.getClientRects()].map(r => r.top);
                    if (new Set(tops).size > 1) return true;
                }
            return false;
        }).map(cell => cell.textContent.trim().slice(0, 60))"""
    )
    assert broken == []


def test_every_link_is_reached_by_keyboard_and_seen_when_it_is(browser, address):
    shown = opened(browser, address, "desktop")
    links = shown.locator("a").count()
    seen = []
    for _ in range(links):
        shown.keyboard.press("Tab")
        seen.append(
            shown.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                const r = e.getBoundingClientRect();
                return [e.tagName, s.outlineStyle, r.left >= 0 && r.width > 0]; }"""
            )
        )
    assert seen == [["A", "solid", True]] * links
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.tagName") != "A"


def test_the_skip_link_goes_to_the_content(browser, address):
    shown = opened(browser, address, "desktop")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert shown.evaluate("location.hash") == "#content"
    assert shown.locator("main#content").count() == 1


def test_the_signed_record_is_saved_from_the_page_as_it_was(
    browser, address, tmp_path: Path
):
    shown = opened(browser, address, "desktop")
    with shown.expect_download() as download:
        shown.get_by_role("link", name="signed record (JSON)").click()
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    assert saved.read_text() == json.dumps(everything(), ensure_ascii=False) + "\n"
    assert download.value.suggested_filename.endswith(".json")


def test_printed_it_has_no_links_to_press_and_every_section(browser, address):
    shown = opened(browser, address, "desktop")
    shown.emulate_media(media="print")
    assert not shown.get_by_role("navigation").is_visible()
    assert not shown.get_by_text("Save the signed record").is_visible()
    for title in ("Awards", "Timeline of courses", "Skills", "How to verify"):
        assert shown.get_by_role("heading", name=title, exact=True).is_visible()
