"""Every method is judged on every portrait by what it predicts, and shown."""

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.matting.evaluation import (
    CLOSED_FORM,
    HALF,
    Method,
    Prediction,
    beside,
    by_network,
    closed_form,
    half,
    judge_portraits,
    write_strips,
)
from imharmony.matting.harmonized import harmonized_portraits
from imharmony.matting.layers import LayerMaker
from imharmony.matting.portraits import pack_portraits
from imharmony.matting.stored_trimaps import StoredTrimaps, make_trimaps
from imharmony.pictures.images import read_rgb
from imharmony.pictures.trimaps import UNKNOWN
from imharmony.running.processes import processes
from tests.imharmony.matting.packed import portraits_of
from tests.imharmony.matting.scenes import CPU, SIZE, network_of, system_of

PERFECT = Method("perfect", True, lambda portraits, index, native: Prediction(portraits.alpha[index] / 255, native.alpha / 255))


@pytest.fixture(scope="module")
def trimaps(world, tmp_path_factory) -> StoredTrimaps:
    folder = tmp_path_factory.mktemp("judged") / "trimaps"
    make_trimaps(world.composites, folder, work=folder.parent / "work", unknown=0.2)
    return StoredTrimaps(folder)


@pytest.fixture(scope="module")
def portraits(world, trimaps, tmp_path_factory):
    maker = LayerMaker(world.composites, world.images, world.regions)
    return pack_portraits(maker, world.composites, tmp_path_factory.mktemp("c"), split="test", size_px=SIZE, trimaps=trimaps.folder)


def test_each_portrait_is_judged_once_by_each_method(world, trimaps, portraits):
    methods = [half(), PERFECT, by_network("net", network_of(), device=CPU)]
    rows = judge_portraits(portraits, world.composites, trimaps, methods, dataset="hmh")
    assert [row["method"] for row in rows] == [HALF, "perfect", "net"] * 3
    assert len({row["image_id"] for row in rows}) == 3
    by_name = {name: [row for row in rows if row["method"] == name] for name in (HALF, "perfect", "net")}
    # What a trimap takes for certain may be a twentieth off.
    assert all(row["mad_unknown_native"] == 0 and row["mad_whole_native"] < 0.05 for row in by_name["perfect"])
    assert all(row["mad_unknown_squared"] > 0.05 for row in by_name[HALF])


def test_in_processes_the_same_rows_come_in_the_same_order(world, trimaps, portraits, monkeypatch):
    monkeypatch.setattr("imharmony.matting.evaluation.PORTRAITS_PER_PART", 1)
    methods, system = [half(), by_network("net", network_of(), device=CPU)], system_of()
    here = judge_portraits(portraits, world.composites, trimaps, methods, dataset="hmh")
    with processes(2) as run:
        assert judge_portraits(portraits, world.composites, trimaps, methods, dataset="hmh", run=run) == here
        rows = harmonized_portraits(portraits, system, name="both", dataset="hmh", device=CPU, run=run)
    assert rows == harmonized_portraits(portraits, system, name="both", dataset="hmh", device=CPU)


def test_a_network_without_a_trimap_is_not_helped_by_it(portraits):
    seen = []
    network = network_of()
    network.register_forward_pre_hook(lambda _module, given: seen.append(given[0].shape[1]))
    by_network("net", network, device=CPU).predict(portraits, 0, None)
    assert seen == [4]


def test_the_closed_form_works_at_the_portraits_own_size(monkeypatch, world, trimaps, portraits):
    monkeypatch.setattr(
        "imharmony.matting.evaluation.closed_form_alpha", lambda _picture, trimap: np.where(trimap == UNKNOWN, 0.25, trimap / 255)
    )
    method = closed_form()
    (row, *_) = judge_portraits(portraits, world.composites, trimaps, [method], dataset="hmh")
    assert (row["method"], row["has_trimap"]) == (CLOSED_FORM, True)
    assert (row["width"], row["height"]) == (56, 40)


def test_strips_show_photograph_trimap_mattes_and_truth(tmp_path, world, trimaps, portraits):
    write_strips(tmp_path, portraits, world.composites, trimaps, [half(), PERFECT], most=2)
    paths = sorted(tmp_path.glob("*.png"))
    assert len(paths) == 2
    strip = read_rgb(paths[0])
    step = SIZE + 2
    assert strip.shape == (SIZE, 5 * step - 2, 3)
    index = portraits.rows["sample_id"].to_pylist().index(paths[0].stem)
    np.testing.assert_array_equal(strip[:, :SIZE], portraits.picture[index])
    np.testing.assert_array_equal(strip[:, step : step + SIZE, 0], portraits.trimap[index])
    np.testing.assert_array_equal(strip[:, 4 * step :, 0], portraits.alpha[index])
    unknown = portraits.trimap[index] == UNKNOWN
    np.testing.assert_array_equal(strip[:, 3 * step : 3 * step + SIZE, 0][unknown], portraits.alpha[index][unknown])


def test_pictures_beside_each_other_have_a_gap():
    white = beside([np.zeros((2, 2, 3), np.uint8)] * 2)
    assert white[0, :, 0].tolist() == [0, 0, 255, 255, 0, 0]


def test_portraits_without_trimaps_are_one_line():
    portraits = portraits_of()
    bare = type(portraits)(portraits.rows, portraits.picture, portraits.alpha, portraits.plate, portraits.changed, "background")
    with pytest.raises(InputError, match="portraits without trimaps; expected the stored ones; run make_trimaps"):
        by_network("net", network_of(), device=CPU).predict(bare, 0, None)
