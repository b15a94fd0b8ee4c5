"""The page: what it is made of, and how it behaves in a browser."""

import base64
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from reporting.page import described
from reporting.published_scores import PUBLISHED_SCORES, read_published
from reporting.side_by_side_file import SIDE_BY_SIDE, read_described
from tests.conftest import ROOT
from tests.pipeline.params.edits import replaced
from tests.reports import IMAGES, VARIANTS

CASE = "#people .cases .case"


@pytest.fixture(scope="module")
def text(report_folder) -> str:
    return (report_folder / "reports" / "index.html").read_text()


class Elements(HTMLParser):
    """Every start tag with its attributes, and whether tags nest."""

    VOID = frozenset({"meta", "link", "img", "br", "wbr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_asks_for_nothing_outside_itself(text):
    elements = Elements(text)
    assert re.findall(r"https?://", text) == []
    assert [script["src"] for script in elements.of("script") if "src" in script] == []
    assert {link["href"].split(",")[0] for link in elements.of("link")} == {"data:"}
    assert all(image["src"].startswith("data:image/") for image in elements.of("img"))
    assert all(link["href"].startswith("#") for link in elements.of("a"))


def test_the_page_is_well_formed_and_its_links_lead_somewhere(text):
    elements = Elements(text)
    assert elements.open == []
    names = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(names) == len(set(names))
    assert {link["href"][1:] for link in elements.of("a")} <= set(names)


def test_every_image_has_a_description_and_headings_follow_each_other(text):
    elements = Elements(text)
    assert all(image["alt"] for image in elements.of("img"))
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_the_page_has_both_themes_and_so_have_its_figures(text):
    assert "prefers-color-scheme: dark" in text
    figures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)
    assert len(figures) == 2 + 2 + 2
    for figure in figures:
        text = base64.b64decode(figure).decode()
        assert "prefers-color-scheme:dark" in text
        assert "currentColor" in text


def test_forms_as_published_stand_apart_in_every_table_and_are_named_in_no_headline(text):
    tables = [
        table for table in re.findall(r"<table.*?</table>", text, re.DOTALL) if re.search(r'<th scope="row">(idih|unet_code)<', table)
    ]
    apart = [table for table in tables if "As published</th></tr>" in table]
    assert len(apart) == 1 + 2 * 3 + 2 + 1 + 1  # all methods; each data set's three; conventions; methods; training
    for table in apart:
        own, published = table.split('<th scope="rowgroup"')
        assert '<th scope="row">idih' in own
        assert '<th scope="row">unet_code' not in own
        assert re.findall(r'<th scope="row">([a-z_]+)', published) == ["unet_code"]
    assert "unet_code" not in re.search(r'<p class="lead">.*?</p>', text, re.DOTALL)[0]
    assert all("unet_code" not in verdict for verdict in re.findall(r'<p class="verdict">.*?</p>', text, re.DOTALL))


def test_a_method_says_what_it_learned_from_and_for_which_data_set_that_stands_in(text):
    rows = {row.split("</th>")[0]: row for row in text.split('<tr><th scope="row">') if "people" in row and "width" in row}
    assert '<td class="text">people, which stands in for hcoco</td>' in rows["idih"]
    assert '<td class="text">people</td>' in rows["unet_code"]


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (["objects", "people"], "objects + people"),
        ({"objects": 1.0, "people": 2.0}, "objects (1) + people (2)"),
        (["hcoco", "people"], "objects + people, which stand in for hcoco + people"),
        (["hcoco", "hflickr"], "objects, which stands in for hcoco + hflickr"),
    ],
    ids=str,
)
def test_a_method_says_all_that_it_learned_from(root, dataset, words):
    params = load_params(root / "params.yaml")
    assert described(params.catalogue["idih"].model_copy(update={"dataset": dataset}), params)["trained on"] == words


def test_a_method_says_how_long_it_was_trained_whoever_says_that(root, tmp_path):
    path, text = tmp_path / "params.yaml", (root / "params.yaml").read_text()
    path.write_text(
        replaced(text, ("batch_size: 4, epochs: 2, steps_factor: 0.6, precision: fp32", "epochs: 4, steps_factor: 0.6, precision: fp32"))
    )
    params = load_params(path)
    assert described(params.catalogue["idih"], params)["for"] == "20 epochs, batch 8, crop + flip"
    path.write_text(
        replaced(
            text,
            (
                "batch_size: 4, epochs: 2, steps_factor: 0.6, precision: fp32",
                "epochs: null, batch_size: null, augment: null, steps_factor: 0.6, precision: fp32",
            ),
        )
    )
    params = load_params(path)
    assert described(params.catalogue["idih"], params)["for"] == "120 epochs, batch 16, crop + flip"
    assert described(params.catalogue["dovenet"], params)["for"] == "200 epochs, batch 1, as they are"
    assert described(params.catalogue["regions"], params)["for"] == "30 epochs, 100 steps each, batch 96, points of the regions"
    assert described(params.catalogue["fcn_content"], params)["critic"] == "fcn"
    assert described(params.catalogue["dih"], params)["network"] == "dih, width 64, begins at the composite"
    assert described(params.catalogue["unet"], params)["critic"] == "patchgan, 70 px"


