"""How the page behaves in a real browser: dropping, refusals, a server that forgets or is gone, names of controls."""

from base64 import b64encode

import numpy as np
import pytest
from playwright.sync_api import Route, expect

import imharmony
from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask
from tests.imharmony.web.browsing import at, drag, give, harmonize, written


def test_another_method_is_shown_without_a_press(desk, drawn, tmp_path):
    desk.get_by_label("I have its mask").check()
    give(desk, "photo", drawn.photo)
    give(desk, "mask", drawn.mask)
    harmonize(desk)
    with desk.expect_response("**/api/results"):
        desk.get_by_label("Method").select_option("multiband")
    expect(desk.locator("#go")).to_be_hidden()
    expected = imharmony.harmonize(read_rgb(drawn.photo), read_mask(drawn.mask), "multiband")
    assert np.array_equal(written(desk, tmp_path), expected)


@pytest.mark.parametrize(
    ("words", "advice"), [("0.3 stops darker", "Compare, or lower the strength."), ("unchanged", "Mark the object more closely")]
)
def test_where_the_model_is_not_sure_the_page_says_what_to_do(desk, drawn, words, advice):
    def unsure(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"trusted": False, "change": {"words": words}})

    give(desk, "photo", drawn.photo)
    drag(desk, at(desk, 80, 80), at(desk, 140, 80))
    harmonize(desk)
    expect(desk.locator("#trust")).to_be_hidden()
    desk.route("**/api/results", unsure)
    desk.get_by_label("Method").select_option("multiband")
    expect(desk.locator("#trust")).to_contain_text(advice)


def test_files_are_dropped_and_pasted(desk, drawn):
    give_files = """(target, [kind, files]) => {
      const transfer = new DataTransfer();
      for (const [name, content] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type: "image/png" }));
      }
      const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
        : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
      target.dispatchEvent(event);
    }"""

    def files(*paths):
        return [[path.name, b64encode(path.read_bytes()).decode()] for path in paths]

    desk.get_by_label("I have its mask").check()
    desk.locator("#stage").evaluate(give_files, ["drop", files(drawn.mask, drawn.photo)])
    expect(desk.locator("[data-role=mask] .name")).to_contain_text("mask.png")
    expect(desk.locator("[data-role=photo] .name")).to_contain_text("scene.png")
    desk.get_by_label("A cut-out on a background").check()
    desk.locator("body").evaluate(give_files, ["paste", files(drawn.cutout)])
    expect(desk.locator("[data-role=cutout] .name")).to_contain_text("disc.png")


def test_what_is_refused_is_one_line_on_the_page(page, drawn):
    alert, close = page.get_by_role("alert"), page.get_by_role("button", name="Close")
    page.set_input_files("#chooser", {"name": "notes.png", "mimeType": "image/png", "buffer": b"some text"})
    expect(alert).to_contain_text("notes.png: not a readable image")
    close.click()
    expect(alert).to_be_hidden()
    page.set_input_files("#chooser", {"name": "large.png", "mimeType": "image/png", "buffer": bytes(2_000_000)})
    expect(alert).to_contain_text("large.png: 2 MB; expected at most 1 MB")
    page.get_by_label("A cut-out on a background").check()
    give(page, "photo", drawn.photo)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose cut-out").click()
    chooser.value.set_files(str(drawn.photo))
    expect(alert).to_contain_text("scene.png: opaque everywhere; expected a cut-out")


def test_pictures_that_the_server_has_forgotten_are_sent_again(desk, drawn):
    give(desk, "photo", drawn.photo)
    drag(desk, at(desk, 80, 80), at(desk, 140, 80))
    answers = []

    def forget(route: Route) -> None:
        answers.append(route.request.url)
        if len(answers) == 1:
            route.fulfill(status=404, json={"error": "this picture is not kept any more; choose it again"})
        else:
            route.continue_()

    desk.route("**/api/results", forget)
    with desk.expect_request("**/api/pictures?*"):
        harmonize(desk)
    assert len(answers) == 2


def test_a_server_that_is_gone_is_said_so(desk, drawn):
    give(desk, "photo", drawn.photo)
    drag(desk, at(desk, 80, 80), at(desk, 140, 80))
    desk.route("**/api/results", lambda route: route.abort())
    desk.get_by_role("button", name="Harmonize").click()
    expect(desk.get_by_role("alert")).to_contain_text("the server does not answer; check that it runs, then try again")


def test_controls_have_names_and_are_large_enough(page, drawn):
    give(page, "photo", drawn.photo)
    drag(page, at(page, 80, 80), at(page, 140, 80))
    harmonize(page)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input:not([type=file]), select, a, canvas")].filter((item) =>
          !(item.labels?.length || item.textContent.trim() || item.getAttribute("aria-label"))).map((item) => item.id)"""
    )
    assert nameless == []
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 40
    assert page.locator("#views").bounding_box()["width"] <= page.viewport_size["width"]


def test_less_motion_is_heeded(page_server, open_page):
    page = open_page(page_server, reduced_motion="reduce", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.getElementById('busy'), '::after').animationName") == "none"
