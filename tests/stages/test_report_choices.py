"""What the reader chooses on the page: a protocol, a method to compare with, and what the plots show."""

import json
import re

import pyarrow.compute as pc
import pytest
from playwright.sync_api import Page

from imharmony.evaluation.conventions import CONVENTIONS, COUNTED
from imharmony.storage.tables import read_table
from tests.reports import DATASETS, IMAGES, VARIANTS

METHODS = ("identity", "reinhard", "intrinsic", *VARIANTS)
COLUMNS = {
    name: index for index, name in enumerate(("method", "fmse", "change", "p", "psnr", "change of psnr", "ssim", "fssim", "lpips", "worse"))
}
PLOTS = "#distributions .plot .main-svg"


def unfold(page: Page, dataset: str) -> None:
    """Opens a data set's section."""
    page.locator(f"[data-part={dataset}]").evaluate("part => { part.open = true; }")


def choose(page: Page, dataset: str, *, convention: str = "headline", reference: str = "identity") -> None:
    unfold(page, dataset)
    choices = page.locator(f".choices[data-leaders={dataset}]")
    choices.get_by_label("Protocol").select_option(convention)
    choices.get_by_label("Compare with").select_option(reference)


def cell(page: Page, dataset: str, method: str, column: str) -> str:
    """The first line of a cell, its interval left out."""
    found = page.locator(f"table.leaders[data-dataset={dataset}] tbody tr[data-method={method}] > *").nth(COLUMNS[column])
    return found.evaluate("cell => cell.firstChild.textContent")


def printed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−").replace(",", "\u202f")


def rows(folder, table: str, **wanted: str) -> dict[str, dict]:
    found = read_table(folder / f"reports/tables/{table}.parquet")
    for column, value in wanted.items():
        found = found.filter(pc.field(column) == value)
    return {row["method"]: row for row in found.to_pylist()}


@pytest.mark.parametrize("convention", ["dovenet", "samsung", "hdnet"])
def test_a_chosen_protocol_shows_the_numbers_of_the_tables(wide_page, report_folder, convention):
    choose(wide_page, "luminance", convention=convention)
    for measure, digits in (("fmse", 1), ("psnr", 2)):
        expected = rows(report_folder, "standings", dataset="luminance", convention=convention, metric=measure)
        assert set(expected) == set(METHODS)
        for method, row in expected.items():
            assert cell(wide_page, "luminance", method, measure) == printed(row["mean"], digits)
    assert {cell(wide_page, "luminance", method, "ssim") for method in METHODS} == {"–"}  # ours is not theirs


def test_rows_are_ordered_by_the_protocol_and_said_to_be(wide_page, report_folder):
    choose(wide_page, "people", convention="dovenet")
    means = rows(report_folder, "standings", dataset="people", convention="dovenet", metric="fmse")
    shown = wide_page.locator("table.leaders[data-dataset=people] tbody tr").evaluate_all(
        "rows => rows.map(row => row.dataset.method ?? null)"
    )
    *others, heading, published = shown
    assert (heading, published) == (None, "unet_code")  # a form as published stays in its part of the table
    assert others == sorted(set(means) - {"unet_code"}, key=lambda method: means[method]["mean"])
    status = wide_page.locator(".choices[data-leaders=people]").get_by_role("status")
    validation = rows(report_folder, "validation", dataset="people")
    chosen = min(set(validation) - {"identity", "unet_code"}, key=lambda method: (validation[method]["fmse"], method))
    said = f"Counted as dovenet, compared with identity; lowest fMSE first. Chosen on validation photographs: {chosen}."
    assert status.text_content() == said


def test_a_protocol_without_fmse_shows_none_and_orders_by_psnr(wide_page, report_folder):
    choose(wide_page, "people", convention="rainnet")
    assert {cell(wide_page, "people", method, column) for method in METHODS for column in ("fmse", "change", "p", "worse")} == {"–"}
    means = rows(report_folder, "standings", dataset="people", convention="rainnet", metric="psnr")
    best = max(means, key=lambda method: means[method]["mean"])
    assert wide_page.locator("table.leaders[data-dataset=people] tbody tr").first.get_attribute("data-method") == best
    assert "highest PSNR first" in wide_page.locator("table.leaders[data-dataset=people] caption").text_content()


