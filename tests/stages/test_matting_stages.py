"""From stored composites of portraits to trimaps, mattes, joint systems, and from there to what the report reads."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from imharmony.checkpoint import save_harmonizer
from imharmony.errors import InputError
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.intervals import CONFIDENCE
from imharmony.matting.checkpoint import load_joint, load_matting
from imharmony.matting.composing import COMPOSED, COMPOSITE, MASK
from imharmony.matting.evaluation import HALF
from imharmony.matting.harmonized import HARMONIZED
from imharmony.matting.judging import JUDGED
from imharmony.pictures.images import read_rgb
from imharmony.storage.tables import read_typed
from pipeline.params.file import load_params
from pipeline.steps import matting
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import MODEL, PRETRAINED, Places
from reporting.matting import matting_section, matting_tables, read_matting
from reporting.page import environment
from stages import compose_portraits, evaluate_matting, make_trimaps, train_joint, train_matting
from tests.conftest import ROOT
from tests.imharmony.matting.scenes import OF_HARMONIZER, bits, harmonizer_of
from tests.portraits import write_portraits
from tests.workspace import give_fingerprints, shrink

PLACES = Places("sample")
NETWORKS = ("indexnet", "portrait")
SYSTEMS = ("separate", "together")
STAGES = {make_trimaps: ("hmh",), train_matting: NETWORKS, train_joint: SYSTEMS, evaluate_matting: ("hmh",), compose_portraits: ("hmh",)}
MADE = ("data/sample/trimaps", *(f"features/sample/{kind}" for kind in ("matting", "joint", "mattes")))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """Tiny parameters, real composites of portraits, a harmonizer before its training, and what the stages made of them."""
    folder = tmp_path_factory.mktemp("matting")
    with pytest.MonkeyPatch.context() as patch:
        prepare(folder, patch)
        run()
        yield folder


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> None:
    yaml = YAML(typ="safe", pure=True)
    whole = yaml.load(ROOT / "params.yaml")
    shutil.copy(ROOT / "params.yaml", folder)
    shrink(folder / "params.yaml")
    params = yaml.load(folder / "params.yaml")
    params.update({"sources": ["portraits"], "datasets": ["hmh"], "trimaps": ["hmh"], "variants": ["idih"]})
    params.update({"preprocessed": [], "decomposers": [], "classifiers": []})
    params["catalogue"]["idih"]["dataset"] = "hmh"
    params["matting"] = {name: whole["systems"]["matting"][name] | {"batch_size": 2} for name in NETWORKS}
    for network in params["matting"].values():
        network["network"]["width"] = 0.125
    params["joint"] = {name: whole["systems"]["joint"][name] | {"harmonizer": "idih", "batch_size": 2} for name in SYSTEMS}
    sample = params["profiles"]["sample"]
    sample["stand_ins"] = {}
    sample["matting"] = whole["profiles"]["sample"]["matting"] | {"width_factor": 0.5, "things": 2, "places": 2, "composed": 2}
    sample["matting"] |= {"pretraining_steps": 2, "finetuning_steps": 2, "joint_steps": 2}
    (folder / "params.yaml").write_text(json.dumps(params))
    world = write_portraits(folder / "made")
    for made, place in ((world.composites, PLACES.composites("hmh")), (world.images, PLACES.images("hmh"))):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, folder / place)
    give_fingerprints(folder)
    patch.chdir(folder)
    patch.setattr(matting, "reason_without", lambda: "PyMatting compiles for a minute")
    save_harmonizer(PLACES.run("idih", 0) / MODEL, harmonizer_of(), OF_HARMONIZER, {"size_px": "32"})


def run() -> None:
    for stage, names in STAGES.items():
        for name in names:
            stage.main(name)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def judged():
    return read_typed(PLACES.mattes("hmh", "judged") / "mattes.parquet", JUDGED, filled=["dataset", "sample_id", "method"])


@pytest.mark.usefixtures("workspace")
def test_networks_tell_where_they_came_from_and_portraits_teach_them_more():
    for name in NETWORKS:
        before, after = (load_matting(PLACES.matting(name) / file) for file in (PRETRAINED, MODEL))
        assert (before[1], before[2]) == (after[1], 32)
        assert before[1].width == 0.0625
        assert bits(before[0]) != bits(after[0])
        assert after[3]["data_hash"].keys() == {"hmh"}
        assert after[3]["code"] == read_fingerprint(PLACES.fingerprint("train_matting", name)).code


@pytest.mark.usefixtures("workspace")
def test_a_system_is_its_network_and_its_harmonizer_taught_further():
    network = load_matting(PLACES.matting("indexnet") / MODEL)[0]
    for name in SYSTEMS:
        system, size_px, facts = load_joint(PLACES.joint(name) / MODEL)
        assert (system.direction, size_px, facts["seed"]) == ("background", 32, 0)
        assert bits(system.matting).keys() == bits(network).keys()
        assert bits(system.matting) != bits(network)
        assert bits(system.harmonizer) != bits(harmonizer_of())
    together, separate = (load_joint(PLACES.joint(name) / MODEL)[0] for name in ("together", "separate"))
    assert bits(together) != bits(separate)


@pytest.mark.usefixtures("workspace")
def test_every_method_is_judged_on_every_test_portrait():
    rows = judged().to_pylist()
    methods = [HALF, *(name for network in NETWORKS for name in (f"{network}_things", network)), *SYSTEMS]
    assert [row["method"] for row in rows[: len(methods)]] == methods
    assert len(rows) == 3 * len(methods)
    assert {row["has_trimap"] for row in rows if row["method"].startswith("portrait")} == {False}
    assert {(row["width"], row["height"], row["size_px"]) for row in rows} == {(56, 40, 32)}
    found = read_typed(PLACES.mattes("hmh", "judged") / "harmonized.parquet", HARMONIZED, filled=["dataset", "system", "mse"]).to_pylist()
    assert [row["system"] for row in found] == [name for name in SYSTEMS for _ in range(3)]
    assert len(list((PLACES.mattes("hmh", "judged") / "pictures").glob("*.png"))) == 2


@pytest.mark.usefixtures("workspace")
def test_portraits_stand_before_new_backgrounds_by_each_method():
    folder = PLACES.mattes("hmh", "composed")
    rows = read_typed(folder / "composed.parquet", COMPOSED, filled=["dataset", "background", "method"]).to_pylist()
    assert [row["method"] for row in rows[:5]] == [COMPOSITE, "xue", "idih", *SYSTEMS]
    assert len(rows) == 2 * 5
    assert {path.name for path in (folder / "new").iterdir()} == {COMPOSITE, MASK, "xue", "idih", *SYSTEMS}
    assert {path.name for path in (folder / "own").iterdir()} == set(SYSTEMS)
    for name in {row["sample_id"] for row in rows}:
        composite, mask, xue = (read_rgb(folder / "new" / kind / f"{name}.png") for kind in (COMPOSITE, MASK, "xue"))
        assert composite.shape == (32, 32, 3)
        assert np.array_equal(composite[mask == 0], xue[mask == 0])


def test_running_again_changes_no_byte(workspace):
    before = [files(workspace / place) for place in MADE]
    shutil.rmtree(workspace / PLACES.mattes("hmh", "judged"))  # as a killed run leaves it
    run()
    assert [files(workspace / place) for place in MADE] == before


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (make_trimaps, r"data set is 'other'; expected one of \['hmh'\]"),
        (train_matting, r"matting network is 'other'; expected one of \['indexnet', 'portrait'\], as `matting`"),
        (train_joint, r"joint system is 'other'; expected one of \['separate', 'together'\], as `joint`"),
        (evaluate_matting, r"data set is 'other'; expected one of"),
    ],
)
def test_a_name_that_stands_nowhere_is_one_line(module, message):
    with pytest.raises(InputError, match=message):
        module.main("other")


def test_what_was_not_made_yet_is_one_line(workspace):
    lacking = {
        PLACES.matting("indexnet"): (train_joint, "together"),
        PLACES.run("idih", 0): (train_joint, "together"),
        PLACES.joint("together"): (evaluate_matting, "hmh"),
        PLACES.trimaps("hmh"): (evaluate_matting, "hmh"),
    }
    for folder, (stage, name) in lacking.items():
        aside = workspace / "aside"
        shutil.move(folder, aside)
        try:
            with pytest.raises(InputError, match=r"no such (file|table); run the stage that") as error:
                stage.main(name)
            assert "\n" not in str(error.value)
        finally:
            shutil.move(aside, folder)


@pytest.mark.usefixtures("workspace")
def test_the_report_reads_what_was_scored(tmp_path):
    params = load_params()
    run = read_matting(params, PLACES)
    assert list(run.histories) == list(SYSTEMS)
    tables = matting_tables(params, run, bootstrap=50)
    assert all(table.num_rows > 0 for table in tables.values())
    section = matting_section(params, run, tables, figures=tmp_path)
    assert section is not None
    (data,) = section.datasets
    assert (data.name, data.portraits, len(data.strips), len(data.composed_strips)) == ("hmh", 3, 2, 2)
    text = environment().get_template("matting.html.j2").render(matting=section, confidence=CONFIDENCE, least_photographs=LEAST_PHOTOGRAPHS)
    assert "together" in text
