"""The page in a real browser: the slider moves, sorting sorts, nothing is asked of a network, no error is logged."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from tests.reports import IMAGES, VARIANTS, reported

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CASE = "#people ~ .cases .case"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with reported(tmp_path_factory.mktemp("workspace")) as folder:
        yield (folder / "reports" / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"needs a browser: one of {', '.join(BROWSERS)}")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(request, browser, address) -> Iterator[Page]:
    """The page at a width; afterwards no request may have left its folder and no error may have been logged."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    page, problems = context.new_page(), []

    def look(route: Route) -> None:
        if not route.request.url.startswith(("data:", address)):
            problems.append(route.request.url)
        route.continue_()

    page.route("**/*", look)
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert problems == []


def gains(page: Page) -> list[float]:
    return [float(case.get_attribute("data-gain") or "nan") for case in page.locator(CASE).all()]


def test_the_slider_moves_the_edge_between_two_pictures(page):
    slider = page.locator(f"{CASE} input[type=range]").first
    shown = page.locator(f"{CASE} .compare").first
    for percent in ("10", "90"):
        slider.fill(percent)
        assert shown.evaluate("box => box.style.getPropertyValue('--at')") == f"{percent}%"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert shown.evaluate("box => box.style.getPropertyValue('--at')") == "89%"
    assert slider.get_attribute("aria-label").startswith("How much of composite covers")


def pixel(page: Page, x: float, y: float) -> bytes:
    """What is drawn at a point of the first case's stage, both from 0 to 1."""
    stage = page.locator(f"{CASE} .stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    return page.screenshot(clip={"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "width": 2, "height": 2})


def test_what_is_drawn_changes_where_the_slider_passes_and_nowhere_else(page):
    page.locator(f"{CASE} select").nth(1).select_option("mask")
    slider = page.locator(f"{CASE} input[type=range]").first
    slider.fill("10")
    before = pixel(page, 0.3, 0.3), pixel(page, 0.9, 0.9)
    slider.fill("60")
    after = pixel(page, 0.3, 0.3), pixel(page, 0.9, 0.9)
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_picture_of_the_strip_is_compared_when_it_is_chosen(page):
    case = page.locator(CASE).first
    case.get_by_role("button", name="Compare with real").click()
    assert case.locator("select").nth(1).input_value() == "real"
    assert case.locator(".stage img").first.get_attribute("alt") == "real"
    assert case.locator(".stage img").first.get_attribute("src") == case.locator(".strip li").last.locator("img").get_attribute("src")


def test_zoom_shows_the_foreground_larger_and_keeps_the_edge(page):
    case = page.locator(CASE).first
    picture = case.locator(".stage img").first
    before = picture.bounding_box()["width"]
    case.get_by_label("Zoom on the foreground").check()
    scale = float(case.evaluate("figure => figure.style.getPropertyValue('--scale')"))
    assert scale > 1
    assert picture.bounding_box()["width"] == pytest.approx(before * scale, rel=0.02)


def test_cases_are_sorted_as_chosen(page):
    order = page.locator("#people ~ .tools select").first
    assert gains(page) == sorted(gains(page), reverse=True)
    order.select_option("gain ascending")
    assert gains(page) == sorted(gains(page))
    order.select_option("ratio descending")
    ratios = [float(case.get_attribute("data-ratio")) for case in page.locator(CASE).all()]
    assert ratios == sorted(ratios, reverse=True)
    assert len(ratios) == min(5, IMAGES)


def test_methods_are_filtered_by_words(page):
    tools = page.locator("#people ~ .tools").first
    tools.get_by_role("searchbox").fill("idih, none")
    shown = page.locator(f"{CASE} .strip li[data-method]:visible")
    assert {item.get_attribute("data-method") for item in shown.all()} == {"idih"}
    assert tools.get_by_role("status").text_content() == "1 methods shown"
    assert page.locator(f"{CASE} .strip li:not([data-method])").first.is_visible()
    tools.get_by_role("searchbox").fill("")
    assert {item.get_attribute("data-method") for item in shown.all()} == {"reinhard", *VARIANTS}


def test_nothing_is_wider_than_the_screen(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_reaches_every_control_and_each_has_a_name(page):
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, summary, a")]
        .filter(item => item.closest("template") === null)
        .filter(item => !(item.getAttribute("aria-label") || item.textContent.trim() || item.closest("label")?.textContent.trim()))
        .map(item => item.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    assert page.evaluate("[...document.querySelectorAll('button, select, input')].every(item => item.tabIndex >= 0)")


def test_without_scripts_everything_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(address)
    assert page.locator(f"{CASE} .strip img").count() > 0
    assert page.locator(".compare").count() == 0
    assert page.locator(".tools").first.is_hidden()
    context.close()


def test_the_page_is_one_file(address):
    assert Path(address.removeprefix("file://")).stat().st_size < 3e6
