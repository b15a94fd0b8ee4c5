"""torch's random numbers and determinism are given back as they were."""

import torch

from imharmony.running.randomness import deterministic_algorithms, torch_seed

CPU = torch.device("cpu")


def test_a_block_draws_from_its_seed_and_the_caller_goes_on_undisturbed():
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    first = torch.rand(2)
    with torch_seed(7, CPU):
        inside = torch.rand(3)
    assert torch.equal(torch.cat([first, torch.rand(2)]), expected)
    with torch_seed(7, CPU):
        assert torch.equal(torch.rand(3), inside)


def test_determinism_ends_with_the_block():
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic_algorithms():
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before


def test_new_memory_is_filled_outside_the_block_alone():
    before = torch.utils.deterministic.fill_uninitialized_memory
    with deterministic_algorithms():
        assert not torch.utils.deterministic.fill_uninitialized_memory
    assert torch.utils.deterministic.fill_uninitialized_memory == before
