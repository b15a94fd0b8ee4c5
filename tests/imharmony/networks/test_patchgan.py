"""The patch discriminator: which pixels a score sees, and its size against published counts."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.networks.patchgan import HALVINGS, PatchGAN


def without_norms(network: PatchGAN) -> nn.Sequential:
    """Batch norms in training mode see the whole picture; here only convolutions count."""
    return nn.Sequential(*(layer for layer in network.layers if not isinstance(layer, nn.BatchNorm2d)))


@pytest.mark.parametrize("field_px", HALVINGS)
def test_one_score_sees_a_square_of_exactly_the_field(field_px):
    layers = without_norms(PatchGAN(width=2, field_px=field_px))
    for parameter in layers.parameters():
        nn.init.constant_(parameter, 0.01)
    picture = torch.randn(1, 6, 320, 320).abs().requires_grad_()
    scores = layers(picture)
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    columns = picture.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == len(rows) == field_px
    assert columns[-1] - columns[0] + 1 == len(columns) == field_px


def test_parameters_equal_pix2pix_with_six_channels():
    assert sum(parameter.numel() for parameter in PatchGAN(width=64, field_px=70).parameters()) == 2_768_705


def test_with_keras_biases_and_its_moving_statistics_the_142_px_count_is_that_of_report_000():
    network = PatchGAN(width=64, field_px=142, conv_bias=True)
    statistics = sum(2 * norm.num_features for norm in network.modules() if isinstance(norm, nn.BatchNorm2d))
    assert sum(parameter.numel() for parameter in network.parameters()) + statistics == 6_968_257


def test_70_px_gives_30_by_30_scores_at_256():
    assert PatchGAN(width=2, field_px=70)(torch.randn(1, 6, 256, 256)).shape == (1, 1, 30, 30)


def test_the_first_and_the_last_convolution_are_not_normalised():
    kinds = [type(layer) for layer in PatchGAN(width=2, field_px=70).layers]
    assert kinds[:2] == [nn.Conv2d, nn.LeakyReLU]
    assert kinds[-2:] == [nn.LeakyReLU, nn.Conv2d]
    assert kinds.count(nn.BatchNorm2d) == 3


def test_an_unknown_field_is_refused():
    with pytest.raises(InputError, match=r"field_px is 71; expected one of \[16, 34, 70, 142\]"):
        PatchGAN(width=2, field_px=71)


@pytest.mark.parametrize(("field_px", "smallest"), [(16, 6), (34, 12), (70, 24), (142, 48)])
def test_a_picture_is_large_enough_or_refused(field_px, smallest):
    network = PatchGAN(width=2, field_px=field_px)
    assert network(torch.randn(2, 6, smallest, smallest)).shape == (2, 1, 1, 1)
    with pytest.raises(InputError, match=f"needs pictures of {smallest} px"):
        network(torch.randn(2, 6, smallest, smallest - 1))
