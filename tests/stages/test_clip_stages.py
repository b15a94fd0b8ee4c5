"""From stored composites to clips, to harmonizers that are taught on them, and from there to the page and the published file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.clips.judging import JUDGED
from imharmony.storage.tables import read_table, write_csv
from pipeline.params.file import load_params
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import Places
from reporting.clip_table import SUFFIX, clip_pairs_table, clip_table, published_clips
from reporting.clips import _against_twin, clip_section, clip_tables, read_clips
from reporting.dvc_views import write_clip_metrics
from reporting.page import environment
from stages import evaluate_clips, synthesize_clips, train_video
from tests.conftest import ROOT
from tests.datasets import made
from tests.imharmony.blind.pictures import ARCHITECTURE, bits, harmonizer_of
from tests.workspace import give_fingerprints, shrink

PLACES = Places("sample")
VIDEO = {"harmonizer": "idih", "clips": "people", "batch_size": 2, "learning_rate": 1e-3, "seed": 0}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """Tiny parameters, real composites, a harmonizer before its training, and what the stages made of them."""
    folder = tmp_path_factory.mktemp("clips")
    with pytest.MonkeyPatch.context() as patch:
        yaml = YAML()
        yaml.dump(yaml.load(ROOT / "params.yaml"), folder / "params.yaml")
        shrink(folder / "params.yaml")
        params = yaml.load(folder / "params.yaml")
        params |= {"clips": ["people"], "videos": {"moving": VIDEO | {"temporal": 500.0}, "twin": VIDEO | {"temporal": 0.0}}}
        rules = {"frames": 3, "moved": {"train": 4, "val": 1, "test": 3}, "lit": {"train": 1, "val": 1, "test": 1}}
        params["profiles"]["sample"]["clips"] = {"epochs": 2, "rules": rules}
        yaml.dump(params, folder / "params.yaml")
        (folder / "made").mkdir()
        shutil.move(made(folder / "made"), folder / PLACES.composites("people"))
        give_fingerprints(folder)
        patch.chdir(folder)
        save_harmonizer(PLACES.run("idih", 0) / "model.safetensors", harmonizer_of(), ARCHITECTURE, {"size_px": "32"})
        synthesize_clips.main("people")
        for name in ("moving", "twin"):
            train_video.main(name)
        evaluate_clips.main("people")
        yield folder


@pytest.mark.usefixtures("workspace")
def test_a_video_began_as_the_variants_network_and_tells_where_it_came_from():
    start = harmonizer_of()
    for name in ("moving", "twin"):
        harmonizer, facts = load_harmonizer(PLACES.video(name) / "model.safetensors")
        assert (facts["variant"], facts["dataset"], facts["size_px"]) == (name, "people", "32")
        assert facts["code"] == read_fingerprint(PLACES.fingerprint("train_video", name)).code
        assert {key: facts["architecture"][key] for key in ARCHITECTURE} == ARCHITECTURE
        assert bits(harmonizer) != bits(start)
        history = read_table(PLACES.video(name) / "history.parquet").to_pylist()
        assert [row["epoch"] for row in history] == [1, 2]
        assert all(row["temporal"] > 0 for row in history)


@pytest.mark.usefixtures("workspace")
def test_a_second_run_gives_the_same_file():
    path = PLACES.video("moving") / "model.safetensors"
    before = path.read_bytes()
    shutil.rmtree(".work/train_video")
    train_video.main("moving")
    assert path.read_bytes() == before


@pytest.mark.usefixtures("workspace")
def test_all_methods_are_judged_on_the_same_clips():
    judged = read_table(PLACES.judged_clips("people") / "judged.parquet")
    assert judged.schema.equals(JUDGED)
    frame = judged.to_pandas()
    methods = {"truth", "untouched", "reinhard", "idih", "moving", "twin"}
    assert set(frame["method"]) == methods
    of_each = frame[frame["smoothing"] == "none"].groupby("method")["sample_id"].apply(set)
    assert all(clips == of_each["truth"] for clips in of_each)
    assert set(frame[frame["smoothing"] != "none"]["method"]) == {"reinhard"}


@pytest.fixture
def told(workspace):  # noqa: ARG001
    params = load_params()
    run = read_clips(params, PLACES)
    return params, run, clip_tables(params, run, bootstrap=50)


def test_the_page_shows_the_twin_and_the_start_and_says_no_more_than_intervals_do(told):
    params, run, tables = told
    section = clip_section(params, run, tables)
    assert section is not None
    compared = {(row["method"], row["reference"]) for row in tables["clip_pairs"].to_pylist()}
    assert {("moving", "twin"), ("moving", "idih"), ("twin", "idih"), ("reinhard", "reinhard"), ("idih", "untouched")} <= compared
    (data,) = section.datasets
    assert sum(data.kinds.values()) == len({row["sample_id"] for row in run.judged["people"].to_pylist()})
    assert "With the loss between frames moving is not told apart by temporal loss and flicker and fMSE, compared with twin." in data.says
    made = environment()
    template = made.from_string('{% include "clips.html.j2" %}')
    text = template.render(clips=section, confidence=0.95, least_photographs=10, apart=set(), size_px=32)
    for word in ("Video", "moving", "twin", "data:image/webp;base64,", "filtered, both ways"):
        assert word in text
    assert isinstance(template, jinja2.Template)


def test_without_clips_there_is_no_section(told):
    params, _, _ = told
    without = params.model_copy(update={"clips": [], "videos": {}})
    run = read_clips(without, PLACES)
    assert clip_tables(without, run, bootstrap=10) == {}
    assert clip_section(without, run, {}) is None


def test_what_is_published_makes_the_tables_of_the_documentation(told, tmp_path):
    _, _, tables = told
    published = published_clips(tables["clips"], tables["clip_pairs"])
    assert isinstance(published, pa.Table)
    write_csv(tmp_path / f"small{SUFFIX}", published)
    header, body = clip_table(tmp_path, "small", "people")
    assert [line[0] for line in body][:2] == ["truth", "`untouched`"]
    assert body[0][2:] == ["0", "–", body[0][4], "0.00"]
    assert all(len(line) == len(header) for line in body)
    header, pairs = clip_pairs_table(tmp_path, "small", "people")
    assert ["`moving`", "`twin`"] in [line[:2] for line in pairs]
    assert ["`reinhard`, filtered both ways", "`reinhard`"] in [line[:2] for line in pairs]
    assert all(len(line) == len(header) for line in pairs)


def test_experiments_are_compared_by_clips_too(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_clip_metrics(told[2])
    names = {path.stem for path in (tmp_path / "reports" / "metrics" / "clips").iterdir()}
    assert names == {"truth", "untouched", "reinhard", "idih", "moving", "twin"}


def test_a_measure_that_got_worse_is_said():
    assert _against_twin({"tl": "below", "flicker": "above", "fmse": "astride"}) == (
        "has a lower temporal loss, and has a higher flicker, and is not told apart by fMSE"
    )
    assert _against_twin({"tl": "below", "flicker": "below", "fmse": "below"}) == "has a lower temporal loss and flicker and fMSE"
