"""Data sets of composites, own folders, portraits, and pictures and tables that are to be scored."""

import io
import os
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.hostile.attempts import IN, OUT, Attempt, Verdict
from benchmarks.hostile.damage import JUNK, damaged
from benchmarks.hostile.pictures import HEIGHT, WIDTH, called, encoded, photograph, region
from imharmony.errors import exit_code_of
from imharmony.pictures.images import encode_jpeg, encode_png, read_rgb
from imharmony.sources.kinds import SOURCES
from tests.datasets import made

Files = dict[str, bytes]
SET = Path(IN, "set")
OUTPUTS = Path(IN, "outputs")
NEW = Path(OUT, "result")


def written(given: Files, root: Path = Path(IN)) -> None:
    """Writes files and the folders above them."""
    for name, data in given.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@cache
def composites() -> Files:
    """A small folder of composites of ours."""
    with tempfile.TemporaryDirectory() as name:
        root = made(Path(name))
        return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


@cache
def manifest() -> pa.Table:
    """Its manifest."""
    return pq.read_table(io.BytesIO(composites()["manifest.parquet"]))


def _with_set(change: Callable[[Path], object] = lambda _: None) -> Callable[[], None]:
    def prepare() -> None:
        written({f"set/{name}": data for name, data in composites().items()})
        change(SET)

    return prepare


def _looks(then: str) -> tuple[Callable[[], int | None], tuple[int, ...]]:
    return {
        "check": (called("dataset", "check", SET, "--workers", 1), (0, 1)),
        "export": (called("dataset", "export", SET, NEW, "--layout", "iharmony4"), (0,)),
        "sheet": (called("dataset", "sheet", SET, f"{OUT}/result.png"), (0,)),
        "create": (
            called("study", "create", "--dataset", SET, "--method", f"m={OUTPUTS}", "--out", NEW, "--images", 1, "--size", 16),
            (0,),
        ),
    }[then]


def manifests() -> Iterator[Attempt]:
    """The manifest and the shards of a data set: columns missing, of other types, with other values; files damaged."""
    table = manifest()
    changes: dict[str, Callable[[Path], object]] = {"sound": lambda _: None}
    for position, field in enumerate(table.schema):
        changes[f"{field.name} missing"] = _rewritten(table.remove_column(position))
        nulls = pa.nulls(table.num_rows, field.type)
        changes[f"{field.name} null"] = _rewritten(table.set_column(position, field.name, nulls))
        texts = pa.array(["²"] * table.num_rows)
        changes[f"{field.name} a text"] = _rewritten(table.set_column(position, field.name, texts))
        far = pa.array([1 << 40] * table.num_rows) if not pa.types.is_string(field.type) else pa.array(["../../x\n"] * table.num_rows)
        changes[f"{field.name} far off"] = _rewritten(table.set_column(position, field.name, far))
    changes["no rows"] = _rewritten(table.slice(0, 0))
    changes["rows twice"] = _rewritten(pa.concat_tables([table, table]))
    for name in ("manifest.parquet", "shard-00000.arrow"):
        changes[f"{name} missing"] = lambda root, name=name: (root / name).unlink()
        changes[f"{name} a folder"] = lambda root, name=name: ((root / name).unlink(), (root / name).mkdir())
        for what, data in damaged(composites()[name], seed=4, flips=8, cuts=4):
            changes[f"{name}: {what}"] = lambda root, name=name, data=data: (root / name).write_bytes(data)
    for what, change in changes.items():
        for then in ("check", "export", "sheet", "create"):
            act, codes = _looks(then)
            prepare = _with_set(change) if then != "create" else partial(_with_outputs, change)
            yield Attempt("data sets of ours", f"{then}: {what}", prepare, act, codes=codes)


def _rewritten(table: pa.Table) -> Callable[[Path], None]:
    return lambda root: pq.write_table(table, root / "manifest.parquet")


def _with_outputs(change: Callable[[Path], object] = lambda _: None, then: Callable[[], object] = lambda: None) -> None:
    _with_set()()
    OUTPUTS.mkdir()
    for row in manifest().to_pylist():
        pixels = np.resize(photograph(), (row["height"], row["width"], 3))
        (OUTPUTS / f"{row['sample_id']}.png").write_bytes(encode_png(pixels))
    change(SET)
    then()


