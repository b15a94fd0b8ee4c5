"""Weights that the user brings are taken if they are what their name says, and described if not."""

import hashlib

import pytest
import torch

from imharmony.storage.hub_files import PLACE, hub_file, missing_weights

CONTENT = b"weights"
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture(autouse=True)
def _hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()


def test_the_file_of_the_name_is_taken():
    hub_file(NAME).write_bytes(CONTENT)
    assert missing_weights(NAME, "this needs") is None


def test_a_file_elsewhere_may_have_another_name(tmp_path):
    (tmp_path / "mine.pth").write_bytes(CONTENT)
    assert missing_weights(NAME, "this needs", tmp_path / "mine.pth") is None


def test_an_absent_file_is_named_with_its_hash_and_its_place(tmp_path):
    asked = f"this needs torchvision's {NAME} (SHA-256 beginning with {NAME[4:12]}): put"
    assert missing_weights(NAME, "this needs") == f"{asked} {NAME} into {PLACE}"
    assert missing_weights(NAME, "this needs", tmp_path / "mine.pth") == f"{asked} mine.pth into {tmp_path}"


def test_a_file_with_another_hash_is_to_be_replaced():
    hub_file(NAME).write_bytes(b"others")
    found = hashlib.sha256(b"others").hexdigest()[:8]
    expected = f"{NAME} in {PLACE} has a SHA-256 beginning with {found}; expected {NAME[4:12]}, torchvision's {NAME}: replace it"
    assert missing_weights(NAME, "this needs") == expected
