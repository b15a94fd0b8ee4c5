"""``imharmony.cut_out``: alpha of what the network sees, the photograph's outline, and what is refused."""

import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

import imharmony
from imharmony.errors import InputError
from imharmony.harmonizing.cutting import cut_out, cutout_of, enlarged, outlined, refined
from imharmony.harmonizing.portraits import load_portrait_network
from imharmony.pictures.images import encode_png
from tests.imharmony.portrait_networks import network_of_brightness, portrait

INSIDE, OUTSIDE = (70, 32), (5, 5)


class Coarse:
    """Sees a sixteenth of the pixels: what is bright there is a person."""

    def alpha(self, photo: np.ndarray) -> np.ndarray:
        small = photo[::4, ::4].mean(axis=2)
        return np.clip((small - 128) / 40 + 0.5, 0, 1).astype(np.float32)


def test_it_is_part_of_the_package():
    assert imharmony.cut_out is cut_out


def test_the_person_is_cut_out_along_the_photographs_own_outline():
    photo = portrait()
    alpha = cut_out(photo, network=Coarse())
    truth = photo.mean(axis=2) > 128
    assert (alpha.shape, alpha.dtype) == (photo.shape[:2], np.uint8)
    assert (alpha[INSIDE], alpha[OUTSIDE]) == (255, 0)
    assert ((alpha > 127) != truth).mean() < 0.01
    assert ((cut_out(photo[:, ::-1], network=Coarse())[:, ::-1] > 127) != truth).mean() < 0.02


@pytest.mark.parametrize("kind", ["path", "pil", "floats", "tensor"])
def test_any_kind_of_picture_gives_the_same_alpha(tmp_path, kind):
    torch = pytest.importorskip("torch")
    photo = portrait()
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    given = {
        "path": tmp_path / "photo.png",
        "pil": Image.fromarray(photo),
        "floats": photo / np.float32(255),
        "tensor": torch.from_numpy(photo.transpose(2, 0, 1).copy()),
    }
    assert (cut_out(given[kind], network=Coarse()) == cut_out(photo, network=Coarse())).all()


def test_what_a_trimap_knows_is_its_own():
    photo = portrait()
    trimap = np.full(photo.shape[:2], 128, np.uint8)
    trimap[:20], trimap[70:] = 255, 0
    alpha = cut_out(photo, network=Coarse(), trimap=trimap)
    assert (alpha[:20] == 255).all()
    assert (alpha[70:] == 0).all()
    assert alpha[60, 32] == 255


def test_with_a_trimap_nobody_need_be_found():
    photo = np.full((40, 40, 3), 30, np.uint8)
    trimap = np.zeros((40, 40), np.uint8)
    trimap[10:30, 10:30], trimap[15:25, 15:25] = 128, 255
    assert cut_out(photo, network=Coarse(), trimap=trimap)[20, 20] == 255


@pytest.mark.parametrize(
    ("photo", "options", "message"),
    [
        (np.full((40, 40, 3), 30, np.uint8), {}, r"photo: no person found .*expected a portrait; say where the person is with a trimap"),
        (np.full((40, 40, 4), 200, np.uint8), {}, "photo: transparent in parts, a cut-out already; expected an opaque photograph"),
        (portrait(), {"trimap": np.full((9, 9), 128, np.uint8)}, "trimap: 9x9 pixels; expected 64x80"),
        (portrait(), {"trimap": np.zeros((80, 64), np.uint8)}, "trimap: no pixel of 128; expected an unknown region"),
        (portrait(), {"network": "network.pth"}, r"not the name of a network's file; expected one that ends in \.onnx or \.safetensors"),
        (portrait(), {"network": "none.safetensors"}, r"none\.safetensors: no such file"),
        (portrait(), {"network": "none.onnx"}, r"none\.onnx: no such file"),
    ],
)
def test_wrong_input_is_one_line(photo, options, message):
    with pytest.raises(InputError, match=message) as caught:
        cut_out(photo, **({"network": Coarse()} | options))
    assert "\n" not in str(caught.value)


def test_a_package_without_a_network_says_which_file_is_missing(monkeypatch):
    monkeypatch.setattr("imharmony.harmonizing.portraits.PACKAGED", "none.onnx")
    with pytest.raises(InputError, match=r"none\.onnx: not in this package"):
        load_portrait_network()


def test_a_file_is_run(tmp_path):
    alpha = cut_out(portrait(), network=network_of_brightness(tmp_path / "bright.onnx"))
    assert (alpha[INSIDE], alpha[OUTSIDE]) == (255, 0)


def test_the_cut_out_has_the_persons_own_colours_at_a_soft_edge():
    alpha = np.clip((np.arange(60) - 20) / 20, 0, 1)[None].repeat(60, 0)
    photo = np.rint(alpha[..., None] * (200, 40, 30) + (1 - alpha[..., None]) * (20, 160, 60)).astype(np.uint8)
    cutout = cutout_of(photo, np.rint(alpha * 255).astype(np.uint8))
    soft = (alpha > 0.3) & (alpha < 1)
    assert np.abs(cutout.colours[soft] - np.array([200.0, 40, 30])).mean() < 12 < np.abs(photo[soft] - np.array([200.0, 40, 30])).mean()


def test_a_mask_is_soft_near_its_outline_alone():
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 10:30] = 1
    made = outlined(mask, np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8))
    assert set(np.unique(made[130:270, 130:270])) == {1.0}
    assert set(np.unique(made[:80])) == {0.0}
    assert len(np.unique(made)) > 2


