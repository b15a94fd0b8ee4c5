"""Closed-form matting: exact on its own model, the trimap's where that knows, and one line where it cannot be."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.matting.closed_form import closed_form_alpha, reason_without
from imharmony.matting.trimaps import fixed_trimap

SIDE = 20


@pytest.fixture
def compiles(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # pymatting compiles all it has when first imported, for a minute or more
    pytest.importorskip("pymatting", reason="the extra `matting` is not installed")


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of two flat colours: the model's own assumption, under which alpha is exact."""
    alpha = np.tile(np.clip((np.arange(SIDE) - 6) / 8, 0, 1), (SIDE, 1))
    picture = np.rint(alpha[..., None] * (230, 180, 40) + (1 - alpha[..., None]) * (20, 60, 200)).astype(np.uint8)
    return picture, fixed_trimap(alpha, 30), alpha


@pytest.mark.usefixtures("compiles")
def test_between_two_flat_colours_alpha_is_exact(case):
    picture, trimap, alpha = case
    found = closed_form_alpha(picture, trimap)
    assert np.abs(found - alpha).max() < 0.01
    assert_array_equal(found[trimap != 128], trimap[trimap != 128] / 255)
    assert np.abs(trimap / 255 - alpha).max() > 0.3


@pytest.mark.usefixtures("compiles")
def test_a_trimap_of_one_side_alone_is_refused(case):
    picture, trimap, _ = case
    with pytest.raises(InputError, match=r"closed-form matting: .*; expected a trimap with foreground and background") as raised:
        closed_form_alpha(picture, np.where(trimap == 255, 128, trimap).astype(np.uint8))
    assert "\n" not in str(raised.value)


def test_a_trimap_that_knows_all_is_refused(case):
    with pytest.raises(InputError, match="a trimap without a pixel of 128; expected an unknown region"):
        closed_form_alpha(case[0], np.zeros((SIDE, SIDE), np.uint8))


def test_pymatting_is_given_unit_ranges(case, monkeypatch):
    def estimate(image, trimap):
        assert (image.dtype, image.max() <= 1) == (np.float64, True)
        assert set(np.unique(trimap)) == {0, 0.5, 1}
        return trimap

    monkeypatch.setitem(sys.modules, "pymatting", SimpleNamespace(estimate_alpha_cf=estimate))
    assert closed_form_alpha(case[0], case[1]).max() == 1


def test_what_pymatting_prints_is_logged(case, monkeypatch, capsys, caplog):
    def estimate(image, trimap):
        print("PERFORMANCE WARNING:\n  shift", image.ndim)  # noqa: T201
        return trimap

    monkeypatch.setitem(sys.modules, "pymatting", SimpleNamespace(estimate_alpha_cf=estimate))
    with caplog.at_level("INFO"):
        closed_form_alpha(case[0], case[1])
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["closed-form matting: PERFORMANCE WARNING: shift 3"]


def test_without_pymatting_the_message_says_what_to_install(case, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(InputError, match=r"pymatting is not installed; .*pip install .imharmony\[matting\]"):
        closed_form_alpha(case[0], case[1])


def test_the_reason_for_a_null_is_known_without_loading_it(monkeypatch):
    monkeypatch.setattr("imharmony.matting.closed_form.find_spec", lambda name: None if name == "pymatting" else name)
    assert reason_without() == "pymatting is not installed; install it with `pip install 'imharmony[matting]'`"
