"""Everything that a stage runs is among what its cell's fingerprint is made of."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.params.file import load_params
from pipeline.steps.cells import Cell, cells_of
from pipeline.steps.fingerprints import LEFT_OUT, OURS, source_code
from pipeline.steps.source_code import EFFECTS, SourceCode, Target, Trace
from stages import (
    build_colour_database,
    compose_portraits,
    download_annotations,
    download_images,
    evaluate,
    evaluate_baselines,
    evaluate_blind,
    evaluate_clips,
    evaluate_intrinsic,
    evaluate_matting,
    evaluate_realism,
    filter_masks,
    fingerprint,
    make_trimaps,
    name_data,
    preprocess_intrinsic,
    report,
    synthesize_clips,
    synthesize_composites,
    train,
    train_blind,
    train_classifier,
    train_detector,
    train_edits,
    train_joint,
    train_matting,
    train_realism,
    train_shading,
    train_video,
)
from tests.conftest import ROOT
from tests.pipeline.steps.executed import Executed, definition_of
from tests.pipeline.steps.mutations import mutated

pytestmark = pytest.mark.timeout(600)
DATASETS, VARIANTS = ("people", "hmh"), ("idih", "unet_disharmony", "fcn_feature", "style_hsv")
SYSTEMS = ("corrupted", "single")  # between them all that systems run: a harmonizer by wrong masks, a mask that is learned with the picture
NETWORKS, TOGETHER = ("indexnet", "portrait"), ("separate", "together")
MUTATIONS, REAL_MUTATIONS = 25, 5
BASELINES = ("identity", "reinhard", "histogram", "mkl", "lalonde_efros", "xue", "poisson", "multiband")


def tiny(folder: Path, *, methods: int | None = None) -> None:
    """Parameters of a run of seconds that takes as many ways through the code as it can."""
    yaml = YAML()
    tree = yaml.load(ROOT / "params.yaml")
    tree |= {"datasets": list(DATASETS), "preprocessed": list(DATASETS), "decomposers": ["people"], "classifiers": ["people"]}
    tree |= {"variants": list(VARIANTS[:methods]), "baselines": list(BASELINES[:methods])}
    tree["catalogue"]["idih"] |= {"resynthesis": {"transfers": ["lut", "mkl"], "share": 0.5}, "average_weights": {"ema": 0.9}}
    tree["catalogue"]["idih"] |= {"epochs_factor": 2.0, "dataset": {"people": 2.0, "hmh": 1.0}}
    tree["classifier"] |= {"width": 4, "size_px": 16, "epochs": 1}
    tree["machine"]["workers"] = 1  # or others would run it, out of sight
    small = {"datasets": ["people"], "photographs": 3, "bins": 4, "textons": 4, "neighbours": 2}
    critic = {"width": 2, "steps": 2, "batch_size": 2, "learning_rate": 1e-3}
    tree["judges"] = {"everyday": {**small, "critic": critic, "seed": 0}}
    marks = tree["detectors"]["marks"] | {"datasets": ["people"], "photographs": 4, "batch_size": 2}
    seeds = {"regression": 0.5, "network": {"name": "observing", "width": 1}}
    tree["detectors"] = {"marks": marks | {"network": {"name": "small", "width": 2}}, "seeds": marks | seeds}
    own = {"datasets": ["people"], "batch_size": 2}
    tree["blind"] = {name: tree["systems"]["blind"][name] | own for name in SYSTEMS}
    for name in SYSTEMS[:-1]:
        tree["blind"][name]["harmonizer"] = "idih"
    tree["blind"] = {name: tree["blind"][name] for name in SYSTEMS[:methods]}
    for name in (networks := {name: tree["systems"]["matting"][name] | {"batch_size": 2} for name in NETWORKS}):
        networks[name]["network"]["width"] = 0.125
    tree |= {"trimaps": ["hmh"], "matting": networks}
    tree["joint"] = {name: tree["systems"]["joint"][name] | {"harmonizer": "idih", "batch_size": 2} for name in TOGETHER}
    video = {"harmonizer": "unet_disharmony", "clips": "people", "temporal": 1.0, "batch_size": 2, "learning_rate": 1e-4, "seed": 0}
    tree |= {"clips": ["people"], "videos": {"moving": video} if "unet_disharmony" in tree["variants"] else {}}
    sample = tree["profiles"]["sample"]
    rules = {"frames": 3, "moved": {"train": 2, "val": 1, "test": 2}, "lit": {"train": 1, "val": 1, "test": 1}}
    sample["clips"] = {"epochs": 1, "rules": rules}
    sample["matting"] = {"width_factor": 0.5, "things": 2, "places": 2, "pretraining_steps": 2, "finetuning_steps": 1, "joint_steps": 2}
    sample["matting"]["composed"] = 1
    sample["sources"]["photographs"] |= {"scenes": 16, "width_px": 96, "height_px": 72}
    sample["sources"]["portraits"] |= {"portraits": 16, "width_px": 64, "height_px": 80}
    sample["datasets"]["people"]["selection"] |= {"min_side_px": 4, "categories": None, "max_occlusion": 0.9}
    transfers = ["reinhard_lab", "reinhard_lalphabeta", "xiao_rgb", "fecker_ycbcr", "idt", "mkl", "histogram", "photometric", "lut"]
    limits = {"delta_e": [0.1, 80], "clipped_fraction": 0.9, "hue_shift_degrees": 180, "redraws": 1}
    sample["datasets"]["people"]["synthesis"] = {"transfers": transfers, "limits": limits}
    sample["datasets"]["people"]["split"] = sample["datasets"]["hmh"]["split"] = {"val": 0.3, "test": 0.3}
    sample["stand_ins"] = {"hcoco": "people", "hflickr": "people"}
    sample["training"] |= {"size_px": 32, "width_factor": 0.0625, "batch_size": 4, "epochs": 1}
    sample["intrinsic"]["shading_network"] |= {"scenes": 12, "steps": 2, "batch_size": 2, "consistency": 0.5}
    sample["intrinsic"]["edit_network"] |= {"examples": 10, "steps": 2, "batch_size": 2}
    sample["evaluation"] |= {"size_px": 32, "bootstrap": 100, "gallery": 1}
    sample["blind"] = {"detector_steps": 2, "system_steps": 1, "offsets": 1}
    yaml.dump(tree, folder / "params.yaml")


def calls() -> list[tuple[str, str, object]]:
    """Every cell's stage, name and main, in an order in which they find what they read."""
    found: list[tuple[str, str, object]] = []
    for source in ("photographs", "portraits"):
        found.append(("download_annotations", source, download_annotations))
    for dataset in DATASETS:
        found += [("filter_masks", dataset, filter_masks), ("download_images", dataset, download_images)]
        found.append(("synthesize_composites", dataset, synthesize_composites))
    found += [("train_classifier", "people", train_classifier), ("train_shading", "people", train_shading)]
    found.append(("train_edits", "people", train_edits))
    found += [("preprocess_intrinsic", dataset, preprocess_intrinsic) for dataset in DATASETS]
    found.append(("name_data", "", name_data))
    for variant in VARIANTS:
        found += [("train", variant, train), ("evaluate", variant, evaluate)]
    found += [("evaluate_baselines", name, evaluate_baselines) for name in BASELINES]
    found += [("evaluate_intrinsic", "people", evaluate_intrinsic), ("build_colour_database", "everyday", build_colour_database)]
    found += [("train_realism", "everyday", train_realism), ("evaluate_realism", "everyday", evaluate_realism)]
    found += [("train_detector", name, train_detector) for name in ("marks", "seeds")]
    for name in SYSTEMS:
        found += [("train_blind", name, train_blind), ("evaluate_blind", name, evaluate_blind)]
    found += [("synthesize_clips", "people", synthesize_clips), ("train_video", "moving", train_video)]
    found += [("evaluate_clips", "people", evaluate_clips), ("make_trimaps", "hmh", make_trimaps)]
    found += [("train_matting", name, train_matting) for name in NETWORKS] + [("train_joint", name, train_joint) for name in TOGETHER]
    found += [("evaluate_matting", "hmh", evaluate_matting), ("compose_portraits", "hmh", compose_portraits)]
    return [*found, ("report", "", report)]


