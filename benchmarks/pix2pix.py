"""A training step of ours against that of the original pix2pix, from a checkout of junyanz/pytorch-CycleGAN-and-pix2pix.

Both train a U-Net of eight halvings and a PatchGAN of 70 px on composites alone (3 channels, nothing pasted) by Adam, with the same
weights, the same losses (cross-entropy and 100 x L1) and the same order of updates. Nothing of the checkout is copied.
"""

import gc
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from benchmarks.timing import Route, compare
from imharmony.losses import ADVERSARIAL_LOSSES, l1
from imharmony.networks.harmonizer import build_discriminator, build_harmonizer
from imharmony.running.randomness import deterministic_algorithms
from imharmony.training.batches import Batch
from imharmony.training.initialisation import initialise
from imharmony.training.participants import Critic, Objective, Players, Reconstruction, set_up
from imharmony.training.steps import gan_step

SIZE_PX = 256
WIDTH = 64
RATE = 2e-4

# The options of its training that its model reads, all at its defaults for pix2pix.
OPTIONS = {
    "isTrain": True,
    "gpu_ids": [],
    "device": torch.device("cpu"),
    "checkpoints_dir": ".",
    "name": "none",
    "preprocess": "resize_and_crop",
    "direction": "AtoB",
    "input_nc": 3,
    "output_nc": 3,
    "ngf": WIDTH,
    "ndf": WIDTH,
    "netG": "unet_256",
    "netD": "basic",
    "n_layers_D": 3,
    "norm": "batch",
    "no_dropout": False,
    "init_type": "normal",
    "init_gain": 0.02,
    "gan_mode": "vanilla",
    "lambda_L1": 100.0,
    "pool_size": 0,
    "lr": RATE,
    "beta1": 0.5,
}


def peer_of(checkout: Path) -> Any:
    """The original's model with fresh networks."""
    sys.path.insert(0, str(checkout))
    module = importlib.import_module("models.pix2pix_model")
    return module.Pix2PixModel(SimpleNamespace(**OPTIONS))


def ours(precision: Any) -> Players:
    """Our networks of the same sizes."""
    harmonizer = build_harmonizer(name="unet", width=WIDTH, size_px=SIZE_PX, mask_input=False, paste=False, inference_mode="eval")
    critic = build_discriminator(name="patchgan", width=WIDTH, size_px=SIZE_PX, field_px=70)
    for network in (harmonizer, critic):
        initialise(network, name="normal", generator=torch.Generator().manual_seed(0))
    parts, judge = Objective({"l1": Reconstruction(l1, 100.0)}), Critic(critic, ADVERSARIAL_LOSSES["bce"], 1.0)
    game = set_up(harmonizer.train(), parts, judge, precision=precision, betas=(0.5, 0.999), device=torch.device("cpu"))
    for optimizer in game.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = RATE
    return game


def give_weights(giver: nn.Module, taker: nn.Module) -> None:
    """The same weights in both; they are listed in the same order under other names."""
    theirs = {name: value.clone() for name, value in zip(taker.state_dict(), giver.state_dict().values(), strict=True)}
    taker.load_state_dict(theirs)


def batch_of(count: int) -> Batch:
    """Noise."""
    rng = torch.Generator().manual_seed(0)
    composite, real = torch.rand(2, count, 3, SIZE_PX, SIZE_PX, generator=rng) * 2 - 1
    return Batch(composite, real, torch.ones(count, 1, SIZE_PX, SIZE_PX))


def report_parity(checkout: Path) -> None:
    """Prints how far apart pictures, scores and the losses of the first steps are for equal weights, in float32.

    Without dropout: the paper and its Lua code have it in the first three blocks of the decoder, as we do; the checkout's innermost
    block has none and the next three have it.
    """
    peer, game, batch = peer_of(checkout), ours("fp32"), batch_of(1)
    give_weights(game.harmonizer, peer.netG)
    give_weights(game.networks["critic"], peer.netD)
    for module in (*peer.netG.modules(), *game.harmonizer.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    pair = torch.cat([batch.composite, batch.real], 1)
    for mode in (False, True):
        outputs = []
        for generator, critic, see in (
            (peer.netG, peer.netD, lambda network: network(batch.composite)),
            (game.harmonizer, game.networks["critic"], lambda network: network(batch.composite, batch.mask)),
        ):
            with torch.no_grad():
                outputs.append((see(generator.train(mode)), critic.train(mode)(pair)))
        gaps = [(one - other).abs().max().item() for one, other in zip(*outputs, strict=True)]
        print(f"{'training' if mode else 'evaluation'} mode: largest difference of a picture {gaps[0]:.1e}, of a score {gaps[1]:.1e}")
    for network in (peer.netG, peer.netD, *game.networks.values()):
        network.train()
    peer.set_input({"A": batch.composite, "B": batch.real, "A_paths": []})
    for step in range(1, 4):
        peer.optimize_parameters()
        losses = gan_step(game, batch)
        print(f"step {step}: G's L1 {peer.loss_G_L1.item() / 100:.9f} | {losses['l1'].item():.9f}", end=", ")
        print(f"GAN {peer.loss_G_GAN.item():.9f} | {losses['g_adversarial'].item():.9f}", end=", ")
        print(f"D {peer.loss_D.item():.9f} | {losses['d_loss'].item():.9f}")


def compare_steps(checkout: Path, *, count: int, rounds: int) -> None:
    """Prints the rates of both steps in float32 and under bfloat16 autocast, and their ratios to the original in float32."""
    gc.collect()  # networks in Fabric's wrappers refer to each other in circles
    batch, routes = batch_of(count), {}
    for precision in ("fp32", "bf16"):
        routes[f"pix2pix, {precision}, batch {count}"] = _their_step(peer_of(checkout), batch, autocast=precision == "bf16")
        routes[f"ours, {precision}, batch {count}"] = _our_step(ours(precision), batch)
    with deterministic_algorithms():
        compare(routes, rounds=rounds)


def _their_step(peer: Any, batch: Batch, *, autocast: bool) -> Route:
    peer.set_input({"A": batch.composite, "B": batch.real, "A_paths": []})

    def step() -> int:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            peer.optimize_parameters()
        return len(batch.mask)

    return step


def _our_step(game: Players, batch: Batch) -> Route:
    def step() -> int:
        gan_step(game, batch)
        return len(batch.mask)

    return step
