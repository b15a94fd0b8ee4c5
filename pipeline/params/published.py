"""Models from elsewhere in ``params.yaml``: files that nothing here trains, which are scored like what is trained."""

from pathlib import Path

from imharmony.storage.headers import told_by
from pipeline.params.section import Section, Text


class PublishedModel(Section):
    """One method: a harmonizer's file, as ``harmonize models import`` or another run of this pipeline writes it."""

    file: Text

    @property
    def network(self) -> str | None:
        """The name of its generator; None where the file is not there or does not say."""
        found = told_by(Path(self.file), "architecture", "name")
        return found if isinstance(found, str) else None
