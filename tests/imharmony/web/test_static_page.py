"""The page without a server, in a real browser: its picture is Python's, and nothing leaves the machine."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

import imharmony
from imharmony.commands.models import run
from imharmony.errors import InputError
from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.pairs import squared
from imharmony.points.positions import Positions, counts_for, positions_of
from imharmony.storage.files import write_bytes
from imharmony.web import runtime
from imharmony.web.static_page import write_page
from tests.conftest import ROOT
from tests.imharmony.web.browsing import NAMES, SIZES, at, drag, give, harmonize, written
from tests.imharmony.web.drawn import HEIGHT, WIDTH

RUNTIME = "IMHARMONY_ORT_WEB"  # the archive of onnxruntime-web, or its folder
KEPT = ROOT / ".work" / "onnxruntime-web"
POSITIONS = """async ([masks, side, counts]) => {
  const { positionsOf } = await import(new URL("positions.js", document.baseURI));
  return masks.map((mask) => positionsOf(Uint8Array.from(mask), side, side, counts));
}"""
SQUARED = """async ([data, width, height, side]) => {
  const { squared } = await import(new URL("squared.js", document.baseURI));
  return [...squared({ data: Uint8Array.from(data), width, height, stride: 3, channels: 3 }, side)];
}"""


class Quiet(SimpleHTTPRequestHandler):
    """A plain file server."""

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def runtime_archive(tmp_path_factory) -> Path:
    given = os.environ.get(RUNTIME)
    if given:
        return Path(given)
    if not (KEPT / runtime.ARCHIVE).exists():
        try:
            archive = runtime.fetched(tmp_path_factory.mktemp("fetched"))
        except InputError as error:
            pytest.skip(f"{error}; or set {RUNTIME}")
        write_bytes(KEPT / runtime.ARCHIVE, archive.read_bytes())
    return KEPT / runtime.ARCHIVE


@pytest.fixture(scope="module")
def address(runtime_archive, tmp_path_factory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("site")
    for _ in range(2):  # the second time over the first
        assert run(["page", str(root / "some" / "where"), "--runtime", str(runtime_archive)]) == (str(root / "some" / "where"), 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/where/"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def opened(browser: Browser, address: str, size: ViewportSize) -> Iterator[Page]:
    """The page; afterwards it has asked its own server alone, and complained of nothing."""
    context = browser.new_context(viewport=size)
    page = context.new_page()
    problems = []

    def look(asked) -> None:
        if not asked.url.startswith((address, "data:", "blob:http://127.0.0.1:")) or asked.method != "GET":
            problems.append(f"{asked.method} {asked.url}")

    page.on("request", look)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(address)
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert context.cookies() == []
    context.close()
    assert problems == []


@pytest.fixture(params=SIZES, ids=NAMES)
def page(browser, address, request) -> Iterator[Page]:
    with opened(browser, address, request.param) as page:
        yield page


@pytest.fixture
def wide(browser, address) -> Iterator[Page]:
    with opened(browser, address, SIZES[0]) as page:
        yield page


def test_its_picture_is_pythons(page, drawn, tmp_path):
    page.get_by_label("I have its mask").check()
    give(page, "photo", drawn.photo)
    give(page, "mask", drawn.mask)
    harmonize(page)
    photo, mask = read_rgb(drawn.photo), read_mask(drawn.mask)
    expect_alike(written(page, tmp_path), photo, mask)
    page.get_by_role("slider", name="Strength").fill("40")
    expect(page.locator("#after")).to_have_css("opacity", "0.4")
    expect_alike(written(page, tmp_path), photo, mask, strength=0.4)


def test_a_mask_is_painted_and_inverted(page, drawn, tmp_path):
    give(page, "photo", drawn.photo)
    page.locator("#size").fill("90")
    page.locator("#overlay").scroll_into_view_if_needed()
    drag(page, at(page, 80, 80), at(page, 140, 80))
    harmonize(page)
    photo = read_rgb(drawn.photo)
    changed = (written(page, tmp_path) != photo).any(axis=2)
    assert changed[60:100, 60:160].any()
    assert not changed[:10].any()
    page.get_by_label("Mask", exact=True).check()
    page.get_by_label("Invert the mask").check()
    page.get_by_role("button", name="Harmonize again").click()
    expect(page.get_by_role("heading", name="The change")).to_be_visible()
    changed = (written(page, tmp_path) != photo).any(axis=2)
    assert changed[:10].any()
    assert not changed[80, 80:140].any()


def test_what_is_no_mask_is_refused_in_one_line(wide, drawn, tmp_path):
    give(wide, "photo", drawn.photo)
    small, black = tmp_path / "small.png", tmp_path / "black.png"
    cv2.imwrite(str(small), read_mask(drawn.mask)[::2, ::2])
    cv2.imwrite(str(black), np.zeros((HEIGHT, WIDTH), np.uint8))
    wide.get_by_label("I have its mask").check()
    for path, said in ((small, f"the mask is {WIDTH // 2}x{HEIGHT // 2} pixels"), (black, "the mask is black everywhere")):
        give(wide, "mask", path)
        wide.get_by_role("button", name="Harmonize").click()
        expect(wide.locator("#problem")).to_contain_text(said)
    wide.set_input_files("#chooser", drawn.photo)
    expect(wide.locator("#problem")).to_contain_text("a picture in colours")


def test_its_points_are_pythons(wide):
    side = 256
    masks = odd_masks(side)
    told = wide.evaluate(POSITIONS, [[mask.ravel().tolist() for mask in masks], side, list(counts_for(side))])
    for mask, found in zip(masks, told, strict=True):
        expected = positions_of(mask, counts_for(side))
        for name in Positions._fields:
            assert np.array_equal(found[name], getattr(expected, name)), name


@pytest.mark.parametrize("shape", [(128, 192), (64, 64), (150, 97), (40, 130), (64, 192)])
def test_its_small_pictures_are_opencvs(wide, shape):
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    told = wide.evaluate(SQUARED, [photo.ravel().tolist(), shape[1], shape[0], 64])
    apart = np.abs(np.array(told).reshape(64, 64, 3) - squared(photo, 64).astype(int))
    assert apart.max() <= 1
    assert (apart == 0).mean() >= 0.99


def expect_alike(result: np.ndarray, photo: np.ndarray, mask: np.ndarray, strength: float = 1.0) -> None:
    expected = imharmony.harmonize(photo, mask, strength=strength)
    assert (expected != photo).any()
    apart = np.abs(result.astype(int) - expected)
    assert apart.max() <= 2
    assert (apart <= 1).mean() >= 0.99
    assert np.array_equal(result[mask == 0], photo[mask == 0])


def odd_masks(side: int) -> list[np.ndarray]:
    """Soft and hard, ragged, at the border, in stripes, of one pixel, nowhere solid, nowhere at all."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).random((side, side), np.float32), (0, 0), side / 20)
    noise = (noise - noise.min()) / np.ptp(noise)
    soft = np.rint(np.clip(noise * 10 - 4.5, 0, 1) * 255).astype(np.uint8)
    ragged = np.where(noise > 0.6, 255, 0).astype(np.uint8)
    rows, columns = np.mgrid[:side, :side]
    masks = [rows + columns < side, rows % 2 == 0, (rows == 5) & (columns == 7), (columns < 90) & (rows > 40), columns < side]
    hard = [mask.astype(np.uint8) * 255 for mask in masks]
    faint = np.where(rows < 50, 3, 100).astype(np.uint8)
    return [soft, ragged, 255 - soft, faint, np.zeros_like(soft), *hard]


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """What npm does, said in shell."""

    def said(script: str) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    return said


