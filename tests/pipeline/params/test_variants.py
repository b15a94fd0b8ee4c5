"""What a variant's parts mean together, and that report 001's weights are those of its code."""

import pytest
import torch
from torch import Tensor

from imharmony.errors import InputError
from imharmony.losses import ADVERSARIAL_LOSSES, RECONSTRUCTION_LOSSES
from imharmony.networks.harmonizer import pasted
from pipeline.params.file import load_params
from pipeline.params.training import OF_THE_BACKGROUND, Variant
from tests.conftest import ROOT
from tests.pipeline.params.edits import SHORT, replaced

VARIANTS = load_params(ROOT / "params.yaml").catalogue


@pytest.fixture
def message_of(tmp_path):
    def message_of(*changes: tuple[str, str]) -> str:
        path = tmp_path / "params.yaml"
        path.write_text(replaced(SHORT, *changes))
        with pytest.raises(InputError) as error:
            load_params(path)
        assert "\n" not in str(error.value)
        return str(error.value)

    return message_of


def pictures() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Output, real photograph and composite in [0, 1], and the mask of a corner."""
    generator = torch.Generator().manual_seed(0)
    output, real, composite = torch.rand(3, 2, 3, 32, 32, generator=generator, dtype=torch.float64)
    mask = torch.zeros(2, 1, 32, 32, dtype=torch.float64)
    mask[:, :, :20, :12] = 1
    return output, real, composite, mask


def total(variant: Variant, output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """The variant's reconstruction losses, features apart, of pictures in [-1, 1]."""
    terms = {name: weight for name, weight in variant.losses.items() if name != "feature"}
    return torch.stack([weight * RECONSTRUCTION_LOSSES[name](output, real, mask) for name, weight in terms.items()]).sum()


@pytest.mark.parametrize("loss", ["unmasked_l1", "background_l1"])
def test_a_loss_of_the_background_alone_is_refused_where_the_background_is_pasted_back(loss, message_of):
    message = message_of(("losses: {mask_weighted_mse: 1.0}", f"losses: {{mask_weighted_mse: 1.0, {loss}: 1.0}}"))
    assert f"catalogue.idih: losses has '{loss}' with generator.paste true, which replaces the background: its gradient is 0" in message
    assert "expected `paste: false` or no such loss" in message


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_of_the_losses_those_of_the_background_alone_have_no_gradient_once_it_is_pasted_back(name):
    output, real, composite, mask = pictures()
    output.requires_grad_()
    (gradient,) = torch.autograd.grad(RECONSTRUCTION_LOSSES[name](pasted(output, composite, mask), real, mask), output, allow_unused=True)
    assert (gradient.abs().sum() == 0) == (name in OF_THE_BACKGROUND)


def test_composites_are_not_given_to_a_critic_that_has_them_already(message_of):
    message = message_of(("{name: bce, weight: 1.0", "{name: disharmony, composite_is_fake: true, weight: 1.0"))
    assert "catalogue.gan.adversarial: disharmony with `composite_is_fake`" in message


@pytest.mark.parametrize(
    ("name", "whole", "foreground", "background"),
    [
        ("fcn_content_code", 100, 0, 0),
        ("fcn_mask_code", 100, 1000, 0),
        ("fcn_feature_code", 100, 0, 0),
        ("fcn_content_text", 100, 0, 0),
        ("fcn_mask_text_11", 0, 1100, 100),
        ("fcn_mask_text_100", 0, 10_000, 100),
        ("fcn_mask_text_1000", 0, 100_000, 100),
    ],
)
def test_report_001s_losses_are_those_of_pictures_from_0_to_1(name, whole, foreground, background):
    """The oracle: its formula on pictures in [0, 1]; ours sees the same pictures in [-1, 1]."""
    output, real, _, mask = pictures()
    theirs, ours = output.clone().requires_grad_(), output.clone().requires_grad_()
    error = (theirs - real).abs()
    expected = (whole * error + foreground * error * mask + background * error * (1 - mask)).mean()
    found = total(VARIANTS[name], ours * 2 - 1, real * 2 - 1, mask)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    torch.testing.assert_close(*(torch.autograd.grad(loss, picture)[0] for loss, picture in ((found, ours), (expected, theirs))))


def test_report_001s_mask_loss_as_coded_is_equation_7_with_1100_and_100():
    output, real, _, mask = (tensor * 2 - 1 for tensor in pictures())
    mask = (mask + 1) / 2
    coded, text = (total(VARIANTS[name], output, real, mask) for name in ("fcn_mask_code", "fcn_mask_text_11"))
    assert coded.item() == pytest.approx(text.item(), rel=1e-9)


def test_a_constant_error_costs_what_report_001_says():
    """By hand: an error of 0.1 of [0, 1] everywhere costs 100 · 0.1, and 1000 · 0.1 · the foreground's share on top."""
    real, mask = torch.zeros(1, 3, 10, 10), torch.zeros(1, 1, 10, 10)
    mask[..., :4] = 1
    assert total(VARIANTS["fcn_content_code"], real + 0.2, real, mask).item() == pytest.approx(10)
    assert total(VARIANTS["fcn_mask_code"], real + 0.2, real, mask).item() == pytest.approx(10 + 40)


def test_report_001s_text_has_no_mask_but_in_the_loss_and_nothing_is_pasted_back():
    for name in ("fcn_content_text", "fcn_mask_text_11", "fcn_mask_text_100", "fcn_mask_text_1000"):
        generator = VARIANTS[name].generator
        assert (generator.name, generator.mask_input, generator.paste) == ("fcn", False, False)


@pytest.mark.parametrize("weight", [2e-4, 0.01])
def test_report_000s_term_of_the_critic_is_its_printed_one(weight):
    """The oracle: lambda / N |D(O)|^2 over probabilities; 2e-4 is its rate, which the text calls lambda."""
    scores = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    chances = 1 / (1 + (-scores.double()).exp())
    found = weight * ADVERSARIAL_LOSSES[VARIANTS["unet_paper"].adversarial.name].generator(scores)
    assert found.item() == pytest.approx(weight * (chances**2).mean().item(), rel=1e-5)
