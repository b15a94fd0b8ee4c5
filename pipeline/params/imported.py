"""Results from elsewhere in ``params.yaml``: what others computed, to stand beside our methods in every table."""

from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.params.section import Count, Name, Section, Text


def _inside(path: str) -> str:
    if not path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("expected a path inside the entry's folder, because DVC watches that folder and nothing else")
    return path


PathInFolder = Annotated[Text, AfterValidator(_inside)]


class ImportedTable(Section):
    """Scores computed elsewhere on one data set (``imharmony.evaluation.imported``)."""

    file: PathInFolder  # .csv or .parquet
    convention: Text  # a name of ``imharmony.evaluation.conventions.CONVENTIONS``
    size_px: Count  # at which they were computed; expected to be the profile's evaluation.size_px
    columns: Annotated[dict[Text, Text], Field(min_length=2)]  # `name` and metrics of ours to the table's own columns
    letters: Text | None = None  # only rows whose name begins with just these; null: every row


class ImportedMethod(Section):
    """One method's pictures or scores, by data set."""

    folder: Text
    outputs: dict[Name, PathInFolder] = Field(default_factory=dict)  # folders of pictures, scored as ours are
    tables: dict[Name, ImportedTable] = Field(default_factory=dict)
    data_hash: dict[Name, Text] = Field(default_factory=dict)  # of the composites that they were made from, as the report prints it

    @property
    def datasets(self) -> list[str]:
        """The data sets of which there is anything."""
        return [*self.outputs, *self.tables]

    def pictures(self, dataset: str) -> Path | None:
        """The folder of pictures of a data set, if there is one."""
        return Path(self.folder, self.outputs[dataset]) if dataset in self.outputs else None

    @model_validator(mode="after")
    def _each_data_set_comes_once(self) -> "ImportedMethod":
        if not self.datasets:
            raise ValueError("neither `outputs` nor `tables`; expected a folder of pictures or a table for at least one data set")
        if unknown := sorted(self.data_hash.keys() - set(self.datasets)):
            raise ValueError(f"data_hash of {unknown}; expected some of {self.datasets}, which the entry has")
        if both := sorted(self.outputs.keys() & self.tables.keys()):
            raise ValueError(f"{both} in `outputs` and in `tables`; expected each data set in one of them")
        return self
