"""The penalty that holds a Wasserstein critic near slope one (Gulrajani et al. 2017, arXiv:1704.00028, equation 3).

Images are float (B, 3, H, W) in [-1, 1].
"""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, *, rng: torch.Generator) -> Tensor:
    """Mean over the batch of (slope - 1)^2, the slope being taken at one random point between each real and fake picture.

    A critic of patches is taken by the mean of its scores, the number that the other Wasserstein terms see; the paper's gives one
    score. The critic must not mix the pictures of a batch (no batch norm). Its parameters receive gradients, the pictures none.
    """
    share = torch.rand(len(real), 1, 1, 1, generator=rng, device=rng.device).to(real)
    between = torch.lerp(real.detach(), fake.detach(), share).requires_grad_()
    scores = critic(between)
    total = scores.mean() * len(scores)  # the sum over pictures of each one's mean score
    (gradient,) = torch.autograd.grad(total, between, create_graph=True)
    slopes = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (slopes - 1).square().mean()
