"""COCO's instances json, segmentations, and archives, as tools, strangers and broken disks leave them."""

import gzip
import io
import json
import random
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from benchmarks.hostile.attempts import IN, OUT, Attempt, Verdict
from benchmarks.hostile.damage import DEEP, JUNK, changed_trees, damaged
from benchmarks.hostile.pictures import encoded, photograph
from imharmony.errors import exit_code_of
from imharmony.pictures.masks import DegenerateSegmentationError, decode_segmentation
from imharmony.sources.kinds import SOURCES

SPLIT = "train2017"
JSON = Path(IN, "annotations", f"instances_{SPLIT}.json")
WEB = {"parallel": 1, "attempts": 1, "timeout_seconds": 5.0}
SQUARE = [4.0, 4.0, 20.0, 4.0, 20.0, 20.0, 4.0, 20.0]


@cache
def content() -> dict[str, Any]:
    """A sound json of three photographs: polygons, run lengths, a crowd."""
    counts = [52 * 40 - 400, 400]
    shapes: list[Any] = [[SQUARE], {"counts": counts, "size": [40, 52]}, [SQUARE, [30.0, 5.0, 40.0, 5.0, 40.0, 15.0]]]
    image = {"width": 52, "height": 40, "license": 1, "coco_url": "http://localhost/x.jpg"}
    one = {"category_id": 1, "area": 256.0, "bbox": [4.0, 4.0, 16.0, 16.0]}
    return {
        "licenses": [{"id": 1, "name": "Attribution License"}],
        "categories": [{"id": 1, "name": "person"}],
        "images": [{"id": n, "file_name": f"{n:012d}.jpg"} | image for n in (1, 2, 3)],
        "annotations": [
            {"id": 10 + n, "image_id": n, "iscrowd": int(n == 2), "segmentation": shape} | one for n, shape in enumerate(shapes, 1)
        ],
    }


def texts(tree: object) -> bytes:
    """A tree as json; what json cannot say, as Python says it."""
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def mirror(data: bytes) -> Callable[[], None]:
    """A folder in COCO's layout with this json."""

    def prepare() -> None:
        JSON.parent.mkdir()
        Path(IN, SPLIT).mkdir()
        JSON.write_bytes(data)
        for image in content()["images"]:
            Path(IN, SPLIT, image["file_name"]).write_bytes(encoded(Image.fromarray(photograph()), "JPEG"))

    return prepare


def listed() -> int:
    """Lists the mirror into ``out`` as a stage does."""
    given = {"mirror": str(Path(IN).resolve()), "splits": [SPLIT], "workers": 1} | WEB
    return exit_code_of(lambda: SOURCES["coco"].list(out=Path(OUT), work=Path(OUT, "work"), **given))


def sound_listing(at_least: int = 0) -> Verdict:
    """What is wrong with the tables: rows that no mask can be made of must say so, and nothing may be out of bounds."""
    photographs, instances = (pq.read_table(Path(OUT, f"{name}.parquet")) for name in ("photographs", "instances"))
    if instances.num_rows < at_least:
        return f"{instances.num_rows} instances; expected {at_least}"
    ids = set(photographs["image_id"].to_pylist())
    for row in instances.to_pylist():
        if row["image_id"] not in ids:
            return f"an instance of photograph {row['image_id']}, which is not listed"
        try:
            mask = decode_segmentation(row["segmentation"], width=row["width"], height=row["height"])
        except DegenerateSegmentationError:
            continue
        if mask.shape != (row["height"], row["width"]) or mask.max(initial=0) > 1:
            return f"a mask of {mask.shape}"
    return None


def jsons() -> Iterator[Attempt]:
    """The json damaged, of other encodings, and with every value missing or of every other type."""
    sound = texts(content())
    yield Attempt("COCO json", "sound", mirror(sound), listed, partial(sound_listing, 3))
    for name, data in damaged(sound, seed=1, flips=30, cuts=12):
        yield Attempt("COCO json", name, mirror(data), listed, sound_listing)
    for name, tree in changed_trees(content()):
        yield Attempt("COCO json", name, mirror(texts(tree)), listed, sound_listing)
    named = content() | {"categories": [{"id": 1, "name": "Mütze"}]}
    text = json.dumps(named, ensure_ascii=False)
    for code in ("utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-32", "cp1252"):
        yield Attempt("COCO json", f"as {code}", mirror(text.encode(code)), listed, sound_listing)
    yield Attempt("COCO json", "packed by gzip", mirror(gzip.compress(sound)), listed, sound_listing)
    for name, data in {
        "lists in lists": b"[" * DEEP + b"]" * DEEP,
        "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        "a deep segmentation": sound.replace(texts(SQUARE), b"[" * DEEP + b"]" * DEEP),
        "a deep key that nobody reads": sound.replace(b'"licenses"', b'"info": ' + b"[" * DEEP + b"]" * DEEP + b', "licenses"'),
        "a number of 10,000 digits": sound.replace(b'"id": 11', b'"id": ' + b"9" * 10_000),
        "a key twice": sound.replace(b'"images"', b'"images": [], "images"'),
    }.items():
        yield Attempt("COCO json", name, mirror(data), listed, sound_listing)
    for name, change in _odd_sizes().items():
        tree = content() | {"images": [image | change for image in content()["images"]]}
        yield Attempt("COCO json", f"photographs of {name}", mirror(texts(tree)), listed, sound_listing)


