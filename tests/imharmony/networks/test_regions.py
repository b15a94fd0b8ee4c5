"""Six numbers for a foreground: nothing at first, closed forms, and the same change at any size."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.colour.spaces import lab_from_srgb, srgb_from_lab
from imharmony.errors import InputError
from imharmony.inference import harmonize
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble, regions, regions_foreground_only
from imharmony.networks.region_features import RunningNorm, edge_statistics, quantiles, region_statistics
from imharmony.points.sets import points_of
from imharmony.training.initialisation import initialise


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(*, foreground_only: bool = False, says: list[float] | None = None) -> RegionEnsemble:
    """A network with random weights, which says the same of every picture if it is told what."""
    made = (regions_foreground_only if foreground_only else regions)(in_channels=4, width=4, size_px=64)
    initialise(made, name="xavier", generator=rng())
    if says is not None:
        with torch.no_grad():
            made.each[0].last.bias.copy_(torch.tensor(says))
    return made.eval()


def awake(made: RegionEnsemble) -> RegionEnsemble:
    """The same with a last layer that is not zero."""
    nn.init.normal_(made.each[0].last.weight, 0, 0.5, generator=rng(9))
    return made


def inputs(batch: int = 2) -> Tensor:
    pictures = torch.rand(batch, 4, 64, 64, generator=rng(1)) * 1.6 - 0.8
    pictures[:, 3] = 0
    pictures[:, 3, 10:40, 20:50] = 1
    return pictures


@pytest.mark.parametrize("foreground_only", [False, True])
def test_before_it_learns_it_returns_the_composite_bit_for_bit(foreground_only):
    made, given = network(foreground_only=foreground_only), inputs()
    assert torch.equal(made(given), given[:, :3])
    full = torch.rand(1, 3, 90, 130) * 2 - 1
    assert torch.equal(made.mapped(full, torch.zeros(1, 6, 90, 130)), full)


def test_what_it_says_is_a_gain_and_a_shift_around_the_foregrounds_mean():
    says = [0.1, -0.2, 0.3, 0.2, -0.1, 0.05]
    made, given = network(says=says), inputs(1)
    foreground = points_of(given[:, :3], given[:, 3:], made.counts).foreground[0].double().numpy()
    mean = lab_from_srgb(foreground).mean(0)
    lab = lab_from_srgb((given[0, :3].permute(1, 2, 0).double().numpy() + 1) / 2)
    expected = mean + np.exp(says[3:]) * (lab - mean) + np.array(says[:3]) * [25, 12, 15]
    output = made(given)[0].detach().permute(1, 2, 0).numpy()
    np.testing.assert_allclose((output + 1) / 2, srgb_from_lab(expected), atol=1e-4)


def test_points_and_pictures_are_moved_alike():
    made, given = awake(network()), inputs(1)
    picture = made(given)
    points, moved = (points_of(each, given[:, 3:], made.counts) for each in (given[:, :3], picture))
    torch.testing.assert_close(made.recoloured(points), moved.foreground, atol=1e-5, rtol=0)


def test_a_photograph_of_any_size_is_moved_by_the_same_numbers():
    made, given = awake(network()), inputs(1)
    full = torch.rand(1, 3, 100, 170, generator=rng(3)) * 2 - 1
    maps = made.maps(given)
    there = made.mapped(full, interpolate(maps, (100, 170), mode="bicubic", align_corners=False))
    torch.testing.assert_close(there, made.mapped(full, maps[..., :1, :1].expand(-1, -1, 100, 170)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(48, 200), (301, 97)])
def test_harmonize_leaves_the_background_and_takes_masks_of_one_pixel(height, width):
    photo = np.random.default_rng(0).integers(30, 220, (height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[20, 30:33] = [255, 128, 1]
    harmonizer = Harmonizer(network(says=[1.0, 0, 0, 0, 0, 0]), mask_input=True, paste=True, inference_mode="eval").infer()
    output = harmonize(photo, mask, harmonizer=harmonizer, size_px=64)
    assert np.array_equal(output[mask == 0], photo[mask == 0])
    assert (output[20, 30].astype(int) - photo[20, 30]).max() > 10


def test_without_a_background_or_a_foreground_nothing_changes():
    made = network(says=[1.0, 1, 1, 1, 1, 1])
    for value in (0.0, 1.0):
        given = inputs(1)
        given[:, 3] = value
        assert torch.equal(made(given), given[:, :3])
    given = inputs(1)
    assert not torch.equal(made(given), given[:, :3])


def test_the_control_sees_the_foreground_alone():
    given, other = inputs(1), inputs(1)
    other[:, :3] = torch.where(given[:, 3:] > 0, given[:, :3], -given[:, :3])
    blind, seeing = (awake(network(foreground_only=only)) for only in (True, False))
    assert torch.equal(blind.maps(given), blind.maps(other))
    assert not torch.allclose(seeing.maps(given), seeing.maps(other), atol=1e-3)


def test_a_pictures_answer_depends_on_no_other_picture():
    for made in (awake(network()), awake(network()).train()):
        (member,) = made.each
        for norm in (*member.norms, member.pair_norm):
            norm.seen.fill_(1e12)  # what it gathers now changes nothing
            norm.memory = 1e12
        given = inputs(3)
        torch.testing.assert_close(made.maps(given)[1:2], made.maps(given[1:2]), atol=1e-4, rtol=0)


def test_every_weight_gets_a_gradient_once_the_last_layer_is_not_zero():
    made = awake(network()).train()
    made(inputs(1)).square().sum().backward()
    assert not [label for label, parameter in made.named_parameters() if parameter.grad is None or parameter.grad.abs().sum() == 0]


def test_without_a_mask_channel_it_is_refused():
    with pytest.raises(InputError, match=r"got 3 input channels; expected 4"):
        regions(in_channels=3, width=4, size_px=64)


def test_statistics_of_a_region_by_numpy():
    colours, rgb = (torch.randn(2, 101, 3, generator=rng(seed), dtype=torch.float64) for seed in (4, 5))
    found = region_statistics(colours, rgb)
    assert found.shape == (2, 39)
    values = colours[1].numpy()
    np.testing.assert_allclose(found[1, :3], values.mean(0))
    np.testing.assert_allclose(found[1, 3:6], values.std(0), rtol=1e-6)
    np.testing.assert_allclose(found[1, 9:30].reshape(7, 3), np.quantile(values, [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98], axis=0))
    np.testing.assert_allclose(found[1, 30:36].reshape(2, 3), np.quantile(rgb[1].numpy(), [0.01, 0.99], axis=0))
    expected = [np.corrcoef(values[:, one], values[:, other])[0, 1] for one, other in ((0, 2), (1, 0), (2, 1))]
    np.testing.assert_allclose(found[1, 36:], expected, atol=0.01)
    torch.testing.assert_close(region_statistics(colours.flip(1), rgb.flip(1)), found)


def test_small_steps_tell_the_difference_of_two_lights():
    """Half of the border crosses one thing in two lights, half another thing: the narrowest weighting finds the lights."""
    inside = torch.zeros(1, 200, 3)
    outside = torch.cat([torch.full((1, 100, 3), 0.1), torch.full((1, 100, 3), 2.0)], 1)
    found = edge_statistics(inside, outside)
    assert found.shape == (1, 18)
    torch.testing.assert_close(found[0, :3], torch.full((3,), -0.1), atol=1e-3, rtol=0)
    torch.testing.assert_close(found[0, 15:], torch.full((3,), -1.05), atol=1e-5, rtol=0)
    share = np.exp(-3 * 0.1**2 / 0.15**2) / 2
    assert found[0, 9].item() == pytest.approx(share, rel=1e-4)


def test_quantiles_of_one_point_are_the_point():
    point = torch.tensor([[[1.0, 2.0, 3.0]]])
    assert torch.equal(quantiles(point, (0.02, 0.5)), torch.tensor([[1.0, 2, 3, 1, 2, 3]]))


def test_a_running_norm_gathers_while_training_alone():
    norm = RunningNorm(2)
    batch = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    torch.testing.assert_close(norm(batch), torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    norm.eval()
    torch.testing.assert_close(norm(batch + 2), torch.tensor([[1.0, -0.8], [3.0, 1.2]]))
    torch.testing.assert_close(norm(torch.full((1, 2), 1e6)), torch.full((1, 2), 8.0))
    assert norm.mean.tolist() == [2.0, 20.0]
