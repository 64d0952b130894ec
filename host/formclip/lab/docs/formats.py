"""The tables of the truth file in docs/lab/trace-format.md, of the rows that check it.

python -m formclip.lab.docs.formats docs/lab/trace-format.md       # writes what stands between the markers
"""

from __future__ import annotations

import sys
from pathlib import Path

from formclip.lab.validate.truthfile import FIELDS

BEGIN, END = "<!-- truth: written by python -m formclip.lab.docs.formats -->", "<!-- end of truth -->"


def markdown() -> str:
    lines = []
    for within in dict.fromkeys(field.within for field in FIELDS):
        title = f"In `{within}`" if within else "At the top"
        lines += [f"**{title}**", "", "| field | type | unit | needed | what |", "| --- | --- | --- | --- | --- |"]
        for field in FIELDS:
            if field.within == within:
                needed = "yes" if field.needed else ""
                lines.append(
                    f"| `{field.name}` | {field.kind or 'see below'} | {field.unit} | {needed} | {field.what} |"
                )
        lines.append("")
    return "\n".join(lines).rstrip()


def with_tables(page: str) -> str:
    """The page with today's tables between the markers."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{markdown()}\n\n{END}{tail}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
