"""What decompositions are worth: right for the renderer's own shading, and averaged over the scenes that there are."""

import json

import numpy as np
import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import DECOMPOSITIONS as WAYS
from imharmony.intrinsic.judging import DECOMPOSITIONS, FROM_ABOVE, TRUE_GREY, averages, disagreement, judge
from imharmony.intrinsic.scenes import read_scenes
from imharmony.metrics.intrinsic import lmse
from imharmony.pictures.images import encode_png
from imharmony.sources.studio import write_studio
from imharmony.storage.files import write_bytes


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "world"
    write_studio(folder, purpose="photographs", scenes=24, width_px=96, height_px=96, seed=5, workers=1)
    return list(read_scenes(folder, split="val2017"))


@pytest.fixture(scope="module")
def judged(scenes):
    return judge(scenes, WAYS)


def rows(judged: pa.Table, way: str) -> list[dict]:
    return [row for row in judged.to_pylist() if row["way"] == way]


def test_every_scene_has_a_row_for_every_way(scenes, judged):
    assert judged.schema.equals(DECOMPOSITIONS)
    for way in (*WAYS, TRUE_GREY, FROM_ABOVE):
        assert [row["image_id"] for row in rows(judged, way)] == [scene.image_id for scene in scenes]


def test_the_renderers_own_shading_is_right_and_its_albedo_is_better_than_any_other(judged):
    assert max(row["shading_si_rmse"] for row in rows(judged, TRUE_GREY)) < 0.01
    errors = {way: np.mean([row["albedo_lmse"] for row in rows(judged, way)]) for way in (*WAYS, TRUE_GREY)}
    assert min(errors, key=errors.__getitem__) == TRUE_GREY


def test_the_same_light_everywhere_is_worth_what_its_shading_of_one_is(scenes, judged):
    ones = np.ones((96, 96))
    expected = [lmse(ones, scene.shading) for scene in scenes]
    assert [row["shading_lmse"] for row in rows(judged, "constant")] == pytest.approx(expected, rel=0.2)  # raised where albedo exceeds 1
    assert {row["light_azimuth_deg"] for row in rows(judged, "constant")} == {None}


def test_a_light_is_judged_on_the_same_scenes_by_every_way(judged):
    lit = {way: [row["light_azimuth_deg"] is None for row in rows(judged, way)] for way in ("luminance", "retinex", TRUE_GREY, FROM_ABOVE)}
    assert len(set(map(tuple, lit.values()))) == 1
    assert all(row["albedo_lmse"] is None for row in rows(judged, FROM_ABOVE))


def test_averages_are_means_with_intervals_and_medians_of_lights():
    errors = ("albedo_si_rmse", "albedo_lmse", "shading_si_rmse", "shading_lmse")
    lights = [(10.0, True), (30.0, False), (50.0, True), (None, None)]
    table = pa.Table.from_pylist(
        [
            {"way": "a", "image_id": image, "light_azimuth_deg": azimuth, "light_is_trusted": trusted, **dict.fromkeys(errors, image / 10)}
            for image, (azimuth, trusted) in enumerate(lights)
        ]
        + [{"way": "b", "image_id": 0}],
        schema=DECOMPOSITIONS,
    )
    a, b = averages(table)
    assert (a["scenes"], a["albedo_lmse"]) == (4, pytest.approx(0.15))
    assert 0 <= a["albedo_lmse_low"] < 0.15 < a["albedo_lmse_high"] <= 0.3
    assert (a["lights"], a["light_azimuth_deg"], a["lights_trusted"], a["trusted_azimuth_deg"]) == (3, 30.0, 2, 30.0)
    assert (b["albedo_lmse"], b["albedo_lmse_low"], b["light_azimuth_deg"], b["lights"]) == (None, None, None, 0)


def write_judged_photograph(folder, name: str, darker: str) -> None:
    """A photograph that is dark on its left, as Intrinsic Images in the Wild stores it with what people said of its halves."""
    picture = np.full((20, 20, 3), 200, np.uint8)
    picture[:, :10] = 100
    points = [{"id": 1, "x": 0.25, "y": 0.5, "opaque": True}, {"id": 2, "x": 0.75, "y": 0.5, "opaque": True}]
    comparison = {"point1": 1, "point2": 2, "darker": darker, "darker_score": 1.0}
    write_bytes(folder / f"{name}.png", encode_png(picture))
    (folder / f"{name}.json").write_text(json.dumps({"intrinsic_points": points, "intrinsic_comparisons": [comparison]}))


def test_people_are_contradicted_where_paint_that_they_call_darker_is_not(tmp_path):
    for name, darker in {"1": "1", "2": "1", "3": "E", "4": "2"}.items():
        write_judged_photograph(tmp_path, name, darker)
    found = disagreement(tmp_path, WAYS)
    assert found["constant"] == [0, 0, 1, 1]  # all that is seen is paint
    assert found["luminance"] == [1, 1, 0, 1]  # paint has no brightness


def test_judgements_without_their_photograph_or_of_another_kind_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no judgements in it; expected NUMBER\.json beside NUMBER\.png"):
        disagreement(tmp_path, WAYS)
    write_judged_photograph(tmp_path, "1", "1")
    (tmp_path / "1.json").write_text("[1]")
    with pytest.raises(InputError, match=r"1\.json: not a file of judgements"):
        disagreement(tmp_path, WAYS)
    (tmp_path / "1.png").unlink()
    with pytest.raises(InputError, match=r"1\.png"):
        disagreement(tmp_path, WAYS)
