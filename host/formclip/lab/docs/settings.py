"""docs/laptop/settings.md, made of the table in gaitcore/settings.py: `python -m formclip.lab.docs.settings`.

Units and meanings stand there as comments, so that they cost the clip no memory; here they are read from the source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from gaitcore import settings

_ROW = re.compile(r'^    \("(\w+)", .*\),  # \[(.*?)\] (.+)$', re.M)

_HEAD = """# Settings

Every number that a runner may change, made of the table in `gaitcore/settings.py` by
`python -m formclip.lab.docs.settings`. A value outside its range is refused with its name and range, and the old one is
kept. `formclip config` reads and writes them on a clip, `--settings FILE` takes a JSON object of them for a replay, for
example `{"tilt_cue_deg": 8, "mode": "silent"}`. All are whole numbers; words stand for their position. The number is
that of the log's SETTING event and of the protocol; the SETTINGS event holds all values as int16 in this order.

| number | name | default | allowed | unit | meaning |
| --- | --- | --- | --- | --- | --- |
"""


def meanings() -> dict[str, tuple[str, str]]:
    """Unit and meaning of each setting, by name."""
    source = Path(settings.__file__).read_text(encoding="utf-8")
    return {name: (unit, meaning) for name, unit, meaning in _ROW.findall(source)}


class Row(NamedTuple):
    """A setting as a person reads of it."""

    number: int
    name: str
    default: str
    allowed: str
    unit: str
    meaning: str


def rows() -> list[Row]:
    """All settings but the retired ones."""
    said = meanings()
    out = []
    for number in range(len(settings.TABLE)):
        row: tuple[Any, ...] = settings.TABLE[number]
        name, default, low, high, choices = row
        if choices == settings.RETIRED:
            continue
        if isinstance(choices, tuple):
            allowed, shown = ", ".join(choices), choices[default]
        else:
            allowed, shown = f"{low} to {high}" + (", or 0" if choices is settings.OR_ZERO else ""), str(default)
        out.append(Row(number, name, shown, allowed, *said[name]))
    return out


def page() -> str:
    lines = [f"| {r.number} | `{r.name}` | {r.default} | {r.allowed} | {r.unit} | {r.meaning} |" for r in rows()]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
