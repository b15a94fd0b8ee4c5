"""What a data set is made by: which instances become foregrounds, how photographs are split, what a composite may be.

The constraints are read by whoever checks parameters (``pipeline.params``); here nothing is checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

if TYPE_CHECKING:
    from imharmony.composing.limits import Quality

Split = Literal["train", "val", "test"]
Direction = Literal["foreground", "background", "photograph"]  # what of a photograph a composite changes
Fraction = Annotated[float, Ge(0), Le(1)]
Count = Annotated[int, Ge(1)]


@dataclass(frozen=True)
class Rules:
    """What an instance must be. ``categories``, ``licences`` and ``photographs`` may be None: all (all that permit derivatives).

    ``foregrounds`` limits their number by split; a split that it does not name is unlimited.
    """

    foreground_ratio: tuple[Fraction, Fraction]
    min_side_px: Annotated[int, Ge(1)]
    max_border_fraction: Fraction
    max_parts: Count
    max_occlusion: Fraction  # of the outline, along which other objects may be in front; 1: they are not looked at
    categories: Annotated[Sequence[str], MinLen(1)] | None = None
    licences: Sequence[str] | None = None
    photographs: Count | None = None
    foregrounds: Mapping[Split, Count] = field(default_factory=dict)

    def __post_init__(self) -> None:
        low, high = self.foreground_ratio
        if low >= high:
            raise ValueError(f"foreground_ratio is [{low}, {high}]; expected the smaller first")


@dataclass(frozen=True)
class SplitRule:
    """``hash`` draws by photograph; ``official`` keeps the source's own parts and carves ``val`` out of its train part.

    COCO's own val2017 is the test part then, because its test photographs have no annotations. By hash, ``test`` 0 is a data set to
    learn from alone, and ``val`` 0 with ``test`` 1 one to be scored on alone.
    """

    by: Literal["hash", "official"]
    val: Annotated[float, Ge(0), Lt(1)]
    test: Annotated[float, Ge(0), Le(1)]

    def __post_init__(self) -> None:
        is_all_test = self.by == "hash" and (self.val, self.test) == (0, 1)
        if not is_all_test and not 0 < self.val < 1 - (self.test if self.by == "hash" else 0):
            came = f"val {self.val:g} and test {self.test:g}"
            raise ValueError(f"{came}; expected val above 0 and a part left for training, or val 0 and test 1: all of it is scored")


def parts_of(rule: SplitRule) -> tuple[Split, ...]:
    """The splits that have photographs."""
    if rule.by == "official":
        return "train", "val", "test"
    if rule.test == 1:
        return ("test",)
    return ("train", "val", "test") if rule.test > 0 else ("train", "val")


@dataclass(frozen=True)
class Limits:
    """What a composite may be, and how often another reference (or other parameters) is tried before it is given up.

    iHarmony4's authors dropped composites that a classifier, an aesthetic score, a hue check or a person found implausible
    (Cong et al. 2020, arXiv:1911.13239, section 3.2); these are the parts of it that can be computed without their networks.
    """

    delta_e: tuple[Annotated[float, Ge(0)], Annotated[float, Gt(0)]] = (0.0, float("inf"))  # mean CIEDE2000, least and most
    clipped_fraction: Fraction = 1.0  # most of the foreground that the transfer brings to 0 or 255
    hue_shift_degrees: Annotated[float, Ge(0), Le(180)] = 180.0  # most between the mean colours
    redraws: Annotated[int, Ge(0), Le(100)] = 0

    def reason(self, seen: "Quality") -> str:
        """Why a composite is not kept, or ""."""
        low, high = self.delta_e
        tests = {
            "too_like": seen.delta_e >= low,
            "too_different": seen.delta_e <= high,
            "clipped": seen.clipped_fraction <= self.clipped_fraction,
            "hue_shift": seen.hue_shift_degrees <= self.hue_shift_degrees,
        }
        return next((reason for reason, passes in tests.items() if not passes), "")


@dataclass(frozen=True)
class PlateRules:
    """How the background behind a soft edge is made up; the defaults are ours, the paper's ``radius_px=15, scale=1, halo_px=0``.

    ``foreground: photograph`` lays the photograph itself over the plate, as the paper does, so that its background shows through
    where the foreground is transparent; ``estimated`` takes the foreground's own colours. ``unpainted`` takes the photograph for its
    plate, foreground and all, as HMH's code does; radius, scale and halo then say nothing.
    """

    radius_px: Annotated[float, Gt(0)] = 15.0
    scale: Annotated[float, Gt(0), Le(1)] = 0.25
    halo_px: Annotated[int, Ge(0), Le(100)] = 3
    foreground: Literal["photograph", "estimated"] = "photograph"
    unpainted: bool = False

    def __post_init__(self) -> None:
        if self.unpainted and self.foreground == "estimated":
            raise ValueError("foreground is estimated and the plate is unpainted; expected the photograph on one that shows it already")


@dataclass(frozen=True)
class ReferenceRules:
    """Which instances a transfer may take colours from, and what it measures of a photograph.

    By default references are plausible (``pairing.References``) and a region is measured. HMH's code takes any photograph
    (``implausible``) and measures all of it, foreground and background (``whole_picture``).
    """

    implausible: bool = False
    whole_picture: bool = False