def test_a_chosen_reference_flips_the_sign_of_what_it_is_compared_with(page, report_folder):
    choose(page, "people", reference="reinhard")
    one = cell(page, "people", "idih", "change")
    choose(page, "people", reference="idih")
    other = cell(page, "people", "reinhard", "change")
    assert {one[0], other[0]} == {"+", "−"}
    assert one[1:] == other[1:]
    expected = rows(report_folder, "pairs", dataset="people", convention="headline", metric="fmse", reference="idih")["reinhard"]
    assert other.replace("+", "") == printed(expected["difference"], 1)
    assert cell(page, "people", "idih", "change") == "–"
    losses = rows(report_folder, "pairs", dataset="people", convention="headline", metric="fmse", reference="reinhard")["idih"]["win_rate"]
    assert cell(page, "people", "reinhard", "worse") == (f"{100 * losses:.1f} %" if 0 < losses < 1 else f"{100 * losses:.0f} %")


def test_of_few_photographs_their_number_stands_in_the_place_of_intervals_with_scripts_and_without(wide_page):
    unfold(wide_page, "people")
    small = wide_page.locator("table.leaders[data-dataset=people] tr[data-method=idih] td small")
    before = small.all_text_contents()
    assert before.count(f"– ({IMAGES // 2} photographs)") == 4  # fMSE and PSNR, and their changes
    choose(wide_page, "people", convention="samsung")
    choose(wide_page, "people")
    assert small.all_text_contents() == before


def test_going_back_to_the_headline_shows_what_stands_without_scripts(wide_page):
    unfold(wide_page, "people")
    table = wide_page.locator("table.leaders[data-dataset=people]")
    before = re.sub(r"\s+", " ", table.inner_text())
    choose(wide_page, "people", convention="samsung", reference="idih")
    assert re.sub(r"\s+", " ", table.inner_text()) != before
    choose(wide_page, "people")
    assert re.sub(r"\s+", " ", table.inner_text()) == before


def test_choosing_for_one_data_set_leaves_the_others_alone(wide_page):
    unfold(wide_page, "luminance")
    before = wide_page.locator("table.leaders[data-dataset=luminance]").inner_text()
    choose(wide_page, "people", convention="samsung", reference="idih")
    assert wide_page.locator("table.leaders[data-dataset=luminance]").inner_text() == before


@pytest.fixture
def plots(page) -> Page:
    """The page once its plots are drawn."""
    page.evaluate("location.hash = 'distributions'")
    page.wait_for_selector(f"{PLOTS} .boxlayer .box")
    return page


def names(page: Page) -> list[str]:
    return page.locator("#distributions tbody th").all_text_contents()


def test_plots_are_drawn_once_they_come_near_and_fit_the_screen(plots):
    assert plots.locator("#distributions .plot:first-of-type .box").count() == len(METHODS)
    assert plots.locator("#distributions .scatterlayer .js-line").count() == len(METHODS) - 1
    assert plots.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    plots.evaluate("location.hash = 'training'")
    plots.locator(".training .plot").first.scroll_into_view_if_needed()
    plots.wait_for_selector(".training .plot .js-line")
    assert plots.locator(".training .figure").first.is_hidden()
    assert plots.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_plots_keep_their_height_and_fit_when_the_window_changes(plots):
    sizes = "[...document.querySelectorAll('#distributions .plot')].map(plot => plot.querySelector('.main-svg').getBBox().height)"
    heights = "[...document.querySelectorAll('#distributions .plot')].map(plot => plot.clientHeight)"
    before = plots.evaluate(heights)
    assert min(before) > 150
    plots.set_viewport_size({"width": 700, "height": 500})
    plots.wait_for_function("document.querySelector('#distributions .main-svg').clientWidth < 700")
    plots.wait_for_timeout(500)
    assert plots.evaluate(heights) == before
    assert min(plots.evaluate(sizes)) > 100
    assert plots.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_plots_table_has_quantiles_and_pairs(plots, report_folder):
    form = plots.locator("#distributions form")
    form.get_by_label("Data set").select_option("luminance")
    form.get_by_label("Metric").select_option("psnr")
    form.get_by_label("Difference to").select_option("reinhard")
    expected = rows(report_folder, "pairs", dataset="luminance", convention="headline", metric="psnr", reference="reinhard")
    table = plots.locator("#distributions table")
    found = {row.locator("th").text_content(): row.locator("td").all() for row in table.locator("tbody tr").all()}
    assert set(found) == set(METHODS)
    for method, cells in found.items():
        quantiles = [float(one.text_content()) for one in cells[:5]]
        assert quantiles == sorted(quantiles)
        change = cells[5].evaluate("cell => cell.firstChild.textContent")
        assert change.replace("+", "") == ("–" if method == "reinhard" else printed(expected[method]["difference"], 2))
    assert "PSNR on luminance" in table.locator("caption").text_content()
    assert "above 0 is better" in plots.locator("#distributions .axis").text_content()
    assert plots.locator("#distributions form").get_by_role("status").text_content() == f"{len(METHODS)} methods on {IMAGES} images"


