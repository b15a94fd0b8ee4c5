"""The workspace cutter/ small: a network that cuts people out learns from photographs and portraits, and becomes the package's file."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from imharmony.errors import InputError
from imharmony.matting import people
from imharmony.matting.checkpoint import load_matting
from imharmony.matting.training import HISTORY
from imharmony.portable.portrait_session import OnnxPortrait
from imharmony.storage.files import sha256_of
from imharmony.storage.tables import read_typed
from pipeline.params.file import load_params, parse_params
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.people import photographs_with_people, portrait_cutouts
from reporting import cutter, starter
from stages import download_annotations, download_images, filter_masks, fingerprint, synthesize_composites, train_matting
from tests.conftest import ROOT
from tests.imharmony.portrait_networks import drawn_network
from tests.imharmony.sources.coco_mirror import instances, write_photographs

IDS = list(range(1, 31))
NOBODY = [image for image in IDS if image % 6 == 0]
PLACES = Places("cutter")


def write_mirror(root: Path) -> Path:
    """Photographs with one person, some with another thing alone."""
    content = instances(IDS)
    content["categories"] = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
    content["licenses"] = [{"id": 4, "name": "Attribution License"}]
    for image, annotation in zip(content["images"], content["annotations"], strict=True):
        image |= {"license": 4, "flickr_url": f"http://farm1.staticflickr.com/9/{7000 + image['id']}_ab_z.jpg"}
        annotation["category_id"] = 2 if image["id"] in NOBODY else 1
    return write_photographs(root, content)


def write_params(mirror: Path) -> None:
    tree = YAML(typ="safe").load(ROOT / "cutter" / "params.yaml")
    tree["machine"] = {"workers": 1}
    profile = tree["profiles"]["cutter"]
    profile["sources"]["free"] |= {"mirror": str(mirror), "splits": ["val2017"], "images": None}
    profile["sources"]["studio"] |= {"portraits": 32, "width_px": 64, "height_px": 64}
    tree["defaults"]["dataset"]["selection"] |= {"min_side_px": 4}
    tree["defaults"]["datasets"]["free_objects"]["selection"] |= {"licences": ["Attribution License"]}
    tree["defaults"]["datasets"]["portraits"]["split"] |= {"val": 0.3, "test": 0.3}
    profile["evaluation"]["size_px"] = 32
    profile["matting"] |= {"finetuning_steps": 1, "things": 1, "places": 1}
    tree["matting"]["portrait"] |= {"batch_size": 2, "network": {"name": "portrait", "width": 0.0625}}
    tree["matting"]["portrait"]["people"] |= {"steps": 2}
    Path("params.yaml").write_text(json.dumps(tree))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The folder of the package's files, made by a small run in the current folder."""
    workspace = tmp_path_factory.mktemp("portrait")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        patch.setattr(starter, "STARTER", workspace / "package")
        patch.setattr(people, "LEAST_SIDE_PX", 20)
        (workspace / "package").mkdir()
        write_params(write_mirror(workspace / "mirror"))
        fingerprint.main()
        for source, dataset in (("free", "free_objects"), ("studio", "portraits")):
            download_annotations.main(source)
            for stage in (filter_masks, download_images, synthesize_composites):
                stage.main(dataset)
        train_matting.main("portrait")
        cutter.write_cutter()
        yield workspace / "package"


def test_the_package_has_the_trainings_own_network(package):
    weights = PLACES.matting("portrait") / MODEL
    facts = OnnxPortrait.load(package / "portrait.onnx").facts
    assert (facts.size_px, facts.sha256) == (32, sha256_of(weights))
    assert load_matting(weights)[1].name == "portrait"
    assert [path.name for path in package.iterdir()] == ["portrait.onnx"]


@pytest.mark.usefixtures("package")
def test_both_lessons_are_in_its_history():
    history = read_typed(PLACES.matting("portrait") / "history.parquet", HISTORY).to_pylist()
    assert [row["lesson"] for row in history] == ["people", "people", "outlines"]


@pytest.mark.usefixtures("package")
def test_photographs_come_with_their_people_and_each_split_with_its_own():
    params = load_params()
    seen = {split: photographs_with_people(params, PLACES, ["free_objects"], split) for split in ("train", "val")}
    assert sum(map(len, seen.values())) == len(IDS)
    assert sum(not each.people.any() for own in seen.values() for each in own) == len(NOBODY)
    cutouts = portrait_cutouts(PLACES, "portraits", "train", size_px=32)
    assert cutouts.colours.shape[1:] == (32, 32, 3)
    assert (cutouts.alpha.max(), cutouts.alpha.min()) == (255, 0)
    with pytest.raises(InputError, match="data set free_objects: no photographs in split 'test'"):
        photographs_with_people(params, PLACES, ["free_objects"], "test")
    with pytest.raises(InputError, match=r"data set free_objects: .* has no matte; expected portraits with mattes"):
        portrait_cutouts(PLACES, "free_objects", "train", size_px=32)


def test_one_that_is_too_large_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cutter, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="bytes as ONNX; expected at most 1000 of what comes with the package; narrow it"):
        cutter.export(drawn_network(tmp_path / "model.safetensors"), tmp_path / "out.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_people_are_for_a_network_without_a_trimap_and_of_known_data_sets(tmp_path):
    text = (ROOT / "cutter" / "params.yaml").read_text(encoding="utf-8")
    assert parse_params(text, tmp_path / "params.yaml").matting_network("portrait").people.share == 0.7
    with pytest.raises(InputError, match="people with network dim; expected them for portrait alone"):
        parse_params(text.replace("{name: portrait, width: 0.33}", "{name: dim, width: 0.33}"), tmp_path / "params.yaml")
    with pytest.raises(InputError, match=r"matting\.portrait\.people\.datasets is \['others'\]; expected some of"):
        parse_params(text.replace("{datasets: [free_objects]", "{datasets: [others]"), tmp_path / "params.yaml")