def scores() -> Iterator[Attempt]:
    """Pictures that another method made, and tables of scores."""
    first = manifest().filter(pa.compute.field("split") == "test").to_pylist()[0]
    name, size = first["sample_id"], (first["height"], first["width"])
    pixels = np.resize(photograph(), (*size, 3))
    image = Image.fromarray(pixels)
    alpha = Image.fromarray(np.dstack([pixels, pixels[..., 0]]))
    wrong = {
        "with alpha": encoded(alpha, "PNG"),
        "of 16 bits": encoded(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), "PNG"),
        "of another size": encoded(image.resize((9, 9)), "PNG"),
    }
    odd = wrong | dict(damaged(encoded(image, "PNG"), seed=6, flips=20, cuts=8))
    score = called("score", "--outputs", OUTPUTS, "--dataset", SET, "--size", 32, "--out", f"{OUT}/result.csv")
    for what, data in odd.items():
        put = partial(_put, OUTPUTS / f"{name}.png", data)
        yield Attempt("pictures to score", what, partial(_with_outputs, then=put), score, _table_made, is_wrong=what in wrong)
    places: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo,
        "a folder": Path.mkdir,
        "absent": lambda _: None,
        "a link to itself": lambda path: path.symlink_to(path.name),
        "an endless device": lambda path: path.symlink_to("/dev/zero"),
    }
    for what, make in places.items():
        put = partial(_instead, OUTPUTS / f"{name}.png", make)
        yield Attempt("pictures to score", what, partial(_with_outputs, then=put), score, is_wrong=True)
    for option in ("--size", "--split", "--method", "--lpips", "--convention", "--column", "--letters", "--out", "--dataset"):
        for what, value in JUNK.items():
            if isinstance(value, str | int | float) and not ("\0" in str(value) or "\ud800" in str(value)):
                act = called("score", "--outputs", OUTPUTS, "--dataset", SET, "--size", 32, f"{option}={value}")
                yield Attempt("pictures to score", f"{option} {what}", _with_outputs, act)
    rows = [f"{row['sample_id']},12.5,30.25" for row in manifest().to_pylist() if row["split"] == "test"]
    sound = "\n".join(["name,mse,psnr", *rows]).encode()
    tables = dict(damaged(sound, seed=7, flips=30, cuts=8))
    tables |= {
        "sound": sound,
        "with a BOM": b"\xef\xbb\xbf" + sound,
        "UTF-16": sound.decode().encode("utf-16"),
        "Latin-1": sound.replace(b"name", b"n\xe4me"),
        "NaN": sound.replace(b"12.5", b"nan", 1),
        "infinite": sound.replace(b"30.25", b"inf"),
        "negative": sound.replace(b"12.5", b"-12.5"),
        "a name twice": sound + b"\n" + rows[0].encode(),
        "a row short": b"\n".join(sound.split(b"\n")[:-1]),
        "quotes that do not end": sound.replace(b"12.5", b'"12.5', 1),
        "semicolons": sound.replace(b",", b";"),
        "a column twice": sound.replace(b"name,mse,psnr", b"name,mse,mse"),
        "a cell of 1 MB": sound.replace(b"12.5", b"1" * (1 << 20), 1),
        "superscripts": sound.replace(b"12.5", "²".encode(), 1),
    }
    ways = ("--column", "name=name", "--column", "mse=mse", "--column", "psnr_255=psnr", "--convention", "exact")
    act = called("score", "--table", Path(IN, "table.csv"), "--dataset", SET, "--size", 32, *ways, "--out", f"{OUT}/result.csv")
    for what, data in tables.items():
        put = partial(_put, Path(IN, "table.csv"), data)
        yield Attempt("tables of scores", what, partial(_with_outputs, then=put), act, _table_made)


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _table_made() -> Verdict:
    return None if Path(OUT, "result.csv").is_file() else "no table was written"


