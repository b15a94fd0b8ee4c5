"""Photographs, masks and places for results that ``harmonize PHOTO MASK -o OUT`` is given."""

import io
import os
import socket
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from benchmarks.hostile.attempts import IN, OUT, Attempt, Verdict
from benchmarks.hostile.damage import damaged
from imharmony import cli
from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.inference import harmonize
from imharmony.networks.harmonizer import build_harmonizer

HEIGHT, WIDTH = 40, 52
ARCHITECTURE = {"name": "unet", "width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"}
RESULT = Path(OUT, "result.png")
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF", "bmp": "BMP", "gif": "GIF"}
OTHERS = ("AVIF", "DDS", "EPS", "ICNS", "ICO", "IM", "JPEG2000", "MSP", "PCX", "PDF", "PPM", "SGI", "SPIDER", "TGA", "XBM")
PHOTO, MASK, MODEL = "photo", "mask", "model"


@cache
def photograph() -> np.ndarray:
    """The base: uint8 (H, W, 3), smooth and noisy."""
    rng = np.random.default_rng(3)
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.stack([down * 4 + 20, across * 3 + 30, 200 - down - across], -1)
    return np.clip(smooth + rng.integers(-9, 10, smooth.shape), 0, 255).astype(np.uint8)


@cache
def region() -> np.ndarray:
    """The base mask: uint8 (H, W), 0 and 255."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:30, 14:34] = 255
    return mask


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of a file."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@cache
def model() -> bytes:
    """A small harmonizer's file; its weights are what a network begins with."""
    path = Path(f"/tmp/.hostile-{os.getpid()}.safetensors")
    try:
        save_harmonizer(path, build_harmonizer(**ARCHITECTURE), ARCHITECTURE, {"size_px": str(ARCHITECTURE["size_px"])})
        return path.read_bytes()
    finally:
        path.unlink()


def called(*arguments: object) -> Callable[[], int | None]:
    """The ``harmonize`` command with these arguments."""

    def act() -> int | None:
        sys.argv = ["harmonize", *map(str, arguments)]
        return cli.main()

    return act


def files(**given: bytes | Callable[[Path], object]) -> Callable[[], None]:
    """What puts files into the folder of inputs: photo, mask and model, of which some are given."""

    def prepare() -> None:
        usual = {PHOTO: encoded(Image.fromarray(photograph()), "PNG"), MASK: encoded(Image.fromarray(region()), "PNG"), MODEL: model()}
        for name, content in (usual | given).items():
            path = Path(IN, name)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content(path)

    return prepare


def harmonized(*options: object, out: Path | str = RESULT) -> Callable[[], int | None]:
    """The command on the three files."""
    return called(Path(IN, PHOTO), Path(IN, MASK), "-o", out, "--model", Path(IN, MODEL), *options)


def whole_result(path: Path = RESULT) -> Verdict:
    """What is wrong with the picture that was made, as far as a decoder sees it."""
    if not path.is_file():
        return "no result was written"
    with Image.open(path) as image:
        image.load()
        with Image.open(Path(IN, PHOTO)) as photo:
            if sorted(image.size) != sorted(photo.size):
                return f"the result is {image.size}; the photograph {photo.size}"
    return None


def result_of(mask: np.ndarray) -> Verdict:
    """What is wrong unless the result is that of this mask, to within two levels: an edge may be rounded otherwise."""
    if wrong := whole_result():
        return wrong
    Path("model").write_bytes(model())
    harmonizer, _ = load_harmonizer(Path("model"))
    expected = harmonize(photograph(), mask, harmonizer=harmonizer, size_px=32)
    with Image.open(RESULT) as image:
        off = np.abs(np.asarray(image.convert("RGB")).astype(int) - expected)
    return f"the result is up to {off.max()} levels off that of the mask that is meant" if off.max() > 2 else None


