"""Pictures from elsewhere score as the pipeline's own, or not at all."""

import json
import sys

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from imharmony.cli import main
from imharmony.composing.packed_split import square_image
from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.outputs import files_of, score_outputs
from imharmony.evaluation.scoring import score_split
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from imharmony.storage.tables import read_table
from tests.imharmony.evaluation.conftest import SIZE


def brighter(composite: np.ndarray) -> np.ndarray:
    return np.clip(composite.astype(np.int16) + 9, 0, 255).astype(np.uint8)


@pytest.fixture
def outputs(packed, tmp_path):
    """A method's pictures at the size that is scored."""
    for sample, composite in zip(packed.rows["sample_id"].to_pylist(), packed.composite, strict=True):
        write_bytes(tmp_path / "outputs" / f"{sample}.png", encode_png(brighter(composite)))
    return tmp_path / "outputs"


def test_they_score_as_the_pipelines_own_path_scores_the_same_pictures(outputs, composites, packed):
    found = score_outputs(outputs, composites, method="m", size_px=SIZE)
    names = {"method": "m", "seed": 0, "dataset": "people", "code": None, "data_hash": found["data_hash"][0].as_py()}
    expected = score_split(packed, lambda composite, _: brighter(composite).astype(np.float32), names=names, perceptual=None, repeats=False)
    assert found.equals(pa.Table.from_pylist(expected, schema=SCORES))
    assert found.num_rows == 12 * len(packed.composite) > 0


def test_names_may_begin_with_letters_as_iharmony4s_do_and_lie_deeper(outputs, composites):
    expected = score_outputs(outputs, composites, method="m", size_px=SIZE)
    for path in list(outputs.glob("*.png")):
        write_bytes(outputs / "HCOCO" / f"c{path.name}", path.read_bytes())
        path.unlink()
    assert score_outputs(outputs, composites, method="m", size_px=SIZE).equals(expected)


def test_a_picture_at_its_photographs_size_is_squared_like_all_others(composites, packed, tmp_path):
    for row in packed.rows.to_pylist():
        rng = np.random.default_rng(row["row"])
        picture = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (row["width"], row["height"]))
        write_bytes(tmp_path / "full" / f"{row['sample_id']}.png", encode_png(picture))
        write_bytes(tmp_path / "square" / f"{row['sample_id']}.png", encode_png(square_image(picture, SIZE)))
    full, square = (score_outputs(tmp_path / name, composites, method="m", size_px=SIZE) for name in ("full", "square"))
    assert full.equals(square)


def test_a_published_composite_goes_by_its_own_files_name_too(tmp_path):
    published = {"HAdobe5k": ("935_1_3", "a0935_1_3"), "Hday2night": ("77_1_1", "d1048-20120628-200951_1_1")}
    for subset, (sample, file) in published.items():
        params = json.dumps({"file": f"{file}.jpg"})
        rows = pa.table({"sample_id": [sample], "transfer": ["published"], "transfer_params": [params]})
        for name in (file, sample):
            write_bytes(tmp_path / subset / name / f"{name}.jpg", b"x")
            assert files_of(tmp_path / subset / name, rows) == [tmp_path / subset / name / f"{name}.jpg"]
        with pytest.raises(InputError, match="1 composites have two pictures"):
            files_of(tmp_path / subset, rows)


def test_other_splits_can_be_scored(composites, tmp_path):
    manifest = read_table(composites / "manifest.parquet").to_pylist()
    for row in manifest:
        if row["split"] == "val":
            write_bytes(tmp_path / f"{row['sample_id']}.png", encode_png(np.zeros((SIZE, SIZE, 3), np.uint8)))
    table = score_outputs(tmp_path, composites, method="black", size_px=SIZE, split="val")
    assert set(table["sample_id"].to_pylist()) == {row["sample_id"] for row in manifest if row["split"] == "val"}


def first_of(outputs):
    return min(outputs.glob("*.png"))


def remove(outputs):
    first_of(outputs).unlink()


def double(outputs):
    write_bytes(first_of(outputs).with_suffix(".jpg"), b"x")


def shrink(outputs):
    write_bytes(first_of(outputs), encode_png(np.zeros((SIZE, SIZE - 1, 3), np.uint8)))


def deepen(outputs):
    write_bytes(first_of(outputs), encode_png(np.zeros((SIZE, SIZE, 3), np.uint16)))


def cut(outputs):
    path = first_of(outputs)
    write_bytes(path, path.read_bytes()[:60])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove, r"no picture for 1 of \d+ composites, first \d+_\d+_\d+; expected"),
        (double, r"1 composites have two pictures, first .*\.jpg and .*\.png; remove one of them"),
        (shrink, r"31 x 32 px; expected 32 x 32 or its photograph's \d+ x \d+"),
        (deepen, r"16 bits a channel; expected 8"),
        (cut, r"not a readable image"),
    ],
)
def test_what_cannot_be_scored_is_named(spoil, message, outputs, composites):
    spoil(outputs)
    with pytest.raises(InputError, match=message):
        score_outputs(outputs, composites, method="m", size_px=SIZE)


def test_a_folder_without_composites_is_refused(outputs, tmp_path):
    with pytest.raises(InputError, match=r"no manifest\.parquet; expected a folder of composites"):
        score_outputs(outputs, tmp_path, method="m", size_px=SIZE)


def call(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["harmonize", "score", *map(str, arguments)])
    main()


def test_the_command_prints_every_convention_and_writes_the_table(outputs, composites, tmp_path, monkeypatch, capsys):
    for name in ("scores.parquet", "scores.csv"):
        call(monkeypatch, "--outputs", outputs, "--dataset", composites, "--size", SIZE, "--method", "m", "--out", tmp_path / name)
    table = read_table(tmp_path / "scores.parquet")
    assert table.equals(score_outputs(outputs, composites, method="m", size_px=SIZE))
    assert pyarrow.csv.read_csv(tmp_path / "scores.csv").num_rows == table.num_rows
    head, first, second, *_ = capsys.readouterr().out.splitlines()[-1 - len(CONVENTIONS) :]
    assert head.split() == ["convention", "MSE", "PSNR", "fMSE", "images", "note"]
    rows = table.filter((pa.compute.field("background") == "composite") & (pa.compute.field("quantisation") == "uint8"))
    means = [f"{np.mean(rows[column].to_numpy()):.2f}" for column in ("mse", "psnr_255", "fmse")]
    assert first.split() == ["headline", *means, str(rows.num_rows)]
    assert second.split()[0] == "dovenet"
    assert second.endswith("fMSE is weighed by the mask's square")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "scores.txt"], "expected a name that ends in .parquet or .csv"),
        (["--size", "8"], "--size 8: expected 16 to 4096"),
        (["--lpips", "alex"], "LPIPS needs torchvision's alexnet"),
        (["--split", "exam"], "no composites in split 'exam'"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(options, message, outputs, composites, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "--outputs", outputs, "--dataset", composites, *options)
    said = capsys.readouterr().err.strip().splitlines()
    assert (stop.value.code, len(said)) == (2, 1)
    assert message in said[0]