def test_controls_stand_beside_each_data_sets_methods_and_a_sentence_says_what_they_mean(text):
    for dataset in ("people", "luminance"):
        section = text.split(f'id="{dataset}"')[1].split("</section>")[0]
        table = section.split(f'aria-label="Controls of the methods on {dataset}"')[1].split("</table>")[0]
        rows = {row.split("</th>")[0].split("<")[0]: row for row in table.split('<tr><th scope="row">')[1:]}
        assert set(rows) == {"identity", "reinhard", "intrinsic", *VARIANTS}
        few = f"<small>– ({IMAGES // 2} photographs)</small>"
        assert re.findall(r"<td>(.+)</td>", rows["identity"]) == [f"0.0{few}"] * 3 + [f"0.00{few}", "0 %", f"0.0{few}"]
        assert rows["intrinsic"].count("<td>–</td>") == 6
        assert f"No method without a background was scored, so it is not known what the foregrounds of {dataset} give away." in section
        assert "Too few photographs to say whether they look at the background" in section
    assert "is above 1.8." in text


def test_tables_scroll_inside_their_own_box(text):
    boxes = [attributes for tag, attributes in Elements(text).found if tag == "div" and attributes.get("class") == "scroll"]
    published = read_published(ROOT / PUBLISHED_SCORES)
    beside = sum(len(report.tables) for report in read_described(published, ROOT / SIDE_BY_SIDE).values())
    realism = 1
    assert len(boxes) == 1 + 2 * 4 + 1 + 1 + 3 + 1 + 1 + 3 + realism + len(published) + beside
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_a_case_shows_composite_and_real_then_the_methods_from_the_lowest_error_up_and_the_mask_on_demand(text):
    cases = text.split('<figure class="case"')[1:]
    assert len(cases) == 2 * 5
    for case in cases:
        shown, others = (
            re.findall(r"<b>([a-z_]+)</b>", part.replace("<wbr>", "")) for part in case.split("</figure>")[0].split("<noscript>")
        )
        assert shown[:2] == ["composite", "real"]
        assert set(shown[2:]) == {"reinhard", "intrinsic", *VARIANTS}
        errors = [float(number.replace("\u202f", "")) for number in re.findall(r"fMSE ([\d\u202f.]+)", case.split("<noscript>")[0])]
        assert errors[0] == 900.0
        assert errors[1:] == sorted(errors[1:])
        assert others == ["mask"]


def test_what_comes_from_the_data_is_escaped(text):
    assert "&lt;tiny&gt; (1)" in text
    assert "crowd (3)" in text


def test_the_page_states_the_protocol_and_why_lpips_is_absent(text):
    assert "rounded to 8 bits, PSNR with peak 255" in text
    assert "evaluation.lpips of this profile is null" in text


def test_the_pages_leader_is_the_summarys(inside, text):
    rows = read_table(inside / "reports/tables/summary.parquet").to_pylist()
    headline = {"dataset": "people", "background": "composite", "quantisation": "uint8", "bucket": "all", "metric": "fmse"}
    means = {row["method"]: row["mean"] for row in rows if headline.items() <= row.items()}
    assert all(math.isfinite(mean) for mean in means.values())
    table = text.split('aria-label="Methods on people"')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row">([a-z_]+)', table) == sorted(means, key=means.__getitem__)


def test_opinions_stand_with_the_best_first_and_apart_from_what_is_published(text):
    section = text.split('id="opinions"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row">([a-z]+)', section) == ["real", "composite", "idih", "lost"]
    assert "20 images of <code>people</code>, 3 raters, 1 of whom did not finish; 2 left out for missed attention checks" in section
    assert "0.50 ordinal, 0.62 interval" in section
    assert '<td class="better">+1.50<small>+1.25 to +1.75</small></td>' in section
    assert '<td class="worse">−0.50<small>−0.75 to −0.25</small></td>' in section
    assert "HaMaGAN" not in section


@pytest.fixture
def page(page) -> Page:
    """The page with the section of a data set open."""
    page.evaluate("location.hash = 'people'")
    page.wait_for_selector(f"{CASE} .compare")
    return page


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
    assert case.locator(".stage img").first.get_attribute("src") == case.locator(".strip li").nth(1).locator("img").get_attribute("src")


def test_zoom_shows_the_foreground_larger_and_keeps_the_edge(page):
    case = page.locator(CASE).first
    picture = case.locator(".stage img").first
    before = picture.bounding_box()["width"]
    case.get_by_label("Zoom on the foreground").check()
    scale = float(case.evaluate("figure => figure.style.getPropertyValue('--scale')"))
    assert scale > 1
    assert picture.bounding_box()["width"] == pytest.approx(before * scale, rel=0.02)


def test_cases_are_sorted_as_chosen(page):
    order = page.locator("#people .tools select").first
    assert gains(page) == sorted(gains(page), reverse=True)
    order.select_option("gain ascending")
    assert gains(page) == sorted(gains(page))
    order.select_option("ratio descending")
    ratios = [float(case.get_attribute("data-ratio")) for case in page.locator(CASE).all()]
    assert ratios == sorted(ratios, reverse=True)
    assert len(ratios) == min(5, IMAGES)


def test_methods_are_filtered_by_words(page):
    tools = page.locator("#people .tools").first
    tools.get_by_role("searchbox").fill("idih, none")
    shown = page.locator(f"{CASE} .strip li[data-method]:visible")
    assert {item.get_attribute("data-method") for item in shown.all()} == {"idih"}
    assert tools.get_by_role("status").text_content() == "1 method shown"
    assert page.locator(f"{CASE} .strip li:not([data-method])").first.is_visible()
    tools.get_by_role("searchbox").fill("")
    assert {item.get_attribute("data-method") for item in shown.all()} == {"reinhard", "intrinsic", *VARIANTS}


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
    assert page.locator(f"{CASE} .others img").count() == 5
    assert page.locator(".tools").first.is_hidden()
    context.close()


def test_the_page_is_one_file(address):
    assert Path(address.removeprefix("file://")).stat().st_size < 4e6  # half of it the plotting library