def folders() -> Iterator[Attempt]:
    """Folders with the user's own photographs and masks."""
    jpeg, mask = encode_jpeg(photograph()), encode_png(region())
    sound = {f"photographs/p{n}.jpg": jpeg for n in range(3)} | {f"masks/p{n}.png": mask for n in range(3)}
    ones = encoded(Image.fromarray((region() > 0).astype(np.uint8)), "PNG")
    composed, taken_apart = (unicodedata.normalize(form, "ä") for form in ("NFC", "NFD"))
    given: dict[str, tuple[Files, int | None]] = {
        "sound": (sound, 3),
        "Thumbs.db": (sound | {"photographs/Thumbs.db": b"\xd0\xcf", "masks/Thumbs.db": b"\xd0\xcf"}, 3),
        "desktop.ini": (sound | {"photographs/desktop.ini": b"[x]"}, 3),
        "macOS": (sound | {"photographs/.DS_Store": b"1", "masks/._p0.png": b"2", "photographs/._p0.jpg": b"3"}, 3),
        "a note": (sound | {"photographs/readme.txt": b"hello", "masks/notes.md": b"x"}, 3),
        "a list": (sound | {"masks/labels.csv": b"a,b"}, 3),
        "names of two forms": ({f"photographs/{composed}.jpg": jpeg, f"masks/{taken_apart}.png": mask}, 1),
        "names of two forms, the other way": ({f"photographs/{taken_apart}.jpg": jpeg, f"masks/{composed}_1.png": mask}, 1),
        "upper-case endings": ({"photographs/p.JPG": jpeg, "masks/p.PNG": mask}, 1),
        "masks of 0 and 1": ({"photographs/p.jpg": jpeg, "masks/p.png": ones}, 1),
        "an empty mask": (sound | {"masks/p1.png": encode_png(region() * 0)}, 2),
        "empty masks": ({name: encode_png(region() * 0) if "mask" in name else data for name, data in sound.items()}, None),
        "a mask without photograph": (sound | {"masks/q.png": mask}, None),
        "no masks": ({"photographs/p.jpg": jpeg}, None),
        "no photographs": ({"masks/p.png": mask}, None),
        "nothing": ({}, None),
        "a mask of another size": (sound | {"masks/p1.png": encode_png(region()[::2])}, None),
        "a photograph twice": (sound | {"photographs/p1.png": encode_png(photograph())}, None),
        "a name of blanks": (sound | {"photographs/ .jpg": jpeg, "masks/ .png": mask}, 4),
        "a name of two lines": (sound | {"photographs/a\nb.jpg": jpeg, "masks/a\nb.png": mask}, 4),
        "shell words": (sound | {"photographs/$(id);x.jpg": jpeg, "masks/$(id);x.png": mask}, 4),
        "an empty photograph": (sound | {"photographs/p1.jpg": b""}, None),
    }
    for what, (content, count) in given.items():
        judge = partial(_listed_masks, count)
        yield Attempt("own folders", what, partial(written, content), _folder_listed, judge, is_wrong=count is None)
    for what, data in damaged(jpeg, seed=8, flips=20, cuts=6):
        yield Attempt(
            "own folders", f"photograph: {what}", partial(written, sound | {"photographs/p1.jpg": data}), _folder_listed, _sound_areas
        )
    for what, data in damaged(mask, seed=9, flips=20, cuts=6):
        yield Attempt("own folders", f"mask: {what}", partial(written, sound | {"masks/p1.png": data}), _folder_listed, _sound_areas)
    for number, name in enumerate((os.fsdecode(b"\xff.jpg"), "n" * 240 + ".jpg", "a" * 80 + ".b" * 70 + ".jpg")):
        content = sound | {f"photographs/{name}": jpeg, f"masks/{name[:-4]}.png": mask}
        yield Attempt("own folders", f"odd name {number}", partial(written, content), _folder_listed, partial(_listed_masks, 4))


def _folder_listed() -> int:
    given = {"folder": IN, "category": "person", "licence": "own", "workers": 1}
    return exit_code_of(lambda: SOURCES["folder"].list(out=Path(OUT), work=Path(OUT, "work"), **given))