def test_refining_needs_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(InputError, match=r"pymatting is not installed; .*pip install 'imharmony\[matting\]'"):
        cut_out(portrait(), network=Coarse(), refine=True)


def test_refining_leaves_a_matte_that_gives_nothing_to_go_by():
    pytest.importorskip("pymatting")
    matte = np.full((30, 30), 0.5, np.float32)
    assert refined(portrait(30, 30), matte) is matte


class Fine(Coarse):
    """What says alpha itself."""

    is_fine = True

    def alpha(self, photo: np.ndarray) -> np.ndarray:
        assert photo.shape == (80, 64, 3)
        return np.tile(np.linspace(0, 1, 64, dtype=np.float32), (80, 1))


def test_what_a_fine_network_says_is_alpha():
    """And not, as a rough guess is, cut to one or the other."""
    alpha = cut_out(portrait(), network=Fine())
    assert np.abs(alpha.astype(float) - 255 * np.linspace(0, 1, 64)).max() <= 0.5


def test_enlarged_it_is_as_fine_as_the_photograph_where_it_is_soft():
    """The outline of a photograph four times as large, which the network saw at a quarter."""
    truth = np.zeros((160, 160), np.float32)
    truth[:, 70:] = 1
    photo = np.rint(truth[..., None] * (200, 160, 40) + (1 - truth[..., None]) * (20, 60, 120)).astype(np.uint8)
    coarse = cv2.resize(truth, (40, 40), interpolation=cv2.INTER_AREA)
    made = enlarged(coarse, photo)
    plain = cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_LINEAR)
    assert np.abs(made - truth).mean() < 0.3 * np.abs(plain - truth).mean()
    assert set(np.unique(made[:, :40])) == {0.0}
    assert set(np.unique(made[:, 120:])) == {1.0}


def test_without_a_network_a_trimap_is_followed_in_closed_form(monkeypatch):
    pytest.importorskip("pymatting")
    monkeypatch.setattr("imharmony.harmonizing.portraits.PACKAGED", "none.onnx")
    alpha = np.clip((np.arange(60) - 25) / 10, 0, 1)[None].repeat(60, 0)
    photo = np.rint(alpha[..., None] * (230, 180, 40) + (1 - alpha[..., None]) * (20, 60, 200)).astype(np.uint8)
    trimap = np.where((alpha > 0) & (alpha < 1), 128, 255 * (alpha >= 1)).astype(np.uint8)
    assert np.abs(cut_out(photo, trimap=trimap) / 255 - alpha).max() < 0.02


def test_without_a_network_and_the_closed_form_the_line_names_both(monkeypatch):
    monkeypatch.setattr("imharmony.harmonizing.portraits.PACKAGED", "none.onnx")
    monkeypatch.setitem(sys.modules, "pymatting", None)
    trimap = np.zeros((80, 64), np.uint8)
    trimap[20:40], trimap[40:] = 128, 255
    with pytest.raises(InputError, match=r"expected it for following a trimap without a network; .* or name a network \(--network FILE\)"):
        cut_out(portrait(), trimap=trimap)


def soft_edge(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photograph of two flat colours, its true alpha and a trimap that knows both sides."""
    alpha = np.clip((np.arange(side) / side - 0.4) / 0.2, 0, 1)[None].repeat(side // 4, 0)
    photo = np.rint(alpha[..., None] * (230, 180, 40) + (1 - alpha[..., None]) * (20, 60, 200)).astype(np.uint8)
    return photo, alpha, np.where((alpha > 0) & (alpha < 1), 128, 255 * (alpha >= 1)).astype(np.uint8)


def test_of_a_large_photograph_every_unknown_pixel_is_solved(monkeypatch):
    pytest.importorskip("pymatting")
    monkeypatch.setattr("imharmony.harmonizing.portraits.PACKAGED", "none.onnx")
    monkeypatch.setattr("imharmony.harmonizing.cutting.REFINED_PX", 100)
    photo, alpha, trimap = soft_edge(331)
    found = cut_out(photo, trimap=trimap) / 255
    assert np.abs(found - alpha)[trimap == 128].max() < 0.1
    assert (found[trimap != 128] == alpha[trimap != 128]).all()


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ((128, 255), "no pixel of 0 (background)"),
        ((0, 128), "no pixel of 255 (person)"),
        ((128,), "no pixel of 0 (background) and none of 255"),
    ],
)
def test_without_a_network_a_trimap_of_one_side_is_one_line(levels, said, monkeypatch):
    monkeypatch.setattr("imharmony.harmonizing.portraits.PACKAGED", "none.onnx")
    trimap = np.full((80, 64), 128, np.uint8)
    trimap[:30] = levels[0]
    trimap[50:] = levels[-1]
    with pytest.raises(InputError) as refused:
        cut_out(portrait(), trimap=trimap)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_the_estimator_prints_is_not_printed(monkeypatch, capsys):
    def estimate(_picture, trimap):
        print("PERFORMANCE WARNING:\n  shift")  # noqa: T201
        return trimap

    monkeypatch.setitem(sys.modules, "pymatting", SimpleNamespace(estimate_alpha_cf=estimate))
    photo, _, trimap = soft_edge(80)
    cut_out(photo, network=Coarse(), trimap=trimap, refine=True)
    assert capsys.readouterr().out == ""