def test_without_a_network_it_says_what_to_fetch(tmp_path, npm):
    npm("echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(InputError, match=r"npm cannot fetch .*ENOTFOUND.*fetch https://registry.npmjs.org/.*sha512-.* --runtime"):
        write_page(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_npm_gives_is_checked(tmp_path, npm):
    npm(f'echo other > "$4/{runtime.ARCHIVE}"')
    with pytest.raises(InputError, match="expected sha512-"):
        write_page(tmp_path / "out")


def test_without_npm_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="npm is not installed"):
        write_page(tmp_path / "out")


def test_a_folder_of_another_package_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"ort.wasm.bundle.min.mjs: no such file"):
        write_page(tmp_path / "out", tmp_path)
    (tmp_path / "dist").mkdir()
    for part in runtime.PARTS.values():
        (tmp_path / part.place).write_bytes(b"other")
    with pytest.raises(InputError, match="is not that of onnxruntime-web"):
        write_page(tmp_path / "out", tmp_path)


def test_where_nothing_can_be_written_nothing_is_fetched(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is no folder; expected one to write into"):
        write_page(tmp_path / "file" / "page", tmp_path / "no runtime")


def test_a_folder_with_more_than_the_page_is_left(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes.txt"):
        write_page(tmp_path)
    assert (tmp_path / "index.html").read_text() == "mine"
