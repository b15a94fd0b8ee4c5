"""The five reports on the page of a small run, in a browser and as a table."""

import re

import numpy as np
import pytest

from imharmony.evaluation.conventions import under
from imharmony.storage.tables import read_table
from reporting.side_by_side import TABLE
from tests.reports import IMAGES, VARIANTS, pictures

SECTION = "[data-part=side_by_side]"


@pytest.fixture(scope="module")
def beside(report_folder):
    return read_table(report_folder / "reports/tables/side_by_side.parquet")


def test_ours_in_the_table_are_the_runs_scores(inside, beside):
    assert beside.schema.equals(TABLE)
    rows = beside.to_pandas().query("report == '003' and method == 'idih' and background == 'raw'").set_index("metric")
    own = under(read_table(inside / "reports/tables/scores.parquet"), "report_003").to_pandas()
    own = own.query("dataset == 'luminance' and method == 'idih'")
    assert rows.loc["mse", "ours"] == pytest.approx(own["mse"].mean())
    assert rows.loc["psnr", "ours"] == pytest.approx(own["psnr"].mean())
    assert rows.loc["mse", "n_images"] == IMAGES


def test_the_untouched_composite_is_counted_as_report_000s_code_would(beside):
    rows = beside.to_pandas().query("convention == 'report_000_code' and method == 'identity' and metric == 'mse'")
    people = pictures("people")["composite"]
    for row in rows.itertuples():
        composite = people[int(row.sample_id.split("_")[1])].astype(np.float64)
        assert row.ours == pytest.approx(np.square(composite / 127.5 - 1 - composite / 255).mean(), rel=1e-5)
    assert len(rows) == 3


def test_the_page_prints_every_cell_of_the_table(inside, beside):
    text = (inside / "reports" / "index.html").read_text().split('id="side_by_side"')[1].split("</section>")[0]
    assert set(re.findall(r"Report (\d{3}):", text)) == {"000", "001", "002", "003", "004"}
    printed = [value for value in beside["printed"].to_pylist() if value]
    assert all(f"<td>{value}</td>" in text for value in printed)
    assert f"{beside['ours'].drop_null()[0].as_py():.2f}" in text
    assert "not in this run" in text


def test_details_are_of_the_reports_networks_that_the_run_has_and_lossless(inside):
    text = (inside / "reports" / "index.html").read_text()
    details = text.split('<figure class="detail"')[1:]
    assert len(details) == 3
    assert all(
        detail.count('src="data:image/png') == 3 for detail in details
    )  # composite, intrinsic, real: none of VARIANTS is report 001's
    assert not {name for name in VARIANTS if name.startswith("fcn")}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_opened_reports_fit_the_screen_and_log_nothing(browser, inside, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((inside / "reports" / "index.html").as_uri())
    page.locator("[data-part=side_by_side] > summary").click()
    for summary in page.locator(f"{SECTION} details.report > summary").all():
        summary.click()
    assert page.locator(f"{SECTION} table:visible").count() == 8
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    narrow = page.locator(f"{SECTION} .scroll").nth(2)
    assert narrow.evaluate("box => box.scrollWidth <= box.clientWidth")  # two metrics fit a phone
    assert page.locator(f"{SECTION} img.pixels").first.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    colours = [
        page.locator(f"{SECTION} tr.{kind} td").first.evaluate("cell => getComputedStyle(cell).color") for kind in ("printed", "ours")
    ]
    assert colours[0] != colours[1]
    context.close()
    assert problems == []
