"""From packed photographs to judges of realism, and from there to the scores of test pictures."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from imharmony.errors import InputError
from imharmony.realism.critic import load_critic
from imharmony.realism.database import load_database
from imharmony.realism.judging import JUDGED, JUDGES
from imharmony.storage.tables import read_table, write_table
from pipeline.params.file import load_params
from pipeline.steps import real_photographs
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import Places
from stages import build_colour_database, evaluate_realism, train_realism
from tests.composites import packed
from tests.conftest import ROOT
from tests.workspace import give_fingerprints, shrink

SIZES = {"train": 8, "val": 4, "test": 3}
PLACES = Places("sample")


def split_of(name: str, size_px: int):
    found = packed(SIZES[name], size_px, seed=len(name))
    table = found.rows.append_column("direction", pa.array(["foreground"] * SIZES[name]))
    ids = np.arange(SIZES[name]) + 100 * len(name) + (name == "val")
    rows = table.set_column(table.schema.get_field_index("image_id"), "image_id", pa.array(ids))
    return type(found)(rows, found.composite, found.real, found.mask)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """Tiny judges, pictures that come ready packed, and what the stages made of them."""
    folder = tmp_path_factory.mktemp("realism")
    with pytest.MonkeyPatch.context() as patch:
        prepare(folder, patch)
        run()
        yield folder


def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    judges = params["judges"]["everyday"]
    yaml.dump(params, tmp_path / "params.yaml")
    shrink(tmp_path / "params.yaml")
    params = yaml.load(tmp_path / "params.yaml")
    critic = {"width": 2, "steps": 3, "batch_size": 2, "learning_rate": 1e-3}
    small = {"datasets": ["people"], "bins": 6, "textons": 4, "neighbours": 3, "critic": critic}
    params["judges"] = {"everyday": judges | small}
    yaml.dump(params, tmp_path / "params.yaml")
    for module in (real_photographs, evaluate_realism):
        monkeypatch.setattr(module, "packed", lambda _params, _places, _dataset, split, size_px: split_of(split, size_px))
    rows = pa.concat_tables([split_of(name, 32).rows.append_column("split", pa.array([name] * SIZES[name])) for name in SIZES])
    write_table(tmp_path / PLACES.composites("people") / "manifest.parquet", rows)
    give_fingerprints(tmp_path)
    monkeypatch.chdir(tmp_path)


def run() -> None:
    for module in (build_colour_database, train_realism, evaluate_realism):
        module.main("everyday")


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("workspace")
def test_judges_tell_where_they_came_from_and_their_scores_are_of_every_test_picture():
    database, facts = load_database(PLACES.realism("everyday", "database") / "database.safetensors")
    assert (len(database.stacks[0]), database.size_px, database.neighbours) == (SIZES["train"], 32, 3)
    assert facts["code"] == read_fingerprint(PLACES.fingerprint("build_colour_database", "everyday")).code
    assert facts["data_hash"].keys() == {"people"}
    folder = PLACES.realism("everyday", "critic")
    _, size_px, facts = load_critic(folder / "model.safetensors")
    assert (size_px, facts["seed"]) == (32, 0)
    worth = json.loads((folder / "metrics.json").read_text())
    assert (worth.keys(), worth["photographs"]) == ({"auc", "control", "photographs"}, SIZES["val"])
    judged = read_table(PLACES.realism("everyday", "judged") / "judged.parquet")
    assert judged.schema.equals(JUDGED)
    assert judged["is_real"].to_pylist() == [True] * SIZES["test"] + [False] * SIZES["test"]
    assert sum(judged[name].null_count for name in JUDGES) == 0


def test_running_again_changes_no_byte(workspace):
    before = files(workspace / "features/sample/realism")
    run()
    assert files(workspace / "features/sample/realism") == before


def test_judges_that_nobody_named_are_one_line_and_so_are_data_sets_that_are_none(workspace):
    with pytest.raises(InputError, match=r"judges are 'other'; expected one of \['everyday'\]"):
        build_colour_database.main("other")
    text = (workspace / "params.yaml").read_text()
    yaml = YAML()
    params = yaml.load(text)
    params["judges"]["everyday"]["datasets"] = ["people", "things"]
    yaml.dump(params, workspace / "params.yaml")
    with pytest.raises(InputError, match=r"judges.everyday.datasets is \['people', 'things'\]; expected some of \['people'\]"):
        load_params()
