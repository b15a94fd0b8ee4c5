"""What is said of published networks without torch."""

import json
import subprocess
import sys

import pytest

from imharmony.networks import GENERATORS
from imharmony.networks.published import PUBLISHED_GENERATORS
from imharmony.published import FORMS, HARMONIZERS, MATTING
from imharmony.published.harmonizers import USES
from imharmony.published.imported import imported_name
from imharmony.published.networks import PUBLISHED

SOURCES = HARMONIZERS | MATTING


def test_every_network_has_a_record_and_every_record_a_network():
    assert SOURCES.keys() == PUBLISHED.keys()
    assert HARMONIZERS.keys() == USES.keys()
    assert all(published.source is SOURCES[name] for name, published in PUBLISHED.items())
    assert all(len(published.parts) == len(published.source.files) for published in PUBLISHED.values())


def test_each_record_says_where_its_file_comes_from_and_under_which_terms():
    assert {name for name, source in SOURCES.items() if source.commercial_use == "yes"} == {"modnet"}
    assert {name for name, source in SOURCES.items() if source.commercial_use == "no"} == {"deep_matting", "harmonizer", "indexnet"}
    for source in SOURCES.values():
        assert "arXiv:" in source.paper or source.paper.endswith("CVPR")
        assert source.repository.startswith("https://github.com/")
        assert len(source.commit) == 12
        assert source.place
        assert source.licence


def test_they_are_said_without_torch():
    program = "import sys; from imharmony.commands.models import run; print(len(run(['list'])[0]) > 1000, 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split() == ["True", "False"]


def written(metadata: object) -> bytes:
    header = json.dumps({"__metadata__": {"harmonization": json.dumps(metadata)}}).encode()
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (written({"published": {"name": "dovenet"}}), "dovenet"),
        (written({"published": {"name": "of nobody"}}), None),
        (written({"published": ["dovenet"]}), None),
        (written({"size_px": 256}), None),
        (written({"published": {"name": "dovenet"}})[:-9], None),
        ((1 << 40).to_bytes(8, "little"), None),
        (b"", None),
    ],
)
def test_a_file_says_what_it_was_imported_as(content, name, tmp_path):
    path = tmp_path / "model.safetensors"
    assert imported_name(path) is None
    path.write_bytes(content)
    assert imported_name(path) == name


def test_forms_are_the_generators_that_only_published_networks_have():
    assert set(PUBLISHED_GENERATORS) == FORMS
    assert FORMS.isdisjoint(GENERATORS)
