"""The reference of scenario fields in docs/lab/simulate.md, from the fields themselves.

python -m formclip.lab.docs.scenario docs/lab/simulate.md       # writes what stands between the markers
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from formclip.lab.simulate.scenario import (
    PRESETS,
    Episode,
    Fatigue,
    Gap,
    Knock,
    Limp,
    Scenario,
    Segment,
    Slip,
    Turn,
)

BEGIN, END = "<!-- fields: written by python -m formclip.lab.docs.scenario -->", "<!-- end of fields -->"
_PARTS: tuple[tuple[str, Any], ...] = (
    ("segments[]", Segment), ("episodes[]", Episode), ("turns[]", Turn), ("slips[]", Slip), ("knocks[]", Knock),
    ("gaps[]", Gap), ("fatigue", Fatigue), ("limp", Limp),
)  # fmt: skip


def _default(spec: Field[Any]) -> str:
    if spec.default is MISSING or isinstance(spec.default, Fatigue | Limp) or spec.default == ():
        return ""
    if spec.default is None:
        return "none"
    if isinstance(spec.default, tuple):
        return "[" + ", ".join(f"{v:g}" for v in spec.default) + "]"
    if isinstance(spec.default, bool):
        return str(spec.default).lower()
    return f"{spec.default:g}" if isinstance(spec.default, int | float) else spec.default


def _range(spec: Field[Any]) -> str:
    if "among" in spec.metadata:
        return ", ".join(spec.metadata["among"])
    if "low" in spec.metadata:
        return f"{spec.metadata['low']:g}..{spec.metadata['high']:g}"
    return ""


def _table(kind: Any) -> list[str]:
    lines = ["| field | range | default | what |", "| --- | --- | --- | --- |"]
    lines += [f"| `{s.name}` | {_range(s)} | {_default(s)} | {s.metadata['says']} |" for s in fields(kind)]
    return lines


def markdown() -> str:
    lines = _table(Scenario)
    for name, kind in _PARTS:
        what = " ".join((kind.__doc__ or "").split())
        lines += ["", f"**`{name}`** {what}", "", *_table(kind)]
    lines += ["", "**Presets**", "", "| preset | what |", "| --- | --- |"]
    lines += [f"| `{name}` | {what} |" for name, what in PRESETS.items()]
    return "\n".join(lines)


def with_fields(text: str) -> str:
    """The page with the part between the markers renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after}"


def main() -> None:
    page = Path(sys.argv[1])
    page.write_text(with_fields(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
