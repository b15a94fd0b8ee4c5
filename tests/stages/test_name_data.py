"""The stage writes what each variant of the catalogue reads, drawn or not."""

import json
import shutil

import pytest

from pipeline.steps.paths import Places
from stages import name_data
from tests.conftest import ROOT
from tests.workspace import shrink

PLACES = Places("sample")


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shrink(tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    for kind in ("composites", "intrinsic"):
        PLACES.given(kind, "people").mkdir(parents=True)
        (PLACES.given(kind, "people") / "manifest.parquet").write_text(kind)


def test_each_variant_has_what_its_training_reads_and_what_its_evaluation_does():
    name_data.main()
    found = {path.relative_to(PLACES.named()).as_posix(): json.loads(path.read_text()) for path in PLACES.named().glob("*/*")}
    assert set(found) == {f"{variant}/{stage}" for variant in ("unet", "idih", "affine") for stage in ("train", "evaluate")}
    assert found["idih/train"]["dataset"] == "people"  # which stands in for hcoco
    assert found["idih/evaluate"] == {"people": found["idih/train"]["pictures"]}
