"""The objectives that ``params.yaml`` can name."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from imharmony.losses.adversarial import (
    BCE,
    BCE_SUM,
    DISHARMONY,
    HINGE,
    SQUARED_SCORE,
    WASSERSTEIN,
    AdversarialLoss,
    CriticOfManyFakes,
    DisharmonyLoss,
    averaged_fakes,
    least_squares,
    summed_fakes,
)
from imharmony.losses.reconstruction import (
    ReconstructionLoss,
    background_l1,
    foreground_l1,
    foreground_rmse,
    hsv_l1,
    l1,
    l2,
    mask_weighted_mse,
    masked_l1,
    unmasked_l1,
)
from imharmony.losses.style import box_style, foreground_style, style_distance
from imharmony.losses.triplet import DomainTriplets, domain_triplets

ADVERSARIAL_LOSSES: dict[str, AdversarialLoss | DisharmonyLoss] = {
    "bce": BCE,
    "bce_sum": BCE_SUM,
    "disharmony": DISHARMONY,
    "hinge": HINGE,
    "least_squares": least_squares(real_label=1.0, fake_label=0.0),
    "squared_score": SQUARED_SCORE,
    "wasserstein": WASSERSTEIN,
}

CRITICS_OF_MANY_FAKES: dict[str, CriticOfManyFakes] = {"paper": summed_fakes, "balanced": averaged_fakes}

RECONSTRUCTION_LOSSES: dict[str, ReconstructionLoss] = {
    "l1": l1,
    "l2": l2,
    "mask_weighted_mse": mask_weighted_mse,
    "masked_l1": masked_l1,
    "unmasked_l1": unmasked_l1,
    "foreground_l1": foreground_l1,
    "foreground_rmse": foreground_rmse,
    "background_l1": background_l1,
    "hsv_l1": hsv_l1,
    "foreground_style": foreground_style,
    "box_style": box_style,
}

DOMAIN_TRIPLETS: dict[str, DomainTriplets] = {
    "bargainnet": domain_triplets(margin=0.1, foreground_weight=1.0, background_weight=1.0),
    "report_002": domain_triplets(margin=1.0, foreground_weight=1.0, background_weight=0.5),
    # Its code compares codes of shape (B, 16, 1, 1), of which torch takes the distance along the last axis, number by number.
    "report_002_code": domain_triplets(margin=1.0, foreground_weight=1.0, background_weight=0.5, by_component=True),
}

FEATURE_DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"l1": l1_loss, "l2": mse_loss, "style": style_distance}
