"""`python -m formclip.lab.fitting [DATA] [--write] [--bounds]`: fit the models again and say how good they are.

Prints the tables. With --write it also puts the coefficients into shared/gaitcore/models.py, the tables into
docs/lab/models.md and the predictions for left-out runners into held_out.json beside this file. The same data give the
same files.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import gaitcore

from formclip.ground.errors import FileError, FormclipError
from formclip.lab.fitting import HELD_OUT
from formclip.lab.fitting.fit import Fitted, Score, fit_all, learning_curve, points, runners, shaken_scores
from formclip.lab.fitting.gather import gather_all

MODELS = Path(gaitcore.__file__).with_name("models.py")
_TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.S)
_FITTED = re.compile(r"(# -- fitted[^\n]*\n).*?(# -- end of fitted\n)", re.S)
HOW = "fits that never saw the runner (`python -m formclip.lab.fitting`)"


def coefficients_text(fitted: Fitted) -> str:
    lines = []
    for name in (
        "RISE",
        "RISE_NO_GYRO",
        "RISE_VERT",
        "CONTACT",
        "CONTACT_NO_GYRO",
        "CONTACT_VERT",
        "SPEED",
        "SPEED_ROUGH",
    ):
        lines.append(f"{name} = {fitted.coefficients[name]!r}")
    rows = fitted.coefficients["SHAPE"]
    assert isinstance(rows, tuple)
    lines.append("SHAPE = (")
    lines += [f"    {row!r}," for row in rows]
    lines.append(")")
    lines += [f"{name} = {fitted.coefficients[name]!r}" for name in ("BRAKE", "HEEL")]
    return "\n".join(lines) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def scores_table(scores: list[Score], unit: str, digits: int) -> str:
    with_r = any(s.r for s in scores)
    head = ["from", f"RMSE, {unit}", f"worst, {unit}"] + (["r at 2.5, 3.5, 4.5 m/s"] if with_r else [])
    rows = []
    for s in scores:
        row = [s.what, f"{s.error:.{digits}f}", f"{s.worst:.{digits}f}"]
        if with_r:
            row.append(" ".join("–" if math.isnan(r) else f"{r:.2f}" for r in s.r))
        rows.append(row)
    return table(head, rows)


def tables(fitted: Fitted, curve: list[tuple[int, float, float, float, float]],
           shaken: list[tuple[str, float, float]]) -> dict[str, str]:  # fmt: skip
    out = {
        "on": scores_table(fitted.scores["on"], "ms", 1),
        "contact": scores_table(fitted.scores["contact"], "ms", 1),
        "contact_no_gyro": scores_table(fitted.scores["contact_no_gyro"], "ms", 1),
        "speed": scores_table(fitted.scores["speed"], "%", 1),
        "braking": scores_table(fitted.scores["braking"], "m/s", 4),
        "heel": scores_table(fitted.scores["heel"], "cm", 2),
        "learning": table(
            ["runners in the fit", "contact time, ms", "speed, %", "braking, m/s", "heel ahead, cm"],
            [[str(n), f"{a:.1f}", f"{b:.1f}", f"{c:.4f}", f"{d:.2f}"] for n, a, b, c, d in curve],
        ),
        "shaken": table(
            ["RMSE, runner left out", "as recorded", "shaken"], [[w, f"{a:.1f}", f"{b:.1f}"] for w, a, b in shaken]
        ),
        "coefficients": "```python\n" + coefficients_text(fitted) + "```\n",
    }
    return out


def fill(text: str, new: dict[str, str]) -> str:
    """The document with those of its tables that are in `new` replaced."""
    return _TABLE.sub(lambda m: m[1] + new[m[2]] + m[3] if m[2] in new else m[0], text)


def data_folder(given: Path | None) -> Path:
    if given is None:
        named = os.environ.get("FORMCLIP_DATA")
        given = Path(named) if named else MODELS.parents[3] / "shared" / "data"
    if not (given / "rbds").is_dir():
        raise FileError("no folder rbds in it", "name the folder of the recorded traces: DATA", path=given)
    return given


def main(data: Path | None, write: bool, bounds: bool, docs: Path) -> None:
    folder = data_folder(data)
    print(f"running the chain over {folder} (about a minute)", file=sys.stderr)
    run = runners(gather_all(folder, ("rbds",)))
    print("the same without a gyroscope", file=sys.stderr)
    fitted = fit_all(run, points(gather_all(folder, ("rbds", "alcantara"), gyro=False)))
    print("the same, shaken", file=sys.stderr)
    shaken = points(gather_all(folder, ("rbds",), shake=True))
    new = tables(fitted, learning_curve(run), shaken_scores(run, shaken))
    if bounds:
        from formclip.lab.fitting.bounds import HEAD, large_models

        new["bounds"] = table(["model, on all that the chain has", *HEAD], large_models(run))
    for name, text in new.items():
        print(f"\n{name}\n{text}", end="")
    if write:
        source = MODELS.read_text(encoding="utf-8")
        MODELS.write_text(_FITTED.sub(lambda m: m[1] + coefficients_text(fitted) + m[2], source), encoding="utf-8")
        docs.write_text(fill(docs.read_text(encoding="utf-8"), new), encoding="utf-8")
        rounded = {f: {k: float(f"{v:.5g}") for k, v in sorted(p.items())} for f, p in sorted(fitted.held_out.items())}
        HELD_OUT.write_text(json.dumps({"how": HOW, **rounded}, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten: {MODELS}, {docs}, {HELD_OUT}", file=sys.stderr)


def run() -> None:
    parser = argparse.ArgumentParser(prog="python -m formclip.lab.fitting", description=__doc__)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--write", action="store_true", help="put coefficients, tables, predictions into their files")
    parser.add_argument(
        "--bounds", action="store_true", help="also what large models reach (needs scikit-learn: the extra `fit`)"
    )
    parser.add_argument("--docs", type=Path, default=MODELS.parents[2] / "docs" / "lab" / "models.md")
    given = parser.parse_args()
    try:
        main(given.data, given.write, given.bounds, given.docs)
    except FormclipError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    run()
