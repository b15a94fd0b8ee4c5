"""Every value of the parameters is in the fingerprint of a cell, and every choice of a cell is an entry of a table that is there."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from imharmony.baselines import BASELINES
from imharmony.intrinsic.decomposition import DECOMPOSITIONS
from imharmony.sources.kinds import SOURCES
from pipeline.params.defaults import with_defaults
from pipeline.params.file import Params, load_params
from pipeline.steps import cells
from pipeline.steps.cells import cells_of, plain
from tests.conftest import ROOT

VARIANTS = ("idih", "fcn_feature", "style_unet3plus", "regions")  # among them they have every section
GRADED = {"graded": 0.5, "grades": ["photometric"], "left_as_it_was": 0.5}
MORE = {  # sections that the project's own variants leave out
    "idih": {
        "resynthesis": {"transfers": ["lut", "mkl"], "share": 0.5} | GRADED,
        "average_weights": {"ema": 0.9},
        "start": "a.safetensors",
    },
    "fcn_feature": {"adversarial": {"name": "bce", "weight": 1.0, "gradient_penalty": 0.0, "composite_is_fake": False}},
    "regions": {"average_weights": {"ema": 0.9}},
}
TABLE = {"file": "a.csv", "convention": "pctnet", "size_px": 64, "columns": {"name": "N", "mse": "M"}, "letters": "c"}
IMPORTED = {
    "theirs": {"folder": "given", "outputs": {"people": "png"}, "data_hash": {"people": "a"}},
    "table": {"folder": "given", "tables": {"people": TABLE}},
}
NUMBERS: list[Any] = [0, 1, 2, 0.25, 0.75, 64, 128, 142, 300, False, True]
TEXTS: list[Any] = [
    *("", "a", "composites", "intrinsic", "learned", "fitted", "luminance", "retinex", "hash", "official", "foreground", "background"),
    *(
        "photograph",
        "estimated",
        "auto",
        "fp32",
        "bf16",
        "eval",
        "train",
        "normal",
        "xavier",
        "constant",
        "linear",
        "alex",
        "vgg",
        "l1",
        "l2",
    ),
    *("indexnet", "portrait", "dim", "dim_lite", "hin", "o2o", "equal", "as_in_code", "as_printed", "paper", "balanced", "hmh"),
    *("small", "observing", "marks", "seeds", "idih", "regions", "two_step", "corrupted"),
    *("unet", "people", "objects", "photographs", "portraits", "none", "profile", "control", "mended", "published", "composite"),
]
HOLDERS: list[Any] = [
    [],
    ["a"],
    ["person"],
    ["people"],
    ["idih"],
    ["hmh"],
    ["identity"],
    ["crop"],
    ["lut"],
    [0.5],
    [0.1, 0.2],
    [1],
    {},
    {"train": 5},
    {"ema": 0.5},
    {"transfers": ["lut"], "share": 0.5},
    "recent",
]


@cache
def tree() -> str:
    """The project's parameters with some variants and all sections, the defaults filled in, as JSON."""
    found = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
    found["catalogue"] = {name: found["catalogue"][name] | MORE.get(name, {}) for name in VARIANTS}
    found |= {"variants": list(VARIANTS), "classifiers": ["objects"]}  # through which one of them looks
    found |= {"imported": IMPORTED, "published": {"model": {"file": "given/model.safetensors"}}}
    systems = found.pop("systems")  # described, and nothing more
    marks, joint = found["detectors"]["marks"], systems["blind"]["joint"]
    found["detectors"] = {"marks": marks, "seeds": marks | {"network": {"name": "observing", "width": 64, "weights": "a.pth"}}}
    found["blind"] = {"joint": joint | {"harmonizer": "idih"}}
    found["matting"] = {name: systems["matting"][name] for name in ("indexnet", "dim")}
    found["trimaps"] = ["hmh", "people"]
    found["joint"] = {"together": systems["joint"]["together"] | {"harmonizer": "idih"}}
    found["videos"] = {"moving": systems["videos"]["unet_video"] | {"harmonizer": "idih"}}
    filled = with_defaults(found)
    filled["profiles"] = {filled["profile"]: filled["profiles"][filled["profile"]]}
    return json.dumps(filled)


