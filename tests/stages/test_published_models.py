"""A file as its authors would have left it, all the way: imported, run on a photograph, scored in the graph, and trained further."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from ruamel.yaml import YAML

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.commands.models import run as models
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.published.harmonizers import HARMONIZERS
from imharmony.published.record import authors_name
from imharmony.storage.files import sha256_of
from imharmony.storage.tables import read_table
from pipeline.__main__ import run as pipeline_run
from pipeline.params.file import load_params
from pipeline.params.offers import check_choices
from pipeline.steps.paths import Places
from pipeline.steps.prospects import check_prospects
from pipeline.steps.published_models import load_published, published_method
from reporting.publish import publish
from stages import evaluate, evaluate_published, fingerprint, report, train
from tests.composites import packed
from tests.imharmony.published.drawing import drawn, scene
from tests.reports import DATASETS, IMAGES, SEEDS, pictures, reported

NAME = "harmonizer"  # the smallest, which takes any size
MODEL = Path("models") / f"{NAME}.safetensors"


def write_authors_file(path: Path) -> None:
    """Every tensor by its authors' name, drawn by the rule of the golden figures."""
    published = HARMONIZERS[NAME]
    with torch.device("meta"):
        network = published.build()
    names = {name: authors_name(published, name) for name in network.state_dict()}
    tensors = {theirs: drawn(theirs, tuple(network.state_dict()[ours].shape)) for ours, theirs in names.items()}
    torch.save(tensors, path)


def edit(**sections: object) -> None:
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    tree |= sections
    yaml.dump(tree, Path("params.yaml"))
    fingerprint.main()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, session_folder) -> Iterator[Path]:
    """A reported run in which an imported network stands."""
    with reported(tmp_path_factory.mktemp("published"), session_folder) as folder:
        MODEL.parent.mkdir()
        write_authors_file(folder / "harmonizer.pth")
        assert models(["import", "harmonizer.pth", "--as", NAME, "-o", str(MODEL)]) == (str(MODEL), 0)
        edit(published={"theirs": {"file": str(MODEL)}})
        evaluate_published.main("theirs")
        report.main()
        yield folder


@pytest.fixture
def inside(folder, monkeypatch) -> Iterator[Path]:
    """The folder, whose parameters are afterwards as they were."""
    monkeypatch.chdir(folder)
    before = Path("params.yaml").read_text()
    yield folder
    Path("params.yaml").write_text(before)


@pytest.mark.usefixtures("inside")
def test_the_command_harmonizes_a_photograph_with_it():
    _, composite, mask = scene(120, 200)
    photo = (255 * composite[0].permute(1, 2, 0)).round().clamp(0, 255).byte().numpy()
    levels = (255 * mask[0, 0]).round().byte().numpy()
    found = Harmonizer.load(MODEL).harmonize(photo, levels)
    assert found.shape == photo.shape
    assert (found[levels == 0] == photo[levels == 0]).all()
    assert not (found[levels == 255] == photo[levels == 255]).all()


@pytest.mark.usefixtures("inside")
def test_its_scores_are_rows_of_every_picture_like_those_of_all_others():
    table, others = (read_table(Path(f"scores/sample/{name}/0.parquet")) for name in ("theirs", "idih"))
    assert table.schema.equals(others.schema)
    assert table.num_rows == others.num_rows == 2 * IMAGES * 12
    assert table["sample_id"].equals(others["sample_id"])
    assert set(table["trained_on"].to_pylist()) == {None}
    assert table["idempotence"].null_count == others["idempotence"].null_count  # it was run once more on its own output


@pytest.mark.usefixtures("inside")
def test_what_is_scored_is_what_a_user_gets():
    """The error of the pictures that the command makes of the composites, which it sees at 256 px."""
    made, command = pictures("people"), Harmonizer.load(MODEL)
    rows = read_table(Path("scores/sample/theirs/0.parquet"))
    one = (pc.field("dataset") == "people") & (pc.field("background") == "composite") & (pc.field("quantisation") == "uint8")
    scores = rows.filter(one)["mse"].to_pylist()
    for index in range(3):
        found = command.harmonize(made["composite"][index], made["mask"][index]).astype(float)
        wanted = np.square(found - made["real"][index]).mean()
        assert scores[index] == pytest.approx(wanted, rel=0.02)
        assert abs(np.square(made["composite"][index].astype(float) - made["real"][index]).mean() / wanted - 1) > 0.1  # it did something