@pytest.fixture(scope="module")
def source():
    return source_code(ROOT)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("executed")
    tiny(folder)
    return folder


@pytest.fixture(scope="module")
def executed(workspace, source) -> dict[str, frozenset[frozenset[Target]]]:
    """By cell the definitions of which each ran at least one."""
    oracle, found = Executed(ROOT), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        fingerprint.main()
        for stage, name, module in calls():
            if stage == "report":
                tiny(workspace, methods=1)
            with oracle.recorded() as codes:
                module.main(*([name] if name else []))
            told = {(oracle.module_of(code), code) for code in codes}
            found[f"{stage}@{name}" if name else stage] = frozenset(
                definition_of(place, code, source) for place, code in told if code.co_name != "<module>"
            )
    return found


@pytest.fixture(scope="module")
def cells(executed, tmp_path_factory) -> dict[str, Cell]:
    """The cells that were run; the report was of fewer methods."""
    folder, found = tmp_path_factory.mktemp("params"), {}
    for methods in (None, 1):
        tiny(folder, methods=methods)
        of_these = [cell for cell in cells_of(load_params(folder / "params.yaml")) if (cell.stage == "report") == (methods == 1)]
        found |= {cell.address: cell for cell in of_these if cell.address in executed}
    return found


@pytest.fixture(scope="module")
def traces(cells, source) -> dict[str, Trace]:
    return {name: source.trace(*cell.entry, choices=cell.choices) for name, cell in cells.items()}