def _areas() -> list[float]:
    return pq.read_table(Path(OUT, "instances.parquet"))["area_px"].to_pylist()


def _listed_masks(count: int | None) -> Verdict:
    return None if len(_areas()) == count and min(_areas()) > 0 else f"areas {_areas()}; expected {count}, none of them empty"


def _sound_areas() -> Verdict:
    return None if _areas() and min(_areas()) > 0 else f"areas {_areas()}"


def subsets() -> Iterator[Attempt]:
    """Sets in iHarmony4's layout, as its forks hand them out."""
    import_it = called("dataset", "import", SET, NEW, "--layout", "iharmony4", "--subset", "HCOCO", "--val", 0, "--workers", 1)
    check_it = called("dataset", "check", SET, "--workers", 1)
    names = [f"c{n}_7_1.jpg" for n in range(1, 5)]
    lists = {"train": names[:3], "test": names[3:]}

    def all_lists(form: Callable[[str], str], end: str = "\n", code: str = "utf-8", whole: bool = False) -> Files:
        path = "set/IHD_{}.txt" if whole else "set/HCOCO/HCOCO_{}.txt"
        return {path.format(split): end.join([*map(form, some), ""]).encode(code) for split, some in lists.items()}

    plain = all_lists(str)
    base = _subset() | plain
    without = _subset()
    given: dict[str, tuple[Files, bool]] = {
        "sound": (base, True),
        "BOM": (without | all_lists(str, code="utf-8-sig"), True),
        "UTF-16": (without | all_lists(str, code="utf-16"), False),
        "Windows' line ends": (without | all_lists(str, end="\r\n"), True),
        "blank lines": (without | all_lists(str, end="\n\n  \n"), True),
        "paths": (without | all_lists("HCOCO/composite_images/{}".format), True),
        "paths below": (without | all_lists("composite_images/{}".format), True),
        "Windows' paths": (without | all_lists("HCOCO\\composite_images\\{}".format), True),
        "only IHD lists": (without | all_lists("HCOCO/composite_images/{}".format, whole=True), True),
        "only IHD lists, of others too": (
            without | all_lists("HCOCO/composite_images/{}".format, end="\nHFlickr/composite_images/f1_1_1.jpg\n", whole=True),
            True,
        ),
        "no lists": (without, False),
        "empty lists": (without | dict.fromkeys(plain, b""), False),
        "lists that name nothing there": (without | all_lists(lambda name: f"x{name}"), False),
        "paths up": (without | all_lists("../../{}".format), False),
        "PNG in lists": (without | all_lists(lambda name: name.replace("jpg", "png")), True),
        "masks as JPEG": (_subset(mask=("jpg", encoded(Image.fromarray(region()), "JPEG", quality=95))) | plain, True),
        "masks of 0 and 1": (_subset(mask=("png", encoded(Image.fromarray((region() > 0).astype(np.uint8)), "PNG"))) | plain, True),
        "composites as PNG": (_subset(ending="png") | plain, True),
        "upper-case endings": (_subset(ending="JPG") | all_lists(lambda name: name.replace("jpg", "JPG")), True),
        "Latin-1": (without | {name: data + b"\xe4.jpg\n" for name, data in plain.items()}, False),
    }
    for what, (content, is_sound) in given.items():
        judge = _imported if is_sound else _imported_something
        yield Attempt("iHarmony4 sets", f"import: {what}", partial(written, content), import_it, judge)
        yield Attempt("iHarmony4 sets", f"check: {what}", partial(written, content), check_it, codes=(0, 1))
    for name, data in plain.items():
        for what, changed in damaged(data, seed=10, flips=12, cuts=4):
            yield Attempt("iHarmony4 sets", f"{name}: {what}", partial(written, base | {name: changed}), import_it, _imported_something)
    for folder in ("composite_images/c1_7_1.jpg", "masks/c1_7.png", "real_images/c1.jpg"):
        for what, changed in damaged(base[f"set/HCOCO/{folder}"], seed=11, flips=8, cuts=3):
            content = base | {f"set/HCOCO/{folder}": changed}
            yield Attempt("iHarmony4 sets", f"{folder}: {what}", partial(written, content), import_it, _imported_something)
            yield Attempt("iHarmony4 sets", f"check, {folder}: {what}", partial(written, content), check_it, codes=(0, 1))