def _odd_sizes() -> dict[str, dict[str, int]]:
    sides = (65_535, 65_536, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 62)
    return {f"{w} x {h}": {"width": w, "height": h} for w in sides for h in (1, *sides)}


def segmentations() -> Iterator[Attempt]:
    """Segmentations alone: a mask that pycocotools would make, or the one error that says that there is none."""
    rng = random.Random(9)
    odd: dict[str, object] = dict(JUNK)
    for number in range(120):
        polygons = [[rng.uniform(-30, 90) for _ in range(2 * rng.randrange(1, 6))] for _ in range(rng.randrange(1, 4))]
        odd[f"polygons {number}"] = polygons
        odd[f"counts {number}"] = {"counts": [rng.randrange(-3, 900) for _ in range(rng.randrange(1, 9))], "size": [40, 52]}
        letters = "".join(chr(rng.randrange(40, 120)) for _ in range(rng.randrange(1, 20)))
        odd[f"letters {number}"] = {"counts": letters, "size": [40, 52]}
    for name, junk in JUNK.items():
        odd |= {f"[{name}]": [junk], f"[[{name}]]": [[junk] * 6], f"counts {name}": {"counts": junk, "size": [40, 52]}}
        odd[f"size {name}"] = {"counts": [2080], "size": junk}
    for name, shape in odd.items():
        data = texts(shape)
        yield Attempt("segmentations", name, lambda: None, partial(_decoded, data))
    for side in (65_535, 65_536, 1 << 20, 1 << 31):
        data = texts({"counts": [side * side], "size": [side, side]})
        yield Attempt("segmentations", f"{side} squared", lambda: None, partial(_decoded, data, side))
        yield Attempt("segmentations", f"a polygon in {side} squared", lambda: None, partial(_decoded, texts([SQUARE]), side))


def _decoded(data: bytes, side: int | None = None) -> int:
    height, width = (40, 52) if side is None else (side, side)
    try:
        mask = decode_segmentation(data, width=width, height=height)
    except DegenerateSegmentationError:
        return 0
    return 0 if mask.shape == (height, width) and mask.max() <= 1 else 1


def archives() -> Iterator[Attempt]:
    """COCO's zip of annotations, damaged, lying, locked, and with names that lead elsewhere."""
    sound = _zip({f"annotations/instances_{SPLIT}.json": texts(content())})
    for name, data in damaged(sound, seed=2, flips=30, cuts=12):
        yield Attempt("archives", name, _zipped(data), listed, sound_listing)
    made: dict[str, bytes | Callable[[], bytes]] = {
        "a member twice": _zip({"annotations/x": b"1"}) + sound,
        "nothing in it": _zip({}),
        "another member": _zip({"annotations/other.json": b"{}"}),
        "a member in a folder more": _zip({f"a/annotations/instances_{SPLIT}.json": texts(content())}),
        "names up": _zip({"../../evil.json": b"{}", f"annotations/instances_{SPLIT}.json": texts(content())}),
        "names of 300 letters": _zip({"n" * 300: b"", f"annotations/instances_{SPLIT}.json": texts(content())}),
        "locked": _locked(sound),
        "blanks that unpack to 1.5 GB": partial(_zip_of_blanks, 1500),
        "size that lies": _lying(sound),
        "bzip2": _zip({f"annotations/instances_{SPLIT}.json": texts(content())}, zipfile.ZIP_BZIP2),
        "a way of packing that is none": sound.replace(b"\x08\x00", b"\x63\x00"),
    }
    for name, data in made.items():
        yield Attempt("archives", name, _zipped(data), listed, sound_listing)
    for name, make in {"a folder": Path.mkdir, "a link to itself": lambda path: path.symlink_to(path.name)}.items():
        yield Attempt("archives", f"{name} as zip", partial(_zip_is, make), listed, is_wrong=True)
        yield Attempt("archives", f"{name} as json", partial(_json_is, make), listed, is_wrong=True)
    yield Attempt("archives", "no mirror", lambda: shutil.rmtree(IN) or Path(IN).mkdir(), listed, is_wrong=True)


def _zip(members: dict[str, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", way) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _zip_of_blanks(mebibytes: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"annotations/instances_{SPLIT}.json", "w") as member:
        for _ in range(mebibytes):
            member.write(b" " * (1 << 20))
    return stream.getvalue()


def _locked(data: bytes) -> bytes:
    """With the flag that says that a password is needed, in both places."""
    changed = bytearray(data)
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        changed[place + at] |= 1
    return bytes(changed)


def _lying(data: bytes) -> bytes:
    changed, place = bytearray(data), data.find(b"PK\1\2")
    changed[place + 24 : place + 28] = struct.pack("<I", 1 << 31)
    return bytes(changed)


def _zipped(data: bytes | Callable[[], bytes]) -> Callable[[], None]:
    def prepare() -> None:
        mirror(b"")()
        JSON.unlink()
        Path(IN, "annotations", "annotations_trainval2017.zip").write_bytes(data if isinstance(data, bytes) else data())

    return prepare


def _zip_is(make: Callable[[Path], object]) -> None:
    mirror(b"")()
    JSON.unlink()
    make(Path(IN, "annotations", "annotations_trainval2017.zip"))


def _json_is(make: Callable[[Path], object]) -> None:
    mirror(b"")()
    JSON.unlink()
    make(JSON)


def attempts() -> Iterator[Attempt]:
    """All of them."""
    for kind in (jsons, segmentations, archives):
        yield from kind()