def test_methods_are_chosen_with_the_keyboard_alone(plots):
    plots.locator(".methods summary").focus()
    plots.keyboard.press("Enter")
    plots.keyboard.press("Tab")
    plots.keyboard.press("Space")
    assert len(names(plots)) == len(METHODS) - 1
    plots.get_by_role("button", name="None").press("Enter")
    assert names(plots) == []
    plots.get_by_role("button", name="All", exact=True).press("Enter")
    assert set(names(plots)) == set(METHODS)
    assert plots.locator(".methods summary").text_content() == f"Methods: {len(METHODS)} of {len(METHODS)} shown"


def test_the_theme_of_the_reader_reaches_the_plots(plots):
    ink = "document.querySelector('#distributions .plot .xtick text').style.fill"
    plots.emulate_media(color_scheme="light")
    plots.wait_for_function(f"{ink} === 'rgb(36, 41, 47)'")
    plots.emulate_media(color_scheme="dark")
    plots.wait_for_function(f"{ink} === 'rgb(228, 226, 221)'")


def test_without_scripts_the_first_quantiles_stand_and_no_choice_is_offered(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".choices:visible, .plot:visible, .methods:visible").count() == 0
    assert page.locator("#distributions tbody tr").count() == len(METHODS)
    page.locator("[data-part=training] > summary").click()
    assert page.locator(".training .figure").first.is_visible()
    context.close()


def embedded(folder, name: str) -> dict:
    text = (folder / "reports/index.html").read_text()
    return json.loads(re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text).group(1))


def test_scores_in_the_page_are_the_means_over_seeds_on_each_image(report_folder):
    scores = read_table(report_folder / "reports/tables/scores.parquet").to_pandas()
    own = scores[(scores["background"] == "composite") & (scores["quantisation"] == "uint8") & (scores["dataset"] == "people")]
    shown = embedded(report_folder, "scores")["people"]
    expected = own[own["method"] == "idih"].groupby("sample_id")["fmse"].mean()
    values = dict(zip(shown["samples"], shown["measures"]["fmse"]["values"][shown["methods"].index("idih")], strict=True))
    assert values == {sample: pytest.approx(value, abs=0.051) for sample, value in expected.items()}
    assert shown["n_images"] == IMAGES


def test_the_page_holds_every_convention_and_every_pair(report_folder):
    leaders = embedded(report_folder, "leaders")
    assert set(leaders) == set(DATASETS)
    for dataset in leaders.values():
        assert set(dataset["conventions"]) == set(CONVENTIONS)
        assert set(dataset["conventions"]["headline"]["means"]) == set(COUNTED) - {"lpips"}
        for view in dataset["conventions"].values():
            assert sorted(view["order"]) == list(range(len(METHODS)))
            assert all(
                len(column) == len(METHODS) * (len(METHODS) - 1) / 2
                for pairs in view["pairs"].values()
                for name, column in pairs.items()
                if name != "few"
            )
