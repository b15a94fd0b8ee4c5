"""PyMatting's estimators: torch has as many threads after a call as before, and without the library one line says what to install."""

import sys
from types import SimpleNamespace

import pytest
import torch

from imharmony.errors import InputError
from imharmony.pictures.estimators import estimator


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def failing(_picture):
    torch.set_num_threads(2)
    raise ValueError("no foreground")


@pytest.mark.usefixtures("threads")
def test_threads_are_as_before_the_call(monkeypatch):
    given = []

    def estimate(*arguments):
        given.extend(arguments)
        torch.set_num_threads(2)
        return arguments[0]

    monkeypatch.setitem(sys.modules, "pymatting", SimpleNamespace(estimate=estimate, failing=failing))
    assert estimator("estimate", purpose="a test", otherwise="leave it")("picture", "trimap") == "picture"
    assert given == ["picture", "trimap"]
    assert torch.get_num_threads() == 1
    with pytest.raises(ValueError, match="no foreground"):
        estimator("failing", purpose="a test", otherwise="leave it")("picture")
    assert torch.get_num_threads() == 1


def test_without_the_library_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(InputError) as raised:
        estimator("estimate", purpose="hair", otherwise="leave hair out")
    assert str(raised.value) == (
        "pymatting is not installed; expected it for hair; install it with `pip install 'imharmony[matting]'` or leave hair out"
    )