def places(part: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value that holds no others by a key; lists whole."""
    if isinstance(part, dict) and part:
        for key, value in part.items():
            yield from places(value, (*place, key))
    else:
        yield place


def counts(place: tuple[Any, ...]) -> bool:
    """Whether it may change a result: how this machine runs and how files are fetched may not, nor does what no cell is made of."""
    if place[0] in {"defaults", "machine", "profile"} or (place[2:3] == ("sources",) and place[-1] in cells.TRANSPORT):
        return False
    return place[:1] != ("profiles",) or place[2] not in {"sources", "datasets"} or place[3] in json.loads(tree())[place[2]]


BOUND = {  # what only changes together with other values
    *[(key,) for key in ("sources", "datasets", "preprocessed", "decomposers", "classifiers")],
    *[("catalogue", name, key) for name in VARIANTS for key in ("backbone", "input")],
    ("catalogue", "fcn_feature", "resynthesis"),
    *[("catalogue", name, "points") for name in VARIANTS if name != "regions"],  # with a generator that reads them
    *[("catalogue", "regions", key) for key in ("resynthesis", "side_weights")],  # which it cannot have
    ("catalogue", "fcn_feature", "dataset"),  # with what stands in for it
    *[
        ("profiles", "sample", "datasets", name, "split", key)
        for name in ("people", "luminance", "objects", "graded")
        for key in ("by", "val", "test")
    ],
    *[("profiles", "sample", "datasets", name, "source") for name in ("people", "luminance", "objects", "hmh", "graded")],
    *[("profiles", "sample", "backbone", key) for key in ("name", "file")],
    *[("videos", "moving", key) for key in ("harmonizer", "clips")],
    ("clips",),
    ("profiles", "sample", "datasets", "people", "synthesis", "direction"),  # whose foregrounds become clips
    ("detectors", "seeds", "network", "name"),  # whose weights are its own
    ("matting", "indexnet", "network", "name"),  # whose index blocks are its own, and its two groups of rates
    *[("matting", "dim", lesson, "groups") for lesson in ("pretraining", "finetuning")],
    ("catalogue", "idih", "generator", "mask_input"),  # which a blind system needs
    *[("profiles", "sample", "sources", name, "kind") for name in ("photographs", "portraits")],
}
PLACES = [place for place in places(json.loads(tree())) if counts(place)]


def value_at(place: tuple[Any, ...]) -> Any:
    found = json.loads(tree())
    for key in place:
        found = found[key]
    return found


def changed(place: tuple[Any, ...], value: Any) -> Params | None:
    """The parameters with another value there, if it is one that may stand there."""
    found = json.loads(tree())
    within = found
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    try:
        return Params.model_validate(found)
    except ValidationError:
        return None


def told(params: Params) -> str:
    """All that fingerprints say beside code and packages."""
    return repr(
        [
            (cell.address, json.dumps(cell.values), sorted((table, sorted(keys)) for table, keys in cell.choices.items()))
            for cell in cells_of(params)
        ]
    )


@pytest.mark.parametrize("place", PLACES, ids=[".".join(map(str, place)) for place in PLACES])
def test_values_that_differ_have_different_fingerprints(place):
    own = value_at(place)
    likely = NUMBERS if isinstance(own, int | float) and own is not False else TEXTS if isinstance(own, str) else HOLDERS + NUMBERS + TEXTS
    others = [own, None, *likely]
    params = {repr(each): each for each in [changed(place, value) for value in others] if each is not None}
    assert len(params) > (place not in BOUND), "no other value may stand there; add one above"
    assert len({told(each) for each in params.values()}) == len(params)


def test_of_a_parameter_a_value_that_says_nothing_is_not_said():
    assert plain({"a": None, "b": False, "c": 0, "d": {}, "e": {"f": None, "g": 1}}) == {"e": {"g": 1}}


def test_an_empty_list_and_an_empty_text_are_said():
    assert plain({"licences": [], "letters": ""}) == {"licences": [], "letters": ""}


@pytest.fixture(scope="module")
def params() -> Params:
    """The project's, with another variant."""
    found = load_params(ROOT / "params.yaml")
    return found.model_copy(update={"variants": [*found.variants, "idih"]})


def values_of(params: Params, stage: str, name: str) -> dict[str, Any]:
    return next(dict(cell.values) for cell in cells_of(params) if (cell.stage, cell.name) == (stage, name))


def test_how_edits_are_chosen_trains_no_shading_anew(params):
    intrinsic = params.active.intrinsic.model_copy(update={"edits": "fitted"})
    profile = params.active.model_copy(update={"intrinsic": intrinsic})
    found = params.model_copy(update={"profiles": {params.profile: profile}})
    assert values_of(found, "train_shading", "people") == values_of(params, "train_shading", "people")
    assert values_of(found, "train_edits", "people") != values_of(params, "train_edits", "people")


def test_a_cell_of_one_variant_says_nothing_of_others(params):
    fewer = params.model_copy(update={"variants": ["idih"], "baselines": ["identity"]})
    for stage, name in (("train", "idih"), ("evaluate", "idih"), ("evaluate_baselines", "identity"), ("filter_masks", "people")):
        assert values_of(fewer, stage, name) == values_of(params, stage, name)


def trained(params: Params, variant: str, **changes: object) -> dict[str, Any]:
    """What the fingerprint of a training says with other values of the variant."""
    catalogue = params.catalogue | {variant: params.catalogue[variant].model_copy(update=changes)}
    return values_of(params.model_copy(update={"catalogue": catalogue}), "train", variant)


def test_what_a_paper_does_counts_where_the_profile_leaves_it_to_the_variant_and_nowhere_else(params):
    longer = {"protocol": params.catalogue["idih"].protocol.model_copy(update={"epochs": 7, "augment": (), "batch_size": 3})}
    assert trained(params, "idih", **longer) == trained(params, "idih")
    own = params.active.training.model_copy(update={"epochs": None, "batch_size": None, "augment": None})
    open_ended = params.model_copy(update={"profiles": {params.profile: params.active.model_copy(update={"training": own})}})
    assert trained(open_ended, "idih", **longer)["regime"] == {"epochs": 7, "batch_size": 3, "augment": []}
    assert trained(open_ended, "idih", epochs_factor=3.0) == trained(open_ended, "idih")
    assert trained(params, "idih", epochs_factor=4.0)["regime"]["epochs"] == 4 * params.active.training.epochs


def test_how_a_variant_is_shown_trains_nothing_anew_and_where_it_begins_does(params):
    assert trained(params, "idih", form="control") == trained(params, "idih")
    begins = params.catalogue["idih"].generator.model_copy(update={"start": "published"})
    assert trained(params, "idih", generator=begins) != trained(params, "idih")


def test_what_stands_in_changes_the_trainings_that_name_it_and_the_names(params):
    other = params.active.model_copy(update={"stand_ins": {"hcoco": "luminance", "hflickr": "objects"}})
    found = params.model_copy(update={"profiles": {params.profile: other}})
    changed = {cell.address for cell, own in zip(cells_of(found), cells_of(params), strict=True) if cell.values != own.values}
    named = {f"train@{name}" for name, variant in params.drawn.items() if variant.dataset == "hcoco"}
    assert changed == {*named, "name_data", "report"}


def test_files_of_a_users_folder_count_by_name_size_and_time(params, tmp_path):
    tree = params.model_dump()
    tree["profiles"][params.profile]["sources"]["photographs"] = {"kind": "folder", "folder": f"{tmp_path}", "category": "", "licence": ""}
    own = Params.model_validate(tree)
    found = []
    for name, text in (
        ("photographs/a.jpg", "a"),
        ("masks/a.png", "a"),
        ("masks/a.png", "bb"),
        ("photographs/b.jpg", "b"),
        ("notes.txt", "a"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        found.append(json.dumps(values_of(own, "download_annotations", "photographs")))
    assert len(set(found)) == 4
    assert found[-1] == found[-2]  # what is none of its parts


def test_what_the_cells_know_of_the_library_is_so():
    assert {kind for kind, source in SOURCES.items() if source.compose is not None} == cells.COMPOSED
    assert set(DECOMPOSITIONS) >= cells.OWN_DECOMPOSITIONS
    assert set(load_params(ROOT / "params.yaml").baselines) <= set(BASELINES)
