"""``params.yaml``, checkpoints and studies' definitions with every value that nobody expects."""

import io
import json
import math
import os
import random
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from ruamel.yaml import YAML
from safetensors import safe_open
from safetensors.torch import save

from benchmarks.hostile.attempts import IN, OUT, Attempt
from benchmarks.hostile.damage import DEEP, JUNK, Keys, changed_trees, damaged, places, with_value, without
from benchmarks.hostile.pictures import ARCHITECTURE, called, files, harmonized, model, whole_result
from benchmarks.hostile.sets import composites, manifest, written
from imharmony.pictures.images import encode_png
from imharmony.storage.weights import KEY
from opinion_study.creation import Plan, create_study
from pipeline import __main__ as pipeline
from tests.workspace import ROOT, shrink

PER_PLACE = 2  # values that are tried at each place of params.yaml
NUMBERS = {"NaN": math.nan, "minus infinite": -math.inf, "minus 30 digits": -(10**30)}
NAMES = ("../../evil", "x;touch PWNED", "$(id)", "", "a\nb", "a b", "n" * 300, "ä", ".", "-x", "a/b", "con:", "x\0", "CON.")


@cache
def parameters() -> dict[str, Any]:
    """The project's parameters, of one small profile."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "params.yaml")
        path.write_bytes((ROOT / "params.yaml").read_bytes())
        shrink(path)
        tree = YAML(typ="safe", pure=True).load(path)
    tree["profiles"] = {"sample": tree["profiles"]["sample"]}
    return tree


def _yaml(tree: object) -> bytes:
    stream = io.BytesIO()
    YAML(typ="safe", pure=True).dump(tree, stream)
    return stream.getvalue()


def _checked() -> int | None:
    os.chdir(IN)
    sys.argv = ["pipeline", "check"]
    return pipeline.main()


def params() -> Iterator[Attempt]:
    """The file damaged, its values of other types and beyond all bounds, and names that are no names."""
    tree = parameters()
    sound = _yaml(tree)
    yield Attempt("params.yaml", "sound", _params(sound), _checked)
    for what, data in damaged(sound, seed=20, flips=20, cuts=6):
        yield Attempt("params.yaml", what, _params(data), _checked)
    rng = random.Random(21)
    for keys in places(tree):
        where = ".".join(map(str, keys))
        if keys[0] == "defaults":
            continue  # what a profile says for itself is not taken from there
        yield Attempt("params.yaml", f"{where} missing", partial(_params_of, partial(without, tree, keys)), _checked)
        value = _at(tree, keys)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        wrong = NUMBERS if is_number else {}
        for name in rng.sample(sorted(JUNK), PER_PLACE) + sorted(wrong):
            junk = wrong[name] if name in wrong else JUNK[name]
            changed = partial(with_value, tree, keys, junk)
            yield Attempt("params.yaml", f"{where} is {name}", partial(_params_of, changed), _checked, is_wrong=name in wrong)
    for number, name in enumerate(NAMES):
        for key in ("catalogue", "profiles.sample.datasets", "profiles.sample.sources", "profiles", "imported"):
            keys = tuple(key.split("."))
            yield Attempt("names", f"{key}: {number}", partial(_params_of, partial(_renamed, keys, name)), _checked, is_wrong=True)
        for key in ("sources", "datasets", "baselines", "studies", "classifiers"):
            changed = partial(with_value, tree | {"studies": []}, (key,), [*tree.get(key, []), name])
            yield Attempt("names", f"{key}: {number}", partial(_params_of, changed), _checked, is_wrong=True)
    for key in ("sources", "datasets", "baselines", "seeds", "preprocessed"):
        twice = partial(with_value, tree, (key,), [*tree[key], tree[key][0]])
        yield Attempt("names", f"{key}: twice", partial(_params_of, twice), _checked, is_wrong=True)
    for name in ("identity", "reinhard", "intrinsic", "composite", "real", "train", "Identity"):
        keys = ("catalogue",)
        yield Attempt("names", f"a variant called {name}", partial(_params_of, partial(_renamed, keys, name)), _checked, is_wrong=True)
    no_identity = partial(with_value, tree, ("baselines",), ["reinhard"])
    yield Attempt("names", "baselines without identity", partial(_params_of, no_identity), _checked, is_wrong=True)
    for what, data in {
        "lists in lists": b"a: " + b"[" * 5000,
        "deeper": b"a: " + b"[" * DEEP,
        "anchors of anchors": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c + 1, c + 1, *[c] * 9) for c in range(97, 107)),
        "a number of 10,000 digits": sound.replace(b"seeds: [0]", b"seeds: [" + b"9" * 10_000 + b"]") + b"\nseeds: " + b"9" * 10_000,
        "tabs": sound.replace(b"  ", b"\t"),
        "a key twice": sound + b"\nprofile: sample\n",
        "Latin-1": sound + b"\n# \xe4\xf6\n",
        "a tag of Python": b"!!python/object/apply:os.system ['touch PWNED']",
        "two documents": sound + b"\n---\n" + sound,
        "conflict marks": b"<<<<<<< HEAD\n" + sound + b"=======\n" + sound + b">>>>>>> other\n",
    }.items():
        yield Attempt("params.yaml", what, _params(data), _checked, is_wrong=True)
    for what, make in {
        "a folder": Path.mkdir,
        "a link to itself": lambda path: path.symlink_to(path.name),
        "absent": lambda _: None,
    }.items():
        yield Attempt("params.yaml", what, partial(make, Path(IN, "params.yaml")), _checked, is_wrong=True)
    yield Attempt("params.yaml", "a pipe", partial(os.mkfifo, Path(IN, "params.yaml")), _checked, is_wrong=True)


def _params(data: bytes) -> Callable[[], object]:
    return lambda: Path(IN, "params.yaml").write_bytes(data)


def _params_of(changed: Callable[[], object]) -> None:
    Path(IN, "params.yaml").write_bytes(_yaml(changed()))


def _at(tree: Any, keys: Keys) -> Any:
    for key in keys:
        tree = tree[key]
    return tree


def _renamed(keys: Keys, name: str) -> Any:
    """The first entry of an object under another name, also where the file refers to it."""
    tree = parameters() | {"imported": parameters().get("imported") or {"outside": {"folder": "somewhere", "datasets": ["people"]}}}
    entries = _at(tree, keys)
    first = next(iter(entries))
    changed = with_value(tree, keys, {name if key == first else key: value for key, value in entries.items()})
    return json.loads(json.dumps(changed).replace(json.dumps(first) + ",", json.dumps(name) + ",")) if keys != ("imported",) else changed


@cache
def _weights() -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "model")
        path.write_bytes(model())
        with safe_open(path, framework="pt") as file:
            return json.loads(file.metadata()[KEY]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a dict


def _checkpoint(metadata: object, tensors: dict[str, torch.Tensor] | None = None) -> bytes:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    return save(tensors or _weights()[1], {KEY: text})


def checkpoints() -> Iterator[Attempt]:
    """Models whose metadata or tensors are not what they should be."""
    metadata, tensors = _weights()
    preprocessing = {"backend": "luminance", "edits": "fitted", "strength": 0.5, "feather_px": 0.0, "seed": 0, "networks_sha256": None}
    full = metadata | {"architecture": dict(ARCHITECTURE), "preprocessing": preprocessing, "input": "intrinsic"}
    for what, tree in changed_trees(full):
        if "\ud800" not in json.dumps(tree, ensure_ascii=False):
            yield Attempt("checkpoints", what, _model(partial(_checkpoint, tree)), harmonized(), whole_result)
    for key, value in {"size_px": 10**6, "width": 10**6, "size_px ": 1 << 20}.items():
        tree = full | {"size_px": str(value), "architecture": ARCHITECTURE | {key.strip(): value}}
        yield Attempt("checkpoints", f"{key} of {value}", _model(partial(_checkpoint, tree)), harmonized(), is_wrong=True)
    for name in ("unet3plus", "idih", "nothing", "affine", "bargain", "__class__"):
        tree = full | {"architecture": ARCHITECTURE | {"name": name}}
        yield Attempt(
            "checkpoints", f"the weights of another network than {name}", _model(partial(_checkpoint, tree)), harmonized(), is_wrong=True
        )
    for value in (math.nan, math.inf, -math.inf):
        for number, key in enumerate(tensors):
            if number % 5 == 0 and tensors[key].is_floating_point():
                changed = tensors | {key: torch.full_like(tensors[key], value)}
                yield Attempt("checkpoints", f"{key} is {value}", _model(partial(_checkpoint, full, changed)), harmonized(), is_wrong=True)
    for text in ("[" * DEEP, "{" * 9, "null", "[]", '"x"', "1", '{"architecture": {}', "\u00b2"):
        yield Attempt("checkpoints", f"metadata {text[:20]}", _model(partial(_checkpoint, text)), harmonized(), is_wrong=True)
    sound = _checkpoint(full)
    for what, size in {"no header": 0, "a header of 2^63": 1 << 63, "a header of 100 MB": 100 << 20, "a header of one": 1}.items():
        data = struct.pack("<Q", size) + sound[8:]
        yield Attempt("checkpoints", what, files(model=data), harmonized(), is_wrong=True)


def _model(make: Callable[[], bytes]) -> Callable[[], None]:
    return files(model=lambda path: path.write_bytes(make()))


@cache
def study_files() -> dict[str, bytes]:
    """A small study of one image."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        written({f"set/{key}": data for key, data in composites().items()}, root)
        for row in manifest().to_pylist():
            pixels = np.full((row["height"], row["width"], 3), 99, np.uint8)
            written({f"outputs/{row['sample_id']}.png": encode_png(pixels)}, root)
        plan = Plan(mode="rating", raters=2, trials=5, checks=1, seed=0)
        create_study(root / "set", root / "study", methods={"m": root / "outputs"}, images=1, size_px=16, split="test", plan=plan)
        return {str(path.relative_to(root)): path.read_bytes() for path in (root / "study").rglob("*") if path.is_file()}