def is_left_out(target: Target) -> bool:
    name = ".".join(target)
    return any(name == left or name.startswith(f"{left}.") for left in LEFT_OUT)


def test_every_cell_but_those_of_other_profiles_was_run(executed, tmp_path):
    tiny(tmp_path)
    assert {cell.address for cell in cells_of(load_params(tmp_path / "params.yaml"))} - {
        "pack",
        "pack_clips",
        "pack_portraits",
        "pack_things",
        "statistics",
        "pictures",
    } == executed.keys()


def test_what_a_cell_runs_is_what_its_fingerprint_is_made_of(executed, traces):
    missing = {
        cell: sorted(min(each) for each in ran if not each & traces[cell].definitions and not any(map(is_left_out, each)))
        for cell, ran in executed.items()
    }
    assert {cell: names for cell, names in missing.items() if names} == {}


def test_the_oracle_sees_enough_to_be_one(executed):
    ran = {".".join(target) for each in executed.values() for names in each for target in names}
    assert ran >= {"imharmony.networks.idih.IDIH", "imharmony.training.loop.fit", "imharmony.transfer.idt.idt", "reporting.page.write_page"}
    assert len(ran) > 500


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Our packages, to be changed."""
    folder = tmp_path_factory.mktemp("copy")
    for package in OURS:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def mutations(source: SourceCode, copy: Path, ran: Iterable[Target], *, count: int) -> Iterator[tuple[Target, Path, str]]:
    """Seeded changes of definitions: each with the file and its changed text."""
    rng, done = random.Random(0), 0
    for target in rng.sample(sorted(ran), k=len(list(ran))):
        module = source.module(target[0])
        statement = (module.definitions.get(target[1]) or module.effects)[0]
        path = copy / module.path.relative_to(ROOT)
        text = mutated(path, lines=range(statement.lineno, (statement.end_lineno or 0) + 1), rng=rng)
        if text is not None and done < count:
            done += 1
            yield target, path, text


@contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    before = path.read_text()
    path.write_text(text)
    yield
    path.write_text(before)


def test_a_change_of_what_a_cell_runs_changes_the_hash_of_that_definition(executed, traces, source, copy):
    """And so the cell's, of which it is a part."""
    ran = {target for cell, each in executed.items() for names in each for target in names & traces[cell].definitions}
    unnoticed = []
    for target, path, text in mutations(source, copy, {target for target in ran if target[1] != EFFECTS}, count=MUTATIONS):
        with changed(path, text):
            if source_code(copy).trace(*target).code == source.trace(*target).code:
                unnoticed.append(target)
    assert unnoticed == []


MAKE = """\
from pathlib import Path
from stages import filter_masks, synthesize_composites
filter_masks.main("people")
synthesize_composites.main("people")
"""


def made(copy: Path, folder: Path) -> str:
    """What the two stages write with the code of the copy, or how they fail."""
    for name in ("selected", "composites"):
        shutil.rmtree(folder / "data" / "sample" / name / "people", ignore_errors=True)
    shutil.rmtree(folder / ".work", ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", MAKE], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return done.stderr
    files = [path for name in ("selected", "composites") for path in sorted((folder / "data" / "sample" / name / "people").rglob("*"))]
    return "".join(f"{path.name} {sha256(path.read_bytes()).hexdigest()}\n" for path in files if path.is_file())


def test_a_change_that_gives_other_bytes_makes_the_cells_stale(workspace, executed, traces, cells, source, copy):
    stages = ("filter_masks@people", "synthesize_composites@people")
    ran = {
        target
        for cell in stages
        for each in executed[cell]
        for target in each & traces[cell].definitions
        if target[0].startswith("imharmony")
    }
    before, verdicts = made(copy, workspace), []
    for target, path, text in mutations(source, copy, ran, count=REAL_MUTATIONS):
        with changed(path, text):
            is_other = made(copy, workspace) != before
            code = source_code(copy)
            is_stale = any(code.trace(*cells[cell].entry, choices=cells[cell].choices).code != traces[cell].code for cell in stages)
        verdicts.append((target, is_other, is_stale))
    assert [target for target, is_other, is_stale in verdicts if is_other and not is_stale] == []
    assert sum(is_other for _, is_other, _ in verdicts) >= REAL_MUTATIONS // 3  # or it would be no test
