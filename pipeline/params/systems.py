"""The part of ``params.yaml`` that lists systems of several networks, and what they are judged by; the profile says how long they learn."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import Field, model_validator

from imharmony.errors import InputError
from pipeline.params.blind import BlindScale, BlindSystem, Detector
from pipeline.params.matting import Joint, Matting, MattingScale
from pipeline.params.profiles import Profile
from pipeline.params.realism import RealismJudges
from pipeline.params.section import Name, Names, Section
from pipeline.params.videos import ClipScale, Video

T = TypeVar("T")

# What came in later than the rest, and how a file says that it has none.
NOTHING = {"published": "{}", "trimaps": "[]", "matting": "{}", "joint": "{}", "clips": "[]", "videos": "{}"}


class CatalogueOfSystems(Section):
    """All systems of several networks that a file describes, by their kinds; those of ``Systems`` of the same names are taught."""

    blind: dict[Name, BlindSystem] = Field(default_factory=dict)  # what harmonizes without a mask
    videos: dict[Name, Video] = Field(default_factory=dict)  # harmonizers that are taught further on clips
    matting: dict[Name, Matting] = Field(default_factory=dict)  # networks that cut portraits out
    joint: dict[Name, Joint] = Field(default_factory=dict)  # such a network and a harmonizer that learn together


class Systems(Section):
    """Lists of systems, and the profiles."""

    profile: Name
    profiles: dict[Name, Profile]
    judges: dict[Name, RealismJudges]  # of realism, where there is no truth
    detectors: dict[Name, Detector]  # of what looks wrong
    systems: CatalogueOfSystems = CatalogueOfSystems()
    blind: dict[Name, BlindSystem]  # as the catalogue, but what is taught
    trimaps: Names  # data sets of portraits whose test trimaps are stored
    matting: dict[Name, Matting]
    joint: dict[Name, Joint]
    clips: Names  # data sets whose foregrounds are set in motion
    videos: dict[Name, Video]

    @model_validator(mode="before")
    @classmethod
    def _files_of_older_versions_are_told(cls, tree: Any) -> Any:
        lacking = [f"`{key}: {nothing}`" for key, nothing in NOTHING.items() if isinstance(tree, dict) and key not in tree]
        if lacking:
            raise ValueError(f"a file of an older version; expected every key; to have none of what is new, add {', '.join(lacking)}")
        return tree

    @property
    def active(self) -> Profile:
        """The profile that is run."""
        return self.profiles[self.profile]

    def judges_of(self, name: str) -> RealismJudges:
        """Judges of realism; an unknown name is an ``InputError``, as of all that follow."""
        return named("judges are", name, self.judges, "judges")

    def detector(self, name: str) -> Detector:
        """A detector of what looks wrong."""
        return named("detector is", name, self.detectors, "detectors")

    def blind_system(self, name: str) -> BlindSystem:
        """A system that gets no mask."""
        return named("blind system is", name, self.blind, "blind")

    @property
    def blind_scale(self) -> BlindScale:
        """How long the active profile teaches what gets no mask; an ``InputError`` where it does not say."""
        return self._said(self.active.blind, "blind", "detectors")

    def matting_network(self, name: str) -> Matting:
        """A network that cuts portraits out."""
        return named("matting network is", name, self.matting, "matting")

    def joint_system(self, name: str) -> Joint:
        """A matting network and a harmonizer that learn together."""
        return named("joint system is", name, self.joint, "joint")

    def joint_dataset(self, name: str) -> str:
        """The data set that a joint system learns from: its own or, where it names none, that of its matting network."""
        system = self.joint_system(name)
        return system.dataset or self.matting_network(system.matting).dataset

    @property
    def matting_scale(self) -> MattingScale:
        """How long the active profile teaches matting networks; an ``InputError`` where it does not say."""
        return self._said(self.active.matting, "matting", "trimaps")

    def video(self, name: str) -> Video:
        """A harmonizer that is taught further on clips."""
        return named("video is", name, self.videos, "videos")

    @property
    def clip_scale(self) -> ClipScale:
        """How many clips the active profile makes; an ``InputError`` where it does not say."""
        return self._said(self.active.clips, "clips", "clips")

    def _said(self, section: T | None, key: str, where: str) -> T:
        if section is None:
            raise InputError(f"profiles.{self.profile}.{key} is absent; expected it where there are {where}")
        return section


def named(came: str, name: str, entries: Mapping[str, T], key: str) -> T:
    """An entry by its name; another name is an ``InputError``."""
    if name not in entries:
        raise InputError(f"{came} {name!r}; expected one of {sorted(entries)}, as `{key}` of params.yaml lists them")
    return entries[name]
