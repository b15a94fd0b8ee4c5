"""LPIPS is computed with the true backbone or not at all."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.metrics.perceptual import BACKBONES, load_lpips, lpips, missing_backbone
from imharmony.storage import hub_files


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()


@pytest.mark.parametrize("backbone", BACKBONES)
def test_an_absent_backbone_is_named_with_its_hash_and_its_place(backbone):
    reason = missing_backbone(backbone)
    assert BACKBONES[backbone] in reason
    assert f"beginning with {BACKBONES[backbone][-12:-4]}" in reason
    assert "checkpoints/ of torch's hub folder" in reason
    assert "/root" not in reason


def test_an_absent_backbone_is_never_replaced_or_downloaded(monkeypatch):
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_: pytest.fail("tried to download"))
    with pytest.raises(InputError, match=r"put alexnet-owt-7be5be79\.pth into"):
        load_lpips("alex")


def test_a_file_with_another_hash_is_refused(tmp_path):
    (tmp_path / "checkpoints" / BACKBONES["vgg"]).write_bytes(b"not these weights")
    with pytest.raises(InputError, match=r"beginning with [0-9a-f]{8}; expected 397923af, .* replace it"):
        load_lpips("vgg")


def test_a_file_with_the_right_hash_is_taken(tmp_path, monkeypatch):
    (tmp_path / "checkpoints" / BACKBONES["vgg"]).write_bytes(b"")
    monkeypatch.setattr(hub_files, "sha256_of", lambda _: "397923af" + 56 * "0")
    assert missing_backbone("vgg") is None


def test_the_network_sees_images_from_minus_one_to_one():
    class Difference(nn.Module):
        def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
            return (first - second).mean((1, 2, 3), keepdim=True)

    white, black = torch.full((2, 3, 4, 4), 255.0), torch.zeros(2, 3, 4, 4)
    assert_close(lpips(white, black, network=Difference()), torch.tensor([2.0, 2.0], dtype=torch.float64))
