"""Portraits before new backgrounds: which pictures are written, by which mask, and how they look."""

import numpy as np
import pytest

from imharmony.matting.composing import COMPOSED, COMPOSITE, MASK, compose_portraits, order_of
from imharmony.matting.places import NewPlace, places_of
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.storage.files import write_bytes
from tests.imharmony.matting.packed import portraits_of
from tests.imharmony.matting.scenes import CPU, SIZE, system_of

PLACES = [NewPlace("dark", np.full((SIZE, SIZE, 3), 20, np.uint8)), NewPlace("light", np.full((SIZE, SIZE, 3), 220, np.uint8))]


@pytest.fixture(scope="module", params=["background", "foreground"])
def composed(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("composed")
    portraits, systems = portraits_of(6, direction=request.param, composites=2), {"both": system_of(request.param)}
    others = {"grey": lambda composite, _mask: np.full(composite.shape, 90.0, np.float32)}
    told = {"work": folder / "work", "dataset": "hmh", "device": CPU}
    return folder, portraits, compose_portraits(folder, portraits, systems, others, PLACES, **told)


def test_as_many_portraits_as_places_each_by_each_method(composed):
    folder, _, rows = composed
    assert [(row["sample_id"], row["background"], row["method"]) for row in rows] == [
        (sample, place, method) for sample, place in (("0_0", "dark"), ("2_0", "light")) for method in (COMPOSITE, "grey", "both")
    ]
    assert {name for row in rows for name in row} == set(COMPOSED.names)
    assert order_of(["both"], ["grey"]) == [COMPOSITE, "grey", "both"]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    made = {f"new/{method}/{sample}.png" for method in (COMPOSITE, MASK, "grey", "both") for sample in ("0_0", "2_0")}
    assert files == made | {f"{kind}/{sample}.png" for kind in ("own/both", "strips") for sample in ("0_0", "2_0")}


def test_others_change_what_the_mask_says_and_nothing_else(composed):
    folder, portraits, _ = composed
    composite, mask, grey = (read_rgb(folder / "new" / name / "0_0.png").astype(float) for name in (COMPOSITE, MASK, "grey"))
    assert np.abs(grey - (90 * mask + composite * (255 - mask)) / 255).max() <= 1
    person = portraits.trimap[0] == 255
    assert mask[person].max() == (0 if portraits.direction == "background" else 255)
    assert np.abs(composite[portraits.trimap[0] == 0] - 20).max() == 0


def test_lighter_places_look_lighter(composed):
    _, _, rows = composed
    looks = {row["background"]: row["lightness"] for row in rows if row["method"] == COMPOSITE}
    assert looks["light"] > looks["dark"] + 40


def test_places_of_a_folder_depend_on_the_seed_and_those_of_the_studio_on_nothing_else(tmp_path):
    for level in (10, 90, 200):
        write_bytes(tmp_path / f"{level}.png", encode_png(np.full((40, 60, 3), level, np.uint8)))
    first, again = (places_of(tmp_path, 5, size_px=SIZE, seed=3) for _ in range(2))
    assert [place.name for place in first] == [place.name for place in again]
    assert all(str(int(place.picture[0, 0, 0])) == place.name.removesuffix(".png") for place in first)
    one, same = (places_of(None, 1, size_px=SIZE, seed=0)[0] for _ in range(2))
    np.testing.assert_array_equal(one.picture, same.picture)
    assert one.picture.shape == (SIZE, SIZE, 3)


def test_a_photograph_that_cannot_be_read_is_left_out_and_told(tmp_path, caplog):
    write_bytes(tmp_path / "a.png", encode_png(np.zeros((40, 60, 3), np.uint8)))
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert {place.name for place in places_of(tmp_path, 6, size_px=SIZE, seed=0)} == {"a.png"}
    assert "1 photographs left out (b.png: unreadable" in caplog.text