def damaged_files() -> Iterator[Attempt]:
    """Every damage to a photograph, a mask and a model, in every format."""
    for form, name in FORMATS.items():
        for role, picture in ((PHOTO, photograph()), (MASK, region())):
            data = encoded(Image.fromarray(picture), name)
            for what, changed in damaged(data, seed=len(data)):
                yield Attempt(f"{role} damaged", f"{form}: {what}", files(**{role: changed}), harmonized(), whole_result)
    for what, changed in damaged(model(), seed=5, flips=40, cuts=24):
        yield Attempt("model damaged", what, files(model=changed), harmonized(), whole_result)


def modes() -> Iterator[Attempt]:
    """Photographs of every mode that a file can have."""
    rgb = Image.fromarray(photograph())
    alpha = region().copy()
    half = np.full_like(region(), 255)
    half[:, :20] = 0
    grey16 = (np.asarray(rgb.convert("L")).astype(np.uint16) * 257).astype(np.uint16)
    made: dict[str, bytes] = {
        "1": encoded(rgb.convert("1"), "PNG"),
        "L": encoded(rgb.convert("L"), "PNG"),
        "LA": encoded(rgb.convert("LA"), "PNG"),
        "P": encoded(rgb.convert("P"), "PNG"),
        "P with a transparent index": encoded(rgb.convert("P"), "PNG", transparency=7),
        "RGB with a transparent colour": encoded(rgb, "PNG", transparency=(20, 30, 200)),
        "RGBA, half of it hidden": encoded(_with_alpha(half), "PNG"),
        "RGBA, object hidden": encoded(_with_alpha(255 - alpha), "PNG"),
        "RGBA, background hidden": encoded(_with_alpha(alpha), "PNG"),
        "RGBA, all hidden": encoded(_with_alpha(half * 0), "PNG"),
        "RGBA WebP": encoded(_with_alpha(half), "WEBP", lossless=True),
        "RGBA TIFF": encoded(_with_alpha(half), "TIFF"),
        "CMYK JPEG": encoded(rgb.convert("CMYK"), "JPEG"),
        "CMYK TIFF": encoded(rgb.convert("CMYK"), "TIFF"),
        "YCbCr TIFF": encoded(rgb.convert("YCbCr"), "TIFF"),
        "LAB TIFF": encoded(rgb.convert("LAB"), "TIFF"),
        "16 bits": encoded(Image.fromarray(grey16), "PNG"),
        "16 bits, big end first": encoded(Image.frombytes("I;16B", rgb.size, grey16.byteswap().tobytes()), "TIFF"),
        "float 0..1": encoded(Image.fromarray((grey16 / 65535).astype(np.float32)), "TIFF"),
        "float 0..255": encoded(Image.fromarray((grey16 / 257).astype(np.float32)), "TIFF"),
        "float with NaN": encoded(Image.fromarray(np.where(alpha, np.nan, grey16 / 65535).astype(np.float32)), "TIFF"),
        "float, infinite": encoded(Image.fromarray(np.where(alpha, np.inf, 0).astype(np.float32)), "TIFF"),
        "float, negative": encoded(Image.fromarray((-grey16 / 65535).astype(np.float32)), "TIFF"),
        "32 bits": encoded(Image.fromarray(grey16.astype(np.int32)), "TIFF"),
        "several frames": encoded(rgb, "GIF", save_all=True, append_images=[rgb.rotate(180)]),
        "several pages": encoded(rgb, "TIFF", save_all=True, append_images=[rgb.rotate(180)]),
        "animated PNG": encoded(rgb, "PNG", save_all=True, append_images=[rgb.rotate(180)]),
        "MPO": encoded(rgb, "MPO", save_all=True, append_images=[rgb]),
        "interlaced GIF": encoded(rgb.convert("P"), "GIF", interlace=True),
        "progressive JPEG": encoded(rgb, "JPEG", progressive=True),
        "JPEG with a comment of 60,000": encoded(rgb, "JPEG", comment=b"x" * 60_000),
    }
    for name, data in made.items():
        yield Attempt("photo modes", name, files(photo=data), harmonized(), whole_result)
        yield Attempt("photo modes", f"{name}, into JPEG", files(photo=data), harmonized(out=f"{OUT}/result.jpg"), _whole_jpeg)
    for form in OTHERS:
        with_it = {"RGB": rgb, "1": rgb.convert("1"), "L": rgb.convert("L")}
        data = next((done for image in with_it.values() if (done := _saved(image, form))), None)
        if data is not None:
            for role in (PHOTO, MASK):
                yield Attempt("other formats", f"{form} as {role}", files(**{role: data}), harmonized(), whole_result)
    for name, data in {
        "a zip": b"PK\5\6" + bytes(18),
        "a PDF": b"%PDF-1.4\n%%EOF",
        "an SVG": b"<svg/>",
        "PostScript": b"%!PS\nshowpage",
    }.items():
        for role in (PHOTO, MASK, MODEL):
            yield Attempt("other formats", f"{name} as {role}", files(**{role: data}), harmonized(), is_wrong=True)


