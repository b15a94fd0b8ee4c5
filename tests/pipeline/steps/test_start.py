"""Every variant of the real params.yaml that is not a form as published begins at the composite; a new one cannot forget it."""

import pytest
import torch

from pipeline.params.file import load_params
from pipeline.params.training import Variant
from pipeline.steps.assembly import harmonizer_of
from tests.composites import packed
from tests.conftest import ROOT
from tests.pipeline.steps.test_assembly import TINY

VARIANTS = load_params(ROOT / "params.yaml").catalogue
PUBLISHED = [name for name, variant in VARIANTS.items() if variant.form == "as_published"]
OTHERS = [name for name in VARIANTS if name not in PUBLISHED]


@pytest.mark.parametrize("size_px", [64, 96])
@pytest.mark.parametrize("name", OTHERS)
def test_untrained_it_returns_the_composite_bit_for_bit(name, size_px):
    harmonizer = harmonizer_of(VARIANTS[name], TINY.model_copy(update={"size_px": size_px}), seed=0).infer()
    split = packed(3, size_px)
    composite = torch.from_numpy(split.composite.copy()).permute(0, 3, 1, 2) / 127.5 - 1
    mask = torch.from_numpy(split.mask.copy())[:, None] / 255
    with torch.no_grad():
        assert torch.equal(harmonizer.raw(composite, mask), composite)
        hard = (mask > 0.5).float()
        assert torch.equal(harmonizer(composite, hard), composite)


def test_forms_that_repeat_a_report_or_its_code_are_declared_and_begin_as_published():
    assert [name for name in VARIANTS if name.endswith(("_code", "_paper")) or "_text" in name] == PUBLISHED
    assert {VARIANTS[name].generator.start for name in PUBLISHED} == {"published"}


def test_the_network_that_withholds_the_background_is_a_control():
    assert [name for name, variant in VARIANTS.items() if variant.form == "control"] == ["regions_foreground_only"]


def test_a_form_as_published_with_another_start_is_refused():
    data = VARIANTS["unet"].model_dump() | {"form": "as_published"}
    with pytest.raises(ValueError, match=r"form is 'as_published' with generator.start 'composite'; expected 'published', or form: mended"):
        Variant.model_validate(data)
