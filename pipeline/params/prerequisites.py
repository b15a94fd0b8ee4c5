"""What the variants that are drawn need of other lists of ``params.yaml``: data sets that are preprocessed, and one for a classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.params.training import INTRINSIC, Variant

Lists = dict[str, list[str]]


@dataclass(frozen=True)
class Prerequisites:
    """Lists as they are, the variants that depend on them, and ``datasets``, those of which there are composites."""

    drawn: Mapping[str, Variant]
    datasets: Sequence[str]
    classifiers: Sequence[str]
    preprocessed: Sequence[str]
    decomposers: Sequence[str]
    classified: str  # the data set whose foregrounds a classifier would learn to name

    @property
    def looking_through(self) -> list[str]:
        """The variants whose loss looks through the profile's backbone."""
        return [name for name, variant in self.drawn.items() if variant.backbone == "profile"]

    @property
    def given_intrinsic(self) -> list[str]:
        """The variants that are given semi-harmonized pictures."""
        return [name for name, variant in self.drawn.items() if variant.input == INTRINSIC]

    def fitting(self) -> Lists:
        """The lists with what is missing. A classifier that nobody looks through is left out; the preprocessing is scored by itself."""
        lists = {"classifiers": [], "preprocessed": list(self.preprocessed), "decomposers": list(self.decomposers)}
        if self.looking_through:
            lists["classifiers"] = list(self.classifiers) or [self.classified]
        if self.given_intrinsic or self.preprocessed or self.decomposers:
            if set(self.preprocessed) != set(self.datasets):
                lists["preprocessed"] = list(self.datasets)
            lists["decomposers"] = lists["decomposers"] or [self.datasets[0]]
        return lists

    def problem(self) -> str | None:
        """What is missing, and what to set: without it a stage of a variant would wait for what no stage makes."""
        fitting = self.fitting()
        if self.looking_through and not self.classifiers:
            came = f"classifiers is [], but the loss of {self.looking_through} looks through the profile's backbone"
            return f"{came}; set {_said('classifiers', fitting)}, or take them out of `variants`"
        if fitting["preprocessed"] != list(self.preprocessed) or fitting["decomposers"] != list(self.decomposers):
            came = f"preprocessed is {list(self.preprocessed)} and decomposers {list(self.decomposers)}"
            wanted = f"set {_said('preprocessed', fitting)} and {_said('decomposers', fitting)}, or both to []"
            return f"{came}; {wanted}" + (f" and take {self.given_intrinsic} out of `variants`" if self.given_intrinsic else "")
        return None

    def idle(self) -> list[str]:
        """What is made though no variant that is drawn reads it, a line each."""
        found = []
        if self.classifiers and not self.looking_through:
            found.append(f"classifiers is {list(self.classifiers)}, and no loss of `variants` looks through one: [] saves its training")
        if self.preprocessed and not self.given_intrinsic:
            found.append("preprocessed pictures are scored, but none of `variants` is given them: [] there and in decomposers saves them")
        return found


def _said(key: str, lists: Lists) -> str:
    return f"`{key}: [{', '.join(lists[key])}]`"
