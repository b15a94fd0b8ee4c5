"""``harmonize detect PHOTO`` and ``harmonize PHOTO --detect`` with the photographs that people have, and with odd ones."""

import cv2
import numpy as np
import pytest
from PIL import Image

from imharmony.harmonizing.detection import ALL
from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask
from tests.imharmony.commands.test_detect import call, correct, detectors, folder, look, photograph  # noqa: F401

pytestmark = pytest.mark.usefixtures("folder")  # it is ``tmp_path``


def saved_kinds(tmp_path):
    """The same photograph as files of many kinds, by name."""
    photo = photograph()
    image = Image.fromarray(photo)
    cv2.imwrite(str(tmp_path / "deep.png"), photo[..., ::-1].astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "grey.png"), photo[..., 0])
    image.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    image.save(tmp_path / "plain.jpg", quality=95)
    exif = Image.Exif()
    exif[274] = 6  # is shown a quarter turned to the right
    Image.fromarray(np.ascontiguousarray(np.rot90(photo))).save(tmp_path / "turned.png", exif=exif)
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:, 60:] = 0
    Image.fromarray(np.dstack([photo, alpha])).save(tmp_path / "alpha.png")
    Image.fromarray(photo[:1, :1]).save(tmp_path / "pixel.png")
    Image.fromarray(np.tile(photo[30:32], (1, 40, 1))[:, :3000]).save(tmp_path / "wide.png")


@pytest.mark.parametrize("name", ["deep.png", "cmyk.jpg", "plain.jpg", "turned.png", "alpha.png"])
def test_what_is_found_in_files_of_every_kind(monkeypatch, tmp_path, capsys, name):
    saved_kinds(tmp_path)
    look(monkeypatch, name)
    stem = name.partition(".")[0]
    assert capsys.readouterr().out.startswith("what is on the left ")
    mask = read_mask(tmp_path / f"{stem}_mask.png")
    assert mask.shape == (60, 80)
    assert (mask[30, 18] > 200, mask[:, 40:].max()) == (True, 0)
    correct(monkeypatch, name)
    assert "what is on the left " in capsys.readouterr().out
    call(monkeypatch, name, f"{stem}_mask.png", "-o", f"again{name[len(stem) :]}")
    assert (tmp_path / f"{stem}_harmonized{name[len(stem) :]}").read_bytes() == (tmp_path / f"again{name[len(stem) :]}").read_bytes()


@pytest.mark.parametrize("name", ["grey.png", "pixel.png", "wide.png"])
@pytest.mark.parametrize("detector", ["seeing.onnx", "blind.onnx", "certain.onnx"])
def test_odd_pictures_end_well(monkeypatch, tmp_path, capsys, name, detector):
    saved_kinds(tmp_path)
    before = (tmp_path / name).read_bytes()
    look(monkeypatch, name, "-o", "out", detector=detector)
    correct(monkeypatch, name, "-o", "out.png", detector=detector)
    said = capsys.readouterr().out
    shape = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED).shape
    assert cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED).shape == shape
    assert (tmp_path / name).read_bytes() == before
    if detector == "blind.onnx":
        assert said.count("nothing found") == 2
    if detector == "certain.onnx":
        assert said.count(ALL) == 2
    if detector != "seeing.onnx" or name == "pixel.png":
        assert (read_rgb(tmp_path / "out.png") == read_rgb(tmp_path / name)).all()


def test_sixteen_bits_stay_where_nothing_is_found(monkeypatch, tmp_path):
    saved_kinds(tmp_path)
    correct(monkeypatch, "deep.png", detector="blind.onnx")
    made, given = (cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED) for name in ("deep_harmonized.png", "deep.png"))
    assert made.dtype == np.uint16
    assert np.array_equal(made, given)
