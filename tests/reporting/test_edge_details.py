"""Which pictures and details are shown: those that the composite and the photograph choose, to the pixel."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.score_sets import gathered_from
from reporting.edge_details import Window, busiest_edge, detail_of, details_figure
from reporting.typical import typical

SIZE = 32


@pytest.fixture
def split():
    rng = np.random.default_rng(0)
    real = np.full((1, SIZE, SIZE, 3), 100, np.uint8)
    mask = np.zeros((1, SIZE, SIZE), np.uint8)
    mask[0, :, :16] = 255
    real[0, 20:28, 12:16] = rng.integers(0, 255, (8, 4, 3))  # the only detail inside, at the edge
    composite = real.copy()
    composite[0, :, :16] //= 2
    return SimpleNamespace(rows=pa.table({"sample_id": ["1_1_0"]}), real=real, mask=mask, composite=composite)


def test_the_square_lies_across_the_edge_where_the_photograph_has_detail(split):
    window = busiest_edge(split.real[0], split.mask[0] / 255, side=8)
    rows, columns = (set(range(start, start + 8)) for start in (window.top, window.left))
    assert rows & set(range(20, 28))
    assert {15, 16} <= columns


def test_detail_outside_the_foreground_does_not_count(split):
    split.real[0, 2:10, 20:28] = np.random.default_rng(1).integers(0, 255, (8, 8, 3))
    assert busiest_edge(split.real[0], split.mask[0] / 255, side=8).top > 10


def test_a_foreground_without_an_edge_still_has_a_detail(split):
    window = busiest_edge(split.real[0], np.ones((SIZE, SIZE)), side=8)
    assert set(range(window.top, window.top + 8)) & set(range(20, 28))


def test_a_detail_is_the_outputs_own_pixels_over_the_composites_background(split):
    grey = np.where(split.mask[0, ..., None] > 0, np.uint8(77), split.composite[0])
    detail = detail_of(split, "1_1_0", {"grey": grey})
    assert isinstance(detail.window, Window)
    rows, columns = (slice(start, start + 8) for start in (detail.window.top, detail.window.left))
    assert list(detail.crops) == ["composite", "real", "grey"]
    assert_array_equal(detail.crops["composite"], split.composite[0, rows, columns])
    inside = split.mask[0, rows, columns] > 0
    assert_array_equal(detail.crops["grey"], np.where(inside[..., None], 77, split.composite[0, rows, columns]))
    wanted = np.square(detail.crops["grey"].astype(float) - split.real[0, rows, columns]).mean()
    assert detail.errors["grey"] == pytest.approx(wanted)
    assert detail.errors["real"] == 0


def test_the_figure_has_a_panel_for_each_detail(split):
    figure = details_figure([detail_of(split, "1_1_0", {})] * 2)
    assert sum(len(axes.images) for axes in figure.axes) == 2 * 2
    assert all(image.get_interpolation() == "nearest" for axes in figure.axes for image in axes.images)


def scores(errors: dict[str, float], method: str = "identity") -> list[dict[str, object]]:
    names = {"method": method, "seed": 0, "dataset": "people", "background": "composite", "quantisation": "uint8"}
    names |= {"image_id": 0, "foreground_ratio": 0.1}
    return [{**names, "sample_id": name, "fmse": error} for name, error in errors.items()]


def typical_of(rows: list[dict[str, object]], dataset: str) -> list[str]:
    return typical(gathered_from(pa.Table.from_pylist(rows, schema=SCORES)), dataset)


def test_the_pictures_at_the_quartiles_of_the_composites_stand_for_a_data_set():
    rows = scores({f"{number}": float(number) for number in range(9)}) + scores(
        {f"{number}": float(number % 4) for number in range(9)}, "idih"
    )
    assert typical_of(rows, "people") == ["2", "4", "6"]


def test_few_pictures_stand_for_themselves_once():
    assert typical_of(scores({"a": 2.0, "b": 1.0}), "people") == ["b", "a"]
    assert typical_of(scores({"a": 2.0}), "luminance") == []
