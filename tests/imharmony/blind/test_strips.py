"""Strips of pictures: which photographs, which parts, and none where nothing fits."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.blind.confidence import FEATURES, Confidence
from imharmony.blind.judging import BLIND, TRUE_MASK, UNTOUCHED, judged_split
from imharmony.blind.strips import COLUMNS, GAP, write_strips
from imharmony.blind.systems import BlindSystem
from imharmony.composing.packed_split import PackedSplit
from imharmony.pictures.images import decode_rgb
from tests.imharmony.blind.pictures import CPU, SIZE, detector_of, harmonizer_of, split_of

CONFIDENCE = Confidence((0.0,) * len(FEATURES), (1.0,) * len(FEATURES), (0.0,) * len(FEATURES), 0.0, 0.5)
STEP = SIZE + GAP


def system() -> BlindSystem:
    return BlindSystem(detector_of(), harmonizer_of(), colour=True).infer()


def judged(errors: dict[str, tuple[float, float, float]]) -> list[dict]:
    """From each sample's errors before, by the system and by the true mask."""
    named = [(sample, name, mse) for sample, each in errors.items() for name, mse in zip((UNTOUCHED, BLIND, TRUE_MASK), each, strict=True)]
    return [{"dataset": "discs", "sample_id": sample, "system": name, "mse": mse, "is_real": False} for sample, name, mse in named]


def written(folder, split: PackedSplit, rows: list[dict]) -> dict[str, np.ndarray]:
    write_strips(folder / "pictures", split, system(), rows, dataset="discs", device=CPU)
    return {path.name: decode_rgb(path.read_bytes(), name=path.name) for path in sorted((folder / "pictures").glob("*"))}


def part(strip: np.ndarray, place: int) -> np.ndarray:
    return strip[:, place * STEP : place * STEP + SIZE]


def names(split: PackedSplit) -> list[str]:
    return split.rows["sample_id"].to_pylist()


def test_the_true_masks_worst_and_the_alike_with_the_largest_errors_are_shown(tmp_path):
    split = split_of(6)
    a, b, c, d, e, f = names(split)
    errors = {a: (9, 5, 6), b: (9, 1, 8), c: (9, 2, 5), d: (5, 3, 3), e: (7, 4, 4), f: (9, 9, 2)}
    found = written(tmp_path, split, judged(errors))
    assert list(found) == [
        f"{kind}_discs{end}.png"
        for kind, end in (("alike", "_0"), ("alike", "_1"), ("made", ""), *[("worse_masked", f"_{n}") for n in (0, 1)])
    ]
    for name, place in (("worse_masked_discs_0", 1), ("worse_masked_discs_1", 2), ("alike_discs_0", 4), ("alike_discs_1", 3)):
        strip = found[f"{name}.png"]
        assert strip.shape == (SIZE, len(COLUMNS) * STEP - GAP, 3)
        assert np.array_equal(part(strip, 0), split.real[place])
        assert np.array_equal(part(strip, 1), split.composite[place])
        assert np.array_equal(part(strip, 5), split.mask[place][..., None].repeat(3, 2))
        assert (strip[:, SIZE:STEP] == 255).all()


def test_a_strip_shows_the_systems_own_picture_and_not_the_masks(tmp_path):
    split = split_of(2)
    rows = judged_split(split, system(), confidence=CONFIDENCE, dataset="discs", perceptual=None, device=CPU)
    found = written(tmp_path, split, rows)
    shown = {part(strip, 0).tobytes(): strip for name, strip in found.items() if not name.startswith("made")}
    for index, sample in enumerate(names(split)):
        strip = shown[split.real[index].tobytes()]
        for name, place in ((BLIND, 2), (TRUE_MASK, 3)):
            row = next(row for row in rows if (row["sample_id"], row["system"], row["is_real"]) == (sample, name, False))
            assert np.square(part(strip, place).astype(float) - split.real[index]).mean() == pytest.approx(row["mse"], rel=1e-5)


def test_how_a_composite_is_made_is_shown_with_its_reference(tmp_path):
    split = split_of(3)
    strip = written(tmp_path, split, judged(dict.fromkeys(names(split), (1, 1, 1))))["made_discs.png"]
    assert strip.shape == (SIZE, 5 * STEP - GAP, 3)
    reference = split.rows["reference_image_id"].to_pylist()[0]
    for place, expected in ((0, split.real[0]), (2, split.real[reference]), (4, split.composite[0])):
        assert np.array_equal(part(strip, place), expected)
    for place, index in ((1, 0), (3, reference)):
        whole = split.mask[index] == 255
        assert np.array_equal(part(strip, place)[whole], split.real[index][whole])
        assert (part(strip, place)[split.mask[index] == 0] == 0).all()


@pytest.mark.parametrize("reference", [99, None])
def test_without_a_reference_among_the_pictures_nothing_is_made(tmp_path, reference):
    split = split_of(2)
    rows = split.rows
    for name in ("reference_image_id", "reference_annotation_id"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array([reference] * 2, pa.int64()))
    found = written(tmp_path, PackedSplit(rows, split.composite, split.real, split.mask), judged(dict.fromkeys(names(split), (1, 1, 1))))
    assert list(found) == ["alike_discs_0.png", "alike_discs_1.png"]


def test_where_nothing_of_the_data_set_was_judged_there_is_no_strip(tmp_path):
    split = split_of(2)
    other = [row | {"dataset": "others"} for row in judged(dict.fromkeys(names(split), (1, 1, 1)))]
    assert list(written(tmp_path, split, other)) == ["made_discs.png"]
    photographs = [row | {"is_real": True} for row in judged(dict.fromkeys(names(split), (1, 1, 1)))]
    assert list(written(tmp_path, split, photographs)) == ["made_discs.png"]


def test_each_strip_of_a_kind_is_of_another_photograph(tmp_path):
    split = split_of(4)
    rows = split.rows.set_column(split.rows.schema.get_field_index("image_id"), "image_id", pa.array([0, 0, 1, 1]))
    errors = dict(zip(names(split), ((9, 1, 9), (9, 2, 9), (9, 3, 9), (9, 4, 9)), strict=True))
    found = written(tmp_path, PackedSplit(rows, split.composite, split.real, split.mask), judged(errors))
    shown = [part(found[f"worse_masked_discs_{number}.png"], 0) for number in (0, 1)]
    assert np.array_equal(shown[0], split.real[0])
    assert np.array_equal(shown[1], split.real[2])


def test_the_same_pictures_are_the_same_bytes(tmp_path):
    split, found = split_of(2), []
    for name in ("a", "b"):
        written(tmp_path / name, split, judged(dict.fromkeys(names(split), (1, 1, 1))))
        found.append({path.name: path.read_bytes() for path in (tmp_path / name / "pictures").iterdir()})
    assert found[0] == found[1]