def _whole_jpeg() -> Verdict:
    return whole_result(Path(OUT, "result.jpg"))


def _saved(image: Image.Image, form: str) -> bytes | None:
    try:
        return encoded(image, form)
    except (OSError, ValueError, KeyError):
        return None


def _with_alpha(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([photograph(), alpha]))


def orientations() -> Iterator[Attempt]:
    """Photographs that EXIF turns, with a mask of the upright and of the stored size; and broken EXIF."""
    for turn in (*range(10), 255, 65535):
        exif = Image.Exif()
        exif[0x0112] = turn
        stored = encoded(Image.fromarray(photograph()), "JPEG", exif=exif)
        upright = encoded(Image.fromarray(region() if turn not in range(5, 9) else region().T.copy()), "PNG")
        yield Attempt("orientation", f"{turn}, mask upright", files(photo=stored, mask=upright), harmonized(), whole_result)
        yield Attempt("orientation", f"{turn}, mask as stored", files(photo=stored), harmonized(), whole_result)
    for number, junk in enumerate((b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\xff" * 200, b"MM\0*" + bytes(60))):
        data = encoded(Image.fromarray(photograph()), "JPEG", exif=junk)
        yield Attempt("orientation", f"broken EXIF {number}", files(photo=data), harmonized(), whole_result)


def sizes() -> Iterator[Attempt]:
    """Photographs and masks of odd, unequal and absurd sizes."""
    for width, height in ((1, 1), (2, 2), (1, 60_000), (60_000, 1), (3, 5), (31, 33), (32, 32), (513, 7)):
        pixels = np.full((height, width, 3), 90, np.uint8)
        mask = np.zeros((height, width), np.uint8)
        mask[: max(height // 2, 1), : max(width // 2, 1)] = 255
        both = {PHOTO: encoded(Image.fromarray(pixels), "PNG"), MASK: encoded(Image.fromarray(mask), "PNG")}
        yield Attempt("sizes", f"{width} x {height}", files(**both), harmonized(), whole_result)
    for name, mask in {
        "half as large": region()[::2, ::2],
        "one row more": np.vstack([region(), region()[:1]]),
        "turned": region().T.copy(),
        "one pixel": np.full((1, 1), 255, np.uint8),
    }.items():
        yield Attempt("sizes", f"mask {name}", files(mask=encoded(Image.fromarray(mask), "PNG")), harmonized(), is_wrong=True)
    for side in ((65_535, 65_535), (0x7FFFFFFF, 1), (0, 0), (1, 0), (100_000, 100_000)):
        for role in (PHOTO, MASK):
            yield Attempt("sizes", f"{role} says {side}", files(**{role: _png_header(*side)}), harmonized(), is_wrong=True)
    for what, make in {"a text that unpacks": _png_with_text, "pixels that unpack": _png_with_pixels}.items():
        written = files(photo=lambda path, make=make: path.write_bytes(make(1 << 30)))
        yield Attempt("sizes", f"{what} to 1 GB", written, harmonized(), whole_result)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_header(width: int, height: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(100))) + _chunk(b"IEND", b"")


def _packed_zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(count >> 20)) + packer.flush()


def _png_with_text(count: int) -> bytes:
    plain = encoded(Image.fromarray(photograph()), "PNG")
    return plain[:33] + _chunk(b"zTXt", b"a\0\0" + _packed_zeros(count)) + plain[33:]


def _png_with_pixels(count: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", _packed_zeros(count)) + _chunk(b"IEND", b"")


def profiles() -> Iterator[Attempt]:
    """Photographs with colour profiles: sound ones, junk, of another kind of colour."""
    rgb = Image.fromarray(photograph())
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    given = {"sRGB": srgb, "one of Lab": lab, "empty": b"", "junk": b"\xff" * 5000, "5 MB": bytes(5 << 20), "half": srgb[: len(srgb) // 2]}
    given |= {f"sRGB: {what}": changed for what, changed in damaged(srgb, seed=11, flips=20, cuts=4)}
    for name, profile in given.items():
        for form in ("PNG", "JPEG", "WEBP"):
            data = _with_profile(rgb, form, profile)
            if data is not None:
                yield Attempt("profiles", f"{name}, {form}", files(photo=data), harmonized(), whole_result)
    for mode in ("L", "CMYK"):
        data = encoded(rgb.convert(mode), "JPEG", icc_profile=srgb)
        yield Attempt("profiles", f"sRGB in {mode}", files(photo=data), harmonized(), whole_result)


def _with_profile(image: Image.Image, form: str, profile: bytes) -> bytes | None:
    try:
        return encoded(image, form, icc_profile=profile)
    except (OSError, ValueError):
        return None


def meanings() -> Iterator[Attempt]:
    """Masks as tools save them: read as what they mean, to the level, or refused."""
    ones = (region() > 0).astype(np.uint8)
    soft = np.clip(region().astype(int) - 55, 0, 255).astype(np.uint8)
    colours = np.zeros((256, 3), np.uint8)
    colours[1:] = np.random.default_rng(0).integers(0, 256, (255, 3))
    greys = np.repeat(np.arange(256)[:, None], 3, 1)
    meant: dict[str, tuple[Image.Image, np.ndarray]] = {
        "0 and 255": (Image.fromarray(region()), region()),
        "bits": (Image.fromarray(region()).convert("1"), region()),
        "0 and 1": (Image.fromarray(ones), region()),
        "0 and 1, RGB": (Image.fromarray(np.dstack([ones] * 3)), region()),
        "soft": (Image.fromarray(soft), soft),
        "16 bits": (Image.fromarray(soft.astype(np.uint16) * 257), soft),
        "16 bits, 0 and 1": (Image.fromarray(ones.astype(np.uint16)), region()),
        "16 bits, 0 and 255": (Image.fromarray(region().astype(np.uint16)), region()),
        "32 bits, 0 and 255": (Image.fromarray(region().astype(np.int32)), region()),
        "float 0..1": (Image.fromarray((soft / 255).astype(np.float32)), soft),
        "float 0..255": (Image.fromarray(soft.astype(np.float32)), soft),
        "grey palette": (_indexed(region(), greys), region()),
        "RGB": (Image.fromarray(np.dstack([region()] * 3)), region()),
        "alpha alone, black": (Image.fromarray(np.dstack([region() * 0] * 3 + [region()])), region()),
        "alpha alone, white": (Image.fromarray(np.dstack([region() * 0 + 255] * 3 + [region()])), region()),
        "alpha and grey agree": (Image.fromarray(np.dstack([region()] * 4)), region()),
        "opaque": (Image.fromarray(np.dstack([region()] * 3 + [region() * 0 + 255])), region()),
        "nearly opaque": (Image.fromarray(np.dstack([region()] * 3 + [255 - (region() > 0).astype(np.uint8) * 2])), region()),
    }
    meant |= {f"labels, {n} is the object": (_indexed(ones * n, colours), region()) for n in (1, 2, 15, 100)}
    void = ones.copy()
    void[9, 14:34] = 255
    meant["labels with a void edge"] = (_indexed(void, colours), region())
    meant |= {f"0 and {n}": (Image.fromarray(ones * np.uint8(n)), region()) for n in (2, 3, 15, 100)}
    for name, (image, mask) in meant.items():
        for form in ("PNG", "TIFF"):
            data = _saved(image, form)
            if data is not None:
                yield Attempt("mask meanings", f"{name}, {form}", files(mask=data), harmonized(), partial(result_of, mask))
    inverse = np.dstack([region()] * 3 + [255 - region()])
    empty = {"black": region() * 0, "white": region() * 0 + 255, "alpha and grey disagree": inverse}
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 0] = region()
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for name, pixels in (empty | {"colour noise": noise}).items():
        yield Attempt("mask meanings", name, files(mask=encoded(Image.fromarray(pixels), "PNG")), harmonized(), is_wrong=True)
    red_data = encoded(Image.fromarray(red), "PNG")
    yield Attempt("mask meanings", "drawn in red", files(mask=red_data), harmonized(), partial(result_of, region()))
    for name, value in {"NaN": np.nan, "infinite": np.inf, "minus one": -1.0, "a thousand": 1000.0}.items():
        data = encoded(Image.fromarray(np.where(region() > 0, value, 0).astype(np.float32)), "TIFF")
        yield Attempt("mask meanings", f"float, {name}", files(mask=data), harmonized(), is_wrong=True)


def _indexed(indices: np.ndarray, colours: np.ndarray) -> Image.Image:
    image = Image.frombytes("P", indices.shape[::-1], indices.astype(np.uint8).tobytes())
    image.putpalette(colours.astype(np.uint8).tobytes())
    return image


def no_files() -> Iterator[Attempt]:
    """Folders, pipes, sockets, devices, links and names in the place of files, for each of them."""
    odd: dict[str, Callable[[Path], object]] = {
        "a folder": Path.mkdir,
        "a pipe": os.mkfifo,
        "a socket": _socket,
        "a device that never ends": lambda path: path.symlink_to("/dev/zero"),
        "a device without end or bytes": lambda path: path.symlink_to("/dev/null"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a link to nothing": lambda path: path.symlink_to("nowhere"),
        "absent": lambda _: None,
    }
    for what, make in odd.items():
        for role in (PHOTO, MASK, MODEL):
            yield Attempt("no files", f"{role} is {what}", files(**{role: make}), harmonized(), is_wrong=True)
    names = {"300 letters": "n" * 300, "empty": "", "a surrogate": "\udcff", "a folder's": "in/", "proc": "/proc/self/mem"}
    for what, name in names.items():
        for place in range(4):
            arguments: list[object] = [Path(IN, PHOTO), Path(IN, MASK), RESULT, "--model", Path(IN, MODEL)]
            arguments[(0, 1, 2, 4)[place]] = name
            yield Attempt("no files", f"name {what} at {place}", files(), called(*arguments), is_wrong=what != "a surrogate" or place != 2)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def results() -> Iterator[Attempt]:
    """Places to which nothing can, or nothing should be written."""
    for name, out in {
        "a folder": IN,
        "below a file": f"{IN}/photo/result.png",
        "in a folder that is not there": f"{OUT}/a/b/c.png",
        "a file of the system": "/proc/result.png",
        "another ending": f"{OUT}/result.gif",
        "no ending": f"{OUT}/result",
        "two endings": f"{OUT}/result.png.exe",
        "ending alone": f"{OUT}/.png",
        "upper case": f"{OUT}/RESULT.PNG",
        "300 letters": f"{OUT}/{'n' * 300}.png",
    }.items():
        yield Attempt("places of results", name, files(), harmonized(out=out))
    yield Attempt("places of results", "a full disk", files(), harmonized(out="/dev/full"), is_wrong=True)
    for role in (PHOTO, MASK, MODEL):
        yield Attempt("places of results", f"the {role} itself", files(), harmonized(out=f"{IN}/{role}"), is_wrong=True)
    for name, options in {
        "no model": (["--model"]),
        "a direction that is none": (["--direction", "up"]),
        "an unknown option": (["--oops"]),
        "one picture too many": ([f"{IN}/photo"]),
        "--intrinsic that is no file": (["--intrinsic", "nowhere"]),
    }.items():
        yield Attempt("places of results", name, files(), harmonized(*options))


def attempts() -> Iterator[Attempt]:
    """All of them."""
    for kind in (damaged_files, modes, orientations, sizes, profiles, meanings, no_files, results):
        yield from kind()
