"""The page with as many methods as a run has: what is seen before anything is unfolded, and what unfolding costs."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page

from benchmarks.drawn_report import drawn_case, drawn_scores, write_drawn_page
from imharmony.evaluation.pairs import standings
from imharmony.evaluation.summary import summarise
from pipeline.params.drawing import draw
from reporting.results import methods_of
from tests.conftest import ROOT
from tests.stages.conftest import opened

DATASETS = ("people", "luminance", "objects", "hmh")
SCREEN_PX = 900
CASE = "#people .case"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A page of the whole catalogue of ``params.yaml`` and its baselines, on four data sets, after one epoch of training."""
    path = tmp_path_factory.mktemp("drawn") / "index.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        copied = path.with_name("params.yaml")
        copied.write_bytes((ROOT / "params.yaml").read_bytes())
        params = draw(["all"], copied)
        methods = [name for name, _ in methods_of(params)]
        scores = drawn_scores(methods, dict.fromkeys(DATASETS, 6), np.random.default_rng(0))
        tables = {"summary": summarise(scores, bootstrap=20), "standings": standings(scores, bootstrap=20)}
        rng = np.random.default_rng(0)
        cases = {name: [drawn_case(number, methods, 32, rng) for number in range(2)] for name in DATASETS}
        write_drawn_page(path, params=params, methods=methods, scores=scores, statistics=tables, cases=cases, epochs=1)
    assert len(methods) > 30
    return path.as_uri()


@pytest.fixture
def page(browser, address) -> Iterator[Page]:
    with opened(browser, address, 1280) as page:
        yield page


def unfolded(page: Page, name: str) -> Page:
    page.evaluate(f"location.hash = '{name}'")
    page.wait_for_selector(f"#{name}")
    return page


def test_at_most_six_screens_are_seen_before_anything_is_unfolded(page):
    assert page.evaluate("document.documentElement.scrollHeight") <= 6 * SCREEN_PX
    assert page.locator("details[open]").count() == 0
    assert page.locator(".example img").evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 0)")


def test_tables_of_methods_show_all_their_columns_without_scrolling_sideways(page):
    unfolded(unfolded(page, "hmh"), "people")
    for table in ("table.overview", "#people table.leaders", "#hmh table.leaders"):
        assert page.locator(table).evaluate("table => table.parentElement.scrollWidth <= table.parentElement.clientWidth"), table


def test_a_case_begins_with_composite_real_the_best_three_and_the_worst(page):
    unfolded(page, "people")
    shown = page.locator(f"{CASE} > .strip").first.locator("b").all_text_contents()
    assert shown[:2] == ["composite", "real"]
    assert len(shown) == 6
    errors = page.locator(f"{CASE} > .strip").first.locator("li[data-method]").all_text_contents()
    assert errors == sorted(errors, key=lambda text: text.split("fMSE")[1])


def test_the_slider_starts_on_the_foreground(page):
    unfolded(page, "people")
    middle = page.locator(CASE).first.evaluate("figure => Number.parseFloat(figure.style.getPropertyValue('--x'))")
    assert middle != 50
    assert page.locator(f"{CASE} input[type=range]").first.input_value() == str(round(middle))
    assert page.locator(f"{CASE} .compare").first.evaluate("box => box.style.getPropertyValue('--at')") == f"{round(middle)}%"


def test_other_pictures_are_no_elements_until_they_are_asked_for(page):
    unfolded(page, "people")
    others = page.locator(f"{CASE} .others").first
    assert others.locator("img").count() == 0
    others.locator("summary").click()
    others.locator("img").first.wait_for(state="visible")
    assert others.locator("img").count() > 20
    others.get_by_role("button").last.click()
    chosen = others.locator("b").last.text_content()
    assert page.locator(f"{CASE} select").nth(1).input_value() == chosen
    assert page.locator(f"{CASE} .stage img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_picture_that_is_not_shown_can_be_compared_all_the_same(page):
    unfolded(page, "people")
    right = page.locator(f"{CASE} select").nth(1)
    right.select_option("mask")
    assert page.locator(f"{CASE} .stage img").first.get_attribute("src").startswith("data:image/png")
    assert page.locator(f"{CASE} .others").first.get_attribute("open") is None


@pytest.mark.parametrize("name", ["people", "methods", "environment"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_opens_the_section_that_it_points_into(browser, address, name, scripts):
    context = browser.new_context(viewport={"width": 1280, "height": SCREEN_PX}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{address}#{name}")
    page.locator(f"#{name}").wait_for(state="visible")
    assert page.locator("details[open]").count() == 1
    assert 0 <= page.locator(f"[id={name}-title]").bounding_box()["y"] < SCREEN_PX
    context.close()


def test_the_same_link_opens_a_section_again(page):
    link = page.locator("nav a[href='#methods']")
    link.click()
    page.locator("[data-part=methods] > summary").click()
    page.locator("#methods").wait_for(state="hidden")
    link.click()
    page.locator("#methods").wait_for(state="visible")


def test_one_button_unfolds_and_folds_all_sections(page):
    button = page.locator("button.unfold")
    button.click()
    assert page.locator("details.part:not([open])").count() == 0
    assert button.text_content() == "Fold all"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    button.click()
    assert page.locator("details.part[open]").count() == 0


def test_one_epoch_is_a_line_of_a_table_and_no_plot(page):
    training = unfolded(page, "training").locator("#training")
    assert training.locator(".plot, .figure").count() == 0
    assert training.locator("tbody tr").count() > 20
    assert "no curves" in training.text_content()
