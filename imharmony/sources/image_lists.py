"""Which photographs of a source are taken: a CSV file with a column ``image_id``, of which other columns say nothing here."""

import csv
from collections import Counter
from pathlib import Path

from imharmony.errors import InputError

COLUMN = "image_id"


def read_image_list(path: Path) -> frozenset[int]:
    """The ids, one or more. A file that is no such list is an ``InputError`` that names it and the row."""
    advice = f"expected a CSV file with a column {COLUMN}, a whole number in each row"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if COLUMN not in (reader.fieldnames or ()):
                raise InputError(f"{path}: its columns are {', '.join(reader.fieldnames or ()) or 'none'}; {advice}")
            texts = [row[COLUMN] or "" for row in reader]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {advice}") from error
    except (IsADirectoryError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable as a table ({error}); {advice}") from error
    wrong = next((row for row, text in enumerate(texts, start=2) if not (text.isascii() and text.isdigit())), None)
    if wrong is not None:
        raise InputError(f"{path}, line {wrong}: {COLUMN} is {texts[wrong - 2]!r}; {advice}")
    if not texts:
        raise InputError(f"{path}: no rows; {advice}")
    counts = Counter(map(int, texts))
    again = [image_id for image_id, count in counts.items() if count > 1]
    if again:
        raise InputError(f"{path}: {COLUMN} {again[0]} occurs {counts[again[0]]} times; expected each once; remove the others")
    return frozenset(counts)
