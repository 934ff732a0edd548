"""The pages as a learner meets them: Chromium, axe, a telephone, a keyboard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import record_factory as factory
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from wallet import CALLBACK, answered

from pipelines.publishing import reader
from pipelines.service import serve

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SIZES = {"desktop": (1280, 900), "telephone": (360, 740)}
RULES = {"resultTypes": ["violations", "incomplete"]}
LEARNER = factory.learner_id(2)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium here: make servers installs it"
    with sync_playwright() as driver:
        # A container's root has no sandbox; the pages are our own.
        running = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield running
        running.close()


@pytest.fixture
def files(home, tmp_path: Path) -> dict[str, str]:
    good = reader.record(home, LEARNER)
    kept = {"good": good, "bad": good.replace('"value":"B+"', '"value":"A"', 1)}
    for name, text in kept.items():
        (tmp_path / f"{name}.json").write_text(text)
    return {name: str(tmp_path / f"{name}.json") for name in kept}


def opened(browser: Browser, size: str, scheme: str = "light", **other: bool) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        **other,
    )
    return context.new_page()


def looked_at(shown: Page) -> None:
    """axe finds nothing, and nothing stands beside the screen."""
    found = Axe().run(shown, options=RULES).response
    assert [
        (one["id"], node["html"][:120])
        for one in (*found["violations"], *found["incomplete"])
        for node in one["nodes"]
    ] == []
    assert shown.viewport_size
    width = shown.evaluate("document.documentElement.scrollWidth")
    assert width == shown.viewport_size["width"]


@pytest.mark.parametrize(
    ("size", "scheme"), [("desktop", "dark"), ("telephone", "light")]
)
def test_axe_finds_nothing_on_any_page(browser, wallet, files, size, scheme):
    shown = opened(browser, size, scheme)
    shown.goto(wallet.ask())
    shown.fill("#code", "AAAA")
    shown.keyboard.press("Enter")
    # The page of signing in, and what it says when a code is wrong.
    shown.wait_for_selector("#wrong")
    looked_at(shown)
    shown.fill("#code", serve.invite(wallet.service.home, LEARNER, 1)[0])
    shown.keyboard.press("Enter")
    shown.wait_for_selector("button:has-text('Allow')")
    looked_at(shown)
    for path in ("/about", "/oauth/authorize?client_id=x", "/verify"):
        shown.goto(wallet.service.url + path)
        looked_at(shown)
    shown.set_input_files("#file", files["bad"])
    shown.click("button")
    shown.wait_for_selector("text=Check by check")
    looked_at(shown)


def test_by_keyboard_alone_a_learner_allows_and_is_brought_back(browser, wallet):
    """The browser follows the form to the application: no policy of a page stops it."""
    shown = opened(browser, "desktop")
    shown.goto(wallet.ask(state="s"))
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    shown.keyboard.type(code)
    shown.keyboard.press("Enter")
    shown.wait_for_selector("button:has-text('Allow')")
    for _ in range(12):
        shown.keyboard.press("Tab")
        there = shown.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return [e.textContent.trim(), s.outlineStyle]; }"""
        )
        assert there[1] == "solid", there
        if there[0] == "Allow":
            break
    with shown.expect_request(lambda one: one.url.startswith(CALLBACK)) as sent:
        shown.keyboard.press("Enter")
    assert answered(sent.value.url)["state"] == "s"
    token = wallet.client.fetch_token(
        authorization_response=sent.value.url, code_verifier=wallet.verifier
    )
    assert token["access_token"]


def test_no_page_breaks_its_own_policy(browser, wallet, files):
    shown = opened(browser, "desktop")
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    for url in (wallet.ask(), *(wallet.service.url + p for p in ("/about", "/verify"))):
        shown.goto(url)
    assert shown.inner_text("#dropped"), "the script ran"
    assert said == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_credential_is_checked_with_and_without_scripts(
    browser, service, files, scripts
):
    shown = opened(browser, "telephone", java_script_enabled=scripts)
    shown.goto(f"{service.url}/verify")
    shown.set_input_files("#file", files["bad"])
    shown.click("button")
    assert "It does not verify" in shown.inner_text(".verdict")
    shown.goto(f"{service.url}/verify")
    shown.fill("#text", Path(files["good"]).read_text())
    shown.click("button")
    assert "It verifies" in shown.inner_text(".verdict")
    assert "English Composition" in shown.inner_text(".checks")


def test_a_dropped_file_is_checked(browser, service, files):
    shown = opened(browser, "desktop")
    shown.goto(f"{service.url}/verify")
    shown.evaluate(
        """text => {
            const held = new DataTransfer();
            held.items.add(new File([text], "r.json"));
            document.querySelector("[data-drop]").dispatchEvent(
                new DragEvent("drop", {dataTransfer: held, bubbles: true}));
        }""",
        Path(files["good"]).read_text(),
    )
    shown.wait_for_selector("text=Check by check")
    assert "It verifies" in shown.inner_text(".verdict")