@cache
def _pixels() -> tuple[bytes, bytes]:
    brighter = np.where(region()[..., None] > 0, np.clip(photograph() * 1.3, 0, 255), photograph()).astype(np.uint8)
    return encode_jpeg(photograph()), encode_jpeg(brighter)


def _subset(*, ending: str = "jpg", mask: tuple[str, bytes] | None = None) -> Files:
    real, composite = _pixels()
    mask_ending, mask_data = mask or ("png", encode_png(region()))
    files: Files = {}
    for n in range(1, 5):
        files[f"set/HCOCO/composite_images/c{n}_7_1.{ending}"] = composite
        files[f"set/HCOCO/masks/c{n}_7.{mask_ending}"] = mask_data
        files[f"set/HCOCO/real_images/c{n}.jpg"] = real
    return files


def _imported() -> Verdict:
    rows = pq.read_table(NEW / "manifest.parquet").num_rows
    return None if rows == 4 else f"{rows} composites; expected 4"


def _imported_something() -> Verdict:
    return None if pq.read_table(NEW / "manifest.parquet").num_rows else "a data set without composites"


def portraits() -> Iterator[Attempt]:
    """Archives of portraits for ``dataset paste``."""
    matte = encoded(Image.fromarray(np.dstack([photograph(), region()])), "PNG")
    jpeg = encode_jpeg(photograph())

    def archive(changes: dict[int, tuple[bytes | None, bytes | None]], way: int = zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", way) as opened:
            for n in range(6):
                photo, alpha = changes.get(n, (jpeg, matte))
                for name, data in ((f"clip_img/1/clip_0/{n}.jpg", photo), (f"matting/1/matting_0/{n}.png", alpha)):
                    if data is not None:
                        opened.writestr(name, data)
        return stream.getvalue()

    backgrounds = {"places/a.jpg": jpeg, "places/b.jpg": jpeg}
    given: dict[str, Files] = {"sound": {"p.zip": archive({})} | backgrounds}
    given["a matte without alpha"] = {"p.zip": archive({2: (jpeg, encode_png(photograph()))})} | backgrounds
    given["a photograph missing"] = {"p.zip": archive({2: (None, matte)})} | backgrounds
    given["every matte without alpha"] = {"p.zip": archive({n: (jpeg, encode_png(photograph())) for n in range(6)})} | backgrounds
    given["a place that is broken"] = {"p.zip": archive({}), "places/c.jpg": jpeg[:300]} | backgrounds
    given["all places broken"] = {"p.zip": archive({}), "places/c.jpg": jpeg[:300]}
    given["no places"] = {"p.zip": archive({}), "places/c.txt": b"x"}
    for what, data in damaged(archive({}), seed=12, flips=20, cuts=6):
        given[f"zip: {what}"] = {"p.zip": data} | backgrounds
    for what, data in damaged(matte, seed=13, flips=10, cuts=4):
        given[f"matte: {what}"] = {"p.zip": archive({1: (jpeg, data)})} | backgrounds
    paste = called("dataset", "paste", Path(IN, "p.zip"), Path(IN, "places"), NEW, "--count", 12)
    refused = ("every matte without alpha", "all places broken", "no places")
    for what, content in given.items():
        yield Attempt("portraits to paste", what, partial(written, content), paste, _pasted, is_wrong=what in refused)


def _pasted() -> Verdict:
    rows = pq.read_table(NEW / "manifest.parquet").num_rows
    pictures: list[Any] = [read_rgb(path) for path in (NEW / "composites").iterdir()]
    is_whole = rows == len(pictures) == 12 and all(picture.shape == (HEIGHT, WIDTH, 3) for picture in pictures)
    return None if is_whole else f"{rows} rows, {len(pictures)} pictures"


def attempts() -> Iterator[Attempt]:
    """All of them."""
    for kind in (manifests, scores, folders, subsets, portraits):
        yield from kind()
