"""What is done to the page in a browser, in the words of the tests."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask
from tests.imharmony.web.drawn import HEIGHT, WIDTH

SIZES = ({"width": 1280, "height": 800}, {"width": 390, "height": 800})
NAMES = ("desktop", "phone")
ALPHA = """async (canvas) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  pen.drawImage(canvas, 0, 0);
  return [...pen.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, place) => place % 4 === 3);
}"""


def give(page: Page, role: str, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(f"[data-role={role}]").get_by_role("button", name="Choose").click()
    chooser.value.set_files(str(path))
    expect(page.locator(f"[data-role={role}] .name")).to_contain_text(path.name)
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def harmonize(page: Page) -> None:
    page.get_by_role("button", name="Harmonize").click()
    expect(page.get_by_role("heading", name="The change")).to_be_visible()
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def downloaded(page: Page, button: str = "Download") -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_text(button, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def written(page: Page, folder: Path) -> np.ndarray:
    (folder / "out.png").write_bytes(downloaded(page)[1])
    return read_rgb(folder / "out.png")


def painted_mask(page: Page, folder: Path) -> np.ndarray:
    (folder / "mask.png").write_bytes(downloaded(page, "Save the mask")[1])
    return read_mask(folder / "mask.png")


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the photograph on the screen."""
    box = page.locator("#overlay").bounding_box()
    return box["x"] + box["width"] * x / WIDTH, box["y"] + box["height"] * y / HEIGHT


def drag(page: Page, *points: tuple[float, float]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
