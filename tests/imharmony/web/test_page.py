"""The three ways in a real browser, on a desk and on a phone, by mouse, finger and keyboard, and the file that comes out."""

import json
import re

import numpy as np
from playwright.sync_api import expect

import imharmony
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.photo_files import read_photograph
from tests.imharmony.web.browsing import ALPHA, SIZES, at, downloaded, drag, give, harmonize, painted_mask, written
from tests.imharmony.web.drawn import HEIGHT, WIDTH


def test_a_photograph_with_its_mask_is_compared_weakened_and_downloaded(page, drawn, tmp_path):
    page.get_by_label("I have its mask").check()
    give(page, "photo", drawn.photo)
    expect(page.locator("#hint")).to_contain_text("Now choose or drop its mask")
    expect(page.get_by_role("button", name="Harmonize")).to_be_disabled()
    give(page, "mask", drawn.mask)
    harmonize(page)
    told = imharmony.explain(read_rgb(drawn.photo), read_mask(drawn.mask), "reinhard").words
    assert page.locator("#words").text_content().lower() == f"{told}.".lower()
    split = page.get_by_role("slider", name="Where before ends and after begins")
    assert split.input_value() == "50"
    split.press("ArrowRight")
    assert page.locator("#result").evaluate("frame => frame.style.getPropertyValue('--split')") == "51%"
    requests = []
    page.on("request", lambda request: requests.append(request.method))
    page.get_by_role("slider", name="Strength").fill("40")
    expect(page.locator("#after")).to_have_css("opacity", "0.4")
    weaker = imharmony.explain(read_rgb(drawn.photo), read_mask(drawn.mask), "reinhard", 0.4).words
    expect(page.locator("#words")).to_have_text(re.compile(f"^{re.escape(weaker)}.$", re.IGNORECASE))
    assert "POST" not in requests
    name, content = downloaded(page)
    (tmp_path / name).write_bytes(content)
    assert name == "scene_harmonized.png"
    expected = imharmony.harmonize(read_rgb(drawn.photo), read_mask(drawn.mask), "reinhard", 0.4)
    assert np.array_equal(read_rgb(tmp_path / name), expected)


def test_a_mask_is_painted_by_mouse_with_eraser_and_undo(page, drawn, tmp_path):
    give(page, "photo", drawn.photo)
    expect(page.get_by_role("button", name="Harmonize")).to_be_disabled()
    page.locator("#size").fill("90")
    page.locator("#overlay").scroll_into_view_if_needed()
    drag(page, at(page, 80, 80), at(page, 140, 80))
    drag(page, at(page, 20, 140), at(page, 30, 140))
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Erase").check()
    page.locator("#size").fill("30")
    page.locator("#overlay").scroll_into_view_if_needed()
    drag(page, at(page, 110, 60), at(page, 110, 100))
    harmonize(page)
    mask = painted_mask(page, tmp_path)
    assert mask.shape == (HEIGHT, WIDTH)
    assert (mask[80, 80], mask[80, 140], mask[80, 110], mask[140, 25], mask[10, 10]) == (255, 255, 0, 0, 0)
    assert np.array_equal(written(page, tmp_path), imharmony.harmonize(read_rgb(drawn.photo), mask, "reinhard"))
    page.get_by_label("Mask", exact=True).check()
    shown = page.locator("#overlay").evaluate(ALPHA)
    assert np.abs(np.array(shown).reshape(mask.shape) - mask.astype(float)).mean() < 2.0


def test_a_mask_is_painted_and_harmonized_by_keyboard_alone(page, drawn, tmp_path):
    page.set_input_files("#chooser", drawn.photo)  # what the system's own window would give
    overlay = page.locator("#overlay")
    expect(overlay).to_have_attribute("tabindex", "0")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "overlay":
            break
    page.keyboard.press("]")
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_contain_text("Brush down, 50 % from the left, 50 % from the top.")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_contain_text("Brush up")
    page.keyboard.press("ArrowDown")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "harmonize":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The change")).to_be_focused()
    mask = painted_mask(page, tmp_path)
    assert (mask[HEIGHT // 2, WIDTH // 2 + 10], mask[HEIGHT // 2, WIDTH // 2 - 20], mask[HEIGHT // 2 + 30, WIDTH // 2]) == (255, 0, 0)


def test_a_finger_paints_a_dab(page_server, open_page, drawn):
    page = open_page(page_server, viewport=SIZES[1], has_touch=True, is_mobile=True)
    give(page, "photo", drawn.photo)
    page.touchscreen.tap(*at(page, 110, 80))
    expect(page.locator("#undo")).to_be_enabled()
    expect(page.locator("#ring")).to_be_hidden()
    expect(page.locator("#keys")).to_be_hidden()


def test_the_overlay_shows_the_mask_and_its_inverse(desk, drawn):
    read = """(canvas, [x, y]) => {
      const pen = new OffscreenCanvas(1, 1).getContext("2d");
      pen.drawImage(canvas, -x, -y);
      return pen.getImageData(0, 0, 1, 1).data[3];
    }"""

    def tinted(x, y):
        desk.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return desk.locator("#overlay").evaluate(read, [x, y])

    desk.get_by_label("I have its mask").check()
    give(desk, "photo", drawn.photo)
    give(desk, "mask", drawn.mask)
    assert (tinted(110, 80), tinted(10, 10)) == (255, 0)
    desk.get_by_label("Invert the mask").check()
    assert (tinted(110, 80), tinted(10, 10)) == (0, 255)
    desk.get_by_label("Show the mask").uncheck()
    assert (tinted(110, 80), tinted(10, 10)) == (0, 0)


def test_a_cutout_is_dragged_moved_by_keys_and_scaled(page, drawn, tmp_path):
    page.get_by_label("A cut-out on a background").check()
    give(page, "photo", drawn.photo)
    give(page, "cutout", drawn.cutout)
    cutout = page.locator("#cutout")
    cutout.scroll_into_view_if_needed()
    box, frame = cutout.bounding_box(), page.locator("#edit").bounding_box()
    pixel = frame["width"] / WIDTH
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drag(page, middle, (middle[0] - 40 * pixel, middle[1] + 10 * pixel))
    cutout.press("ArrowLeft")
    cutout.press("Shift+ArrowUp")
    page.locator("#scale").fill("150")
    with page.expect_request("**/api/results") as asked:
        harmonize(page)
    wish = json.loads(asked.value.post_data)
    assert (wish["at"], wish["scale"]) == ([(WIDTH - 60) // 2 - 41 - 15, (HEIGHT - 60) // 2 - 15], 1.5)
    photograph, mask = composed(*map(read_photograph, (drawn.cutout, drawn.photo)), Placement(tuple(wish["at"]), 1.5), name="disc")
    assert np.array_equal(written(page, tmp_path), imharmony.harmonize(photograph.colours, mask, "reinhard"))
