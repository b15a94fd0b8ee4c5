"""From stored composites to a detector, to systems that get no mask, and from there to what the report reads."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from imharmony.blind.detector import load_detector
from imharmony.blind.judging import SYSTEMS, TRUE_MASK
from imharmony.blind.labels import CLASSES
from imharmony.blind.systems import load_system
from imharmony.checkpoint import save_harmonizer
from imharmony.errors import InputError
from imharmony.storage.weights import read_metadata
from pipeline.params.file import load_params
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import Places
from reporting.blind import blind_section, blind_tables, read_blind
from stages import evaluate_blind, train_blind, train_detector
from tests.conftest import ROOT
from tests.datasets import edit_manifest, made
from tests.imharmony.blind.pictures import ARCHITECTURE, bits, harmonizer_of
from tests.workspace import give_fingerprints, shrink

PLACES = Places("sample")
SYSTEM = ("two_step", "single")
SCHEME = {"network": {"name": "small", "width": 2}, "datasets": ["people"], "photographs": 20, "batch_size": 2}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """Tiny parameters, real composites, a harmonizer before its training, and what the stages made of them."""
    folder = tmp_path_factory.mktemp("blind")
    with pytest.MonkeyPatch.context() as patch:
        prepare(folder, patch)
        run()
        yield folder


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
    yaml = YAML()
    whole = yaml.load(ROOT / "params.yaml")
    yaml.dump(whole, folder / "params.yaml")
    shrink(folder / "params.yaml")
    params = yaml.load(folder / "params.yaml")
    params["detectors"] = {"marks": whole["detectors"]["marks"] | SCHEME | {"thresholds": "thresholds.csv"}}
    small = {"datasets": ["people"], "batch_size": 2}
    params["blind"] = {name: whole["systems"]["blind"][name] | small for name in SYSTEM}
    params["blind"]["two_step"]["harmonizer"] = "idih"
    params["profiles"]["sample"]["blind"] = {"detector_steps": 2, "system_steps": 2, "offsets": 2}
    yaml.dump(params, folder / "params.yaml")
    (folder / "thresholds.csv").write_text("name,negative,positive\n1,0.001,900\n")
    (folder / "made").mkdir()
    shutil.move(made(folder / "made"), folder / PLACES.composites("people"))
    give_fingerprints(folder)
    patch.chdir(folder)
    size = {"size_px": "32"}
    save_harmonizer(PLACES.run("idih", 0) / "model.safetensors", harmonizer_of(), ARCHITECTURE, size)


def run() -> None:
    train_detector.main("marks")
    for name in SYSTEM:
        train_blind.main(name)
        evaluate_blind.main(name)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("workspace")
def test_networks_tell_where_they_came_from():
    detector, size_px, facts = load_detector(PLACES.detector("marks") / "model.safetensors")
    assert (detector.name, size_px, facts["seed"]) == ("small", 32, 0)
    assert 0 < facts["limit"] <= 1
    assert facts["code"] == read_fingerprint(PLACES.fingerprint("train_detector", "marks")).code
    for name in SYSTEM:
        system, confidence, facts = load_system(PLACES.blind(name, "system") / "model.safetensors")
        assert (facts["way"], facts["data_hash"].keys()) == (name, {"people"})
        assert facts["code"] == read_fingerprint(PLACES.fingerprint("train_blind", name)).code
        assert (system.harmonizer is None) == (name == "single")
        assert 0 <= confidence.limit <= 0.5


@pytest.mark.usefixtures("workspace")
def test_two_steps_are_the_detector_and_the_harmonizer_as_they_were():
    system, _, _ = load_system(PLACES.blind("two_step", "system") / "model.safetensors")
    assert bits(system.detector) == bits(load_detector(PLACES.detector("marks") / "model.safetensors")[0])
    assert bits(system.harmonizer) == bits(harmonizer_of())
    said = read_metadata(PLACES.blind("two_step", "system") / "model.safetensors")["blind"]["harmonizer"]
    assert {name: said[name] for name in ARCHITECTURE} == ARCHITECTURE


@pytest.mark.usefixtures("workspace")
def test_the_report_reads_what_was_scored():
    params = load_params()
    found = read_blind(params, PLACES)
    assert list(found.judged) == list(SYSTEM)
    for name in SYSTEM:
        judged = found.judged[name]
        composites = judged.filter(np.logical_not(judged["is_real"].to_numpy()))
        assert composites.num_rows == 8 * len(SYSTEMS)
        assert set(judged["system"].to_pylist()) == set(SYSTEMS)
        assert composites.filter(composites["system"].to_numpy(zero_copy_only=False) == TRUE_MASK)["strength"].null_count == 0
        assert judged["mse"].null_count == judged["is_harm"].null_count == 0
        assert set(found.detected[name]["kind"].to_pylist()) == {*CLASSES, "any", "control"}
        assert found.psychometric[name].num_rows == 2 * 21
    tables = blind_tables(found, bootstrap=100)
    assert all(table.num_rows > 0 for table in tables.values())
    assert blind_section(params, found, tables, figures=Path("figures")) is not None


@pytest.mark.usefixtures("workspace")
def test_peoples_own_thresholds_decide_what_is_there_to_be_found(workspace):
    rows = read_blind(load_params(), PLACES).detected["two_step"].to_pylist()
    before = {row["kind"]: row["n_positive"] for row in rows}
    images = {row["image_id"] for row in read_blind(load_params(), PLACES).judged["two_step"].to_pylist()}
    (workspace / "thresholds.csv").write_text("name,negative,positive\n" + "".join(f"{image},0.0001,9000\n" for image in images))
    try:
        evaluate_blind.main("two_step")
        rows = read_blind(load_params(), PLACES).detected["two_step"].to_pylist()
        after = {row["kind"]: row["n_positive"] for row in rows}
    finally:
        (workspace / "thresholds.csv").write_text("name,negative,positive\n1,0.001,900\n")
        evaluate_blind.main("two_step")
    assert before["negative"] + before["positive"] > 0
    assert after["negative"] + after["positive"] == 0
    assert after["colour"] == before["colour"]


def test_running_again_changes_no_byte(workspace):
    before = [files(workspace / "features/sample" / name) for name in ("detectors", "blind")]
    shutil.rmtree(workspace / "features/sample/blind/two_step/judged")  # as a killed run leaves it
    run()
    assert [files(workspace / "features/sample" / name) for name in ("detectors", "blind")] == before


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (train_detector, r"detector is 'other'; expected one of \['marks'\]"),
        (train_blind, r"blind system is 'other'; expected one of \['single', 'two_step'\]"),
        (evaluate_blind, r"blind system is 'other'; expected one of"),
    ],
)
def test_a_name_that_stands_nowhere_is_one_line(module, message):
    with pytest.raises(InputError, match=message):
        module.main("other")


def test_what_was_not_trained_yet_is_one_line(workspace):
    for folder, stage in ((PLACES.detector("marks"), train_blind), (PLACES.run("idih", 0), train_blind)):
        aside = workspace / "aside"
        shutil.move(folder, aside)
        try:
            with pytest.raises(InputError, match=r"model\.safetensors: no such file; run the stage that trains it first"):
                stage.main("two_step")
        finally:
            shutil.move(aside, folder)


def test_a_data_set_without_composites_to_validate_with_is_one_line(workspace):
    manifest = workspace / PLACES.composites("people") / "manifest.parquet"
    whole = manifest.read_bytes()

    def without(rows: list[dict]) -> None:
        rows[:] = [row for row in rows if row["split"] != "val"]

    try:
        edit_manifest(manifest.parent, without)
        for module, name in ((train_blind, "two_step"), (train_detector, "marks")):
            with pytest.raises(InputError, match=r"no composites in split 'val'; expected some.*widen the selection or the split"):
                module.main(name)
    finally:
        manifest.write_bytes(whole)


def test_thresholds_that_are_no_table_are_one_line(workspace):
    table = workspace / "thresholds.csv"
    whole = table.read_text()
    try:
        table.write_text("name,negative,positive\n1,1.2,0.9\n")
        with pytest.raises(InputError, match=r"thresholds\.csv, line 2: negative is '1\.2'"):
            evaluate_blind.main("two_step")
        table.unlink()
        with pytest.raises(InputError, match=r"thresholds\.csv: no such file"):
            train_blind.main("two_step")
    finally:
        table.write_text(whole)