@pytest.mark.usefixtures("inside")
def test_its_network_sees_its_own_size(monkeypatch):
    harmonizer, _ = load_harmonizer(MODEL)
    monkeypatch.setattr("pipeline.steps.published_models.load_harmonizer", lambda _path: (harmonizer, {"size_px": "256"}))
    seen = []
    harmonizer.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    monkeypatch.setattr(harmonizer.network, "maps", lambda inputs, maps=harmonizer.network.maps: seen.append(inputs.shape) or maps(inputs))
    composite, mask = pictures("people")["composite"][0], pictures("people")["mask"][0]
    harmonize = published_method(MODEL, device=torch.device("cpu"))
    large = harmonize(cv2.resize(composite, (400, 400)), cv2.resize(mask, (400, 400)).astype(np.float32) / 255)
    assert (large.shape, large.dtype) == ((400, 400, 3), np.float32)
    assert set(seen) == {(1, 4, 256, 256)}


def test_it_stands_in_every_table_and_the_page_says_whose_it_is(inside):
    tables = inside / "reports" / "tables"
    for name in ("summary", "controls", "pairs", "validation"):
        assert "theirs" in set(read_table(tables / f"{name}.parquet")["method"].to_pylist()), name
    assert json.loads((inside / "reports/metrics/theirs.json").read_text())["people"]["fmse"] > 0
    page = (inside / "reports" / "index.html").read_text()
    (row,) = re.findall(r'<tr><th scope="row">theirs</th><td class="text">harmonizer</td>.*?</tr>', page)
    told = ["harmonizer", "256", "Ke et al. 2022, arXiv:2207.01322", "CC BY-NC-SA 4.0", "no"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", row) == told
    assert page.count("published model") >= len(DATASETS)


@pytest.mark.usefixtures("inside")
def test_a_published_result_says_whose_models_it_has():
    publish("with_models")
    told = json.loads(Path("reports/published/with_models.json").read_text())["published"]
    assert told["theirs"]["licence"] == "CC BY-NC-SA 4.0"
    assert told["theirs"]["repository"].startswith("https://github.com/ZHKKKe/")


@pytest.fixture
def fine_tuning(inside, monkeypatch) -> Path:
    """The same run with a variant that begins with the model, and two batches of pictures to go on with."""
    monkeypatch.setattr(
        train, "packed_together", lambda _params, _places, _data, split, size_px, _given: packed({"train": 4, "val": 3}[split], size_px)
    )
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    use = {"mask_input": True, "paste": False, "inference_mode": "eval"}
    own = tree["catalogue"]["idih"] | {"dataset": "people", "start": str(MODEL), "generator": {"name": NAME, "width": 32, **use}}
    tree["catalogue"] = {**tree["catalogue"], "tuned": {**own, "epochs_factor": 1.0, "average_weights": False}}
    tree["profiles"]["sample"]["training"].update(size_px=64, width_factor=0.25, batch_size=2, epochs=1)
    edit(variants=[*tree["variants"], "tuned"], catalogue=tree["catalogue"], profiles=tree["profiles"], seeds=[0])
    return inside


@pytest.mark.usefixtures("fine_tuning")
def test_training_goes_on_from_it_and_what_comes_out_says_so():
    check_prospects(load_params())
    train.main("tuned")
    run = Places("sample").run("tuned", 0)
    rows = read_table(run / "history.parquet").to_pylist()
    assert [row["epoch"] for row in rows] == [0, 1]  # what it began with counts
    tuned, metadata = load_harmonizer(run / "model.safetensors")
    assert metadata["architecture"]["width"] == 32  # the profile makes other networks narrower
    assert metadata["start"] == {"file": MODEL.name, "sha256": sha256_of(MODEL), "published": load_harmonizer(MODEL)[1]["published"]}
    best = json.loads(metadata["best_epoch"])["epoch"]
    theirs = load_harmonizer(MODEL)[0].state_dict()
    same = all(torch.equal(tensor, theirs[name]) for name, tensor in tuned.state_dict().items())
    assert same == (best == 0)
    evaluate.main("tuned")
    assert read_table(Places("sample").scores("tuned", 0)).num_rows == 2 * IMAGES * 12


@pytest.mark.usefixtures("fine_tuning")
def test_two_steps_of_training_move_its_weights(monkeypatch):
    """With the better epoch chosen by a validation that always prefers the later one."""
    monkeypatch.setattr("imharmony.training.state.best_row", lambda history: history[-1])
    edit(seeds=[1])
    train.main("tuned")
    tuned = load_harmonizer(Places("sample").run("tuned", 1) / "model.safetensors")[0].state_dict()
    theirs = load_harmonizer(MODEL)[0].state_dict()
    moved = [name for name, tensor in tuned.items() if not torch.equal(tensor, theirs[name])]
    assert len(moved) > 0.5 * len(theirs)
    assert all(
        torch.allclose(tuned[name], theirs[name], atol=0.1) for name in tuned if theirs[name].is_floating_point() and "running" not in name
    )


@pytest.mark.usefixtures("fine_tuning")
def test_another_file_to_begin_with_is_another_training():
    code = Places("sample").fingerprint("train", "tuned")
    first = code.read_text()
    whole = MODEL.read_bytes()
    try:
        MODEL.write_bytes(whole[:-4] + bytes(4))
        fingerprint.main()
        assert code.read_text() != first
    finally:
        MODEL.write_bytes(whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": "nowhere.safetensors"}, r"catalogue\.tuned\.start is 'nowhere\.safetensors'; expected a file that is there"),
        ({"start": "params.yaml"}, r"catalogue\.tuned\.start: params\.yaml: not a whole safetensors file"),
        (
            {"generator": {"name": "idih256", "width": 64}},
            r"catalogue\.tuned\.start: .*a network with name 'harmonizer', width 32; expected name 'idih256', width 64",
        ),
    ],
)
@pytest.mark.usefixtures("fine_tuning")
def test_what_training_cannot_begin_with_is_said_before_anything_runs(change, said):
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    for key, value in change.items():
        tree["catalogue"]["tuned"][key] = (
            value | {"mask_input": True, "paste": False, "inference_mode": "eval"} if key == "generator" else value
        )
    yaml.dump(tree, Path("params.yaml"))
    with pytest.raises(InputError, match=said) as refused:
        check_prospects(load_params())
    assert "\n" not in str(refused.value)