def studies() -> Iterator[Attempt]:
    """A study's definition and votes that are not what they should be, at its report."""
    report = called("study", "report", Path(IN, "study"), "--out", f"{OUT}/result.csv")
    base = study_files()
    definition = msgspec.json.decode(base["study/study.json"])
    yield Attempt("studies", "sound, without votes", partial(written, base), report)
    for what, data in damaged(base["study/study.json"], seed=22, flips=20, cuts=6):
        yield Attempt("studies", what, partial(written, base | {"study/study.json": data}), report)
    for what, tree in changed_trees({key: value for key, value in definition.items() if key not in ("pictures", "orders")}):
        whole = definition | tree if isinstance(tree, dict) else tree
        data = json.dumps(whole).encode("utf-8", "surrogatepass")
        yield Attempt("studies", what, partial(written, base | {"study/study.json": data}), report)
    for what, data in {
        "empty": b"",
        "a text": b"hello",
        "noise": random.Random(1).randbytes(8192),
        "a head": b"SQLite format 3\0" + bytes(4000),
    }.items():
        yield Attempt("studies", f"votes: {what}", partial(written, base | {"study/votes.sqlite": data}), report)
    for name in ("study.json", "votes.sqlite"):
        content = {key: data for key, data in base.items() if not key.endswith(name)} | {f"study/{name}/x": b""}
        for then in ("report", "serve"):
            act = report if then == "report" else called("study", "serve", Path(IN, "study"), "--port", 0)
            yield Attempt("studies", f"{then}: {name} is a folder", partial(written, content), act, is_wrong=True, seconds=15)


def attempts() -> Iterator[Attempt]:
    """All of them."""
    for kind in (params, checkpoints, studies):
        yield from kind()