def with_entry(file: str) -> None:
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    tree["published"] = {"theirs": {"file": file}}
    yaml.dump(tree, Path("params.yaml"))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("harmonizer.pth", r"published\.theirs\.file is 'harmonizer\.pth', which is no harmonizer's; expected model\.safetensors"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_a_file_that_is_no_model_is_said_before_anything_runs(file, said):
    with_entry(file)
    with pytest.raises(InputError, match=said) as refused:
        check_choices(load_params())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("file", ["nowhere.safetensors", "reports"])
@pytest.mark.usefixtures("inside")
def test_a_file_that_is_not_there_is_said_before_a_run_begins(file, monkeypatch):
    with_entry(file)
    monkeypatch.setattr("pipeline.run.command.run", lambda *_, **__: pytest.fail("it began"))
    with pytest.raises(InputError, match=rf"params\.yaml: published\.theirs\.file is '{file}'; expected a file that is there"):
        pipeline_run([], jobs=1, dry_run=False, pull=False)


def test_the_report_depends_on_what_the_file_says(inside):
    """Which its scores do not show."""
    cell, whole = inside / Places("sample").fingerprint("report"), MODEL.read_bytes()
    before = cell.read_text()
    try:
        MODEL.write_bytes(whole.replace(b"CC BY-NC-SA 4.0", b"CC BY-NC-SA 5.0"))
        fingerprint.main()
        assert cell.read_text() != before
    finally:
        MODEL.write_bytes(whole)
        fingerprint.main()


@pytest.mark.usefixtures("inside")
def test_a_network_that_nobody_knows_is_said_before_anything_runs():
    Path("strange.safetensors").write_bytes(MODEL.read_bytes().replace(b'\\"name\\": \\"harmonizer\\"', b'\\"name\\": \\"harmonizes\\"'))
    with_entry("strange.safetensors")
    with pytest.raises(InputError, match=r"a network 'harmonizes', which nobody here knows; expected model\.safetensors of a training"):
        check_choices(load_params())


def test_a_model_of_semi_harmonized_pictures_is_refused(tmp_path):
    architecture = {"name": "idih", "width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"}
    made = {"backend": "luminance", "edits": "fitted", "strength": 1.0, "feather_px": 0.0, "seed": 0, "networks_sha256": None}
    facts = {"size_px": 32, "input": "intrinsic", "preprocessing": made}
    save_harmonizer(tmp_path / "model.safetensors", build_harmonizer(**architecture), architecture, facts)
    with pytest.raises(InputError, match="a model that takes 'intrinsic' pictures; expected one that takes composites"):
        load_published(tmp_path / "model.safetensors")


@pytest.mark.usefixtures("inside")
def test_a_name_that_is_taken_is_refused():
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    tree["published"] = {"idih": {"file": str(MODEL)}}
    yaml.dump(tree, Path("params.yaml"))
    with pytest.raises(InputError, match=r"published\.idih has the name of a variant; give it another"):
        load_params()


def test_seeds_count_for_what_is_trained_alone(inside):
    rows = read_table(inside / "reports/tables/summary.parquet").to_pylist()
    counted = {row["method"]: row["n_seeds"] for row in rows if row["bucket"] == "all"}
    assert (counted["theirs"], counted["idih"]) == (1, len(SEEDS))
