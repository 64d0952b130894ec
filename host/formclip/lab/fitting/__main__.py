"""`python -m formclip.lab.fitting [DATA] [--write] [--bounds]`: fit the models again and say how good they are.

Prints the tables, and whether all is as shipped: the coefficients in shared/gaitcore/models.py, the widths of the 90 %
intervals in ground/estimates.py, the tables in docs/lab/models.md and the predictions for left-out runners in
held_out.json beside this file. What differs is listed, and the exit code is 1; with --write it is put there instead.
The same data give the same files, also with the coefficients that were just written in the chain.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gaitcore
import numpy as np

from formclip.ground import estimates
from formclip.ground.errors import FileError, FormclipError
from formclip.lab.fitting import HELD_OUT
from formclip.lab.fitting.fit import (
    CONTACT,
    CONTACT_USED,
    RISE_RECIPES,
    SPEED,
    SPEED_USED,
    UNFITTED,
    coefficients,
    fit_contact,
    inputs,
    joined,
    longer_steps,
    rise_coefficients,
    stacked_kinds,
)
from formclip.lab.fitting.gather import Trial, chain_with, gather_all
from formclip.lab.fitting.nested import Kind, Outcome, Recipe, evaluate, left_out
from formclip.lab.fitting.personal import personal
from formclip.lab.fitting.points import Points, points
from formclip.lab.fitting.regress import fit_line, rms
from formclip.lab.fitting.widths import GROUPS, bare_widths, measured, with_gyro, without_gyro

MODELS = Path(gaitcore.__file__).with_name("models.py")
ESTIMATES = Path(estimates.__file__)
_TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.S)
_FITTED = re.compile(r"(# -- fitted[^\n]*\n).*?(# -- end of fitted\n)", re.S)
HOW = "fits and choices of inputs that never saw the runner (`python -m formclip.lab.fitting`)"
HOW_ACROSS = "fits and choices of inputs that never saw anybody of the group (`python -m formclip.lab.fitting`)"


def assignments(values: dict[str, object]) -> str:
    """As in a Python file, one name a line."""
    lines = []
    for name, value in values.items():
        if isinstance(value, tuple) and value and isinstance(value[0], tuple):
            lines += [f"{name} = (", *(f"    {row!r}," for row in value), ")"]
        elif isinstance(value, dict):
            lines += [f"{name} = {{", *(f'    "{key}": {part!r},' for key, part in value.items()), "}"]
        else:
            lines.append(f"{name} = {value!r}")
    return "\n".join(lines) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def kind_table(o: Outcome, used: Recipe, unit: str, digits: int) -> str:
    """Inner errors of each recipe, then outer and across, then how many truths the intervals hold."""
    groups = o.kind.scored + o.kind.also
    who = np.array(o.points.sets)

    def row(what: str, errors: Any) -> list[str]:
        return [what] + [f"{rms(errors[who == g]):.{digits}f}" for g in groups]

    rows = []
    for recipe in o.kind.recipes:
        what = recipe.what + (" (used)" if recipe == used else "")
        rows.append(row("inner: " + what, o.kind.error(left_out(o.kind, recipe, o.points), o.points)))
    fixed = np.full(len(o.points), np.nan)
    for g in groups:
        rest = o.points.only(who != g)
        if len(set(rest.runners)) > 2:
            fixed[who == g] = o.kind.fit(used, rest)(o.points.only(who == g))
    rows.append(row("**outer**: fit and choice without the runner", o.kind.error(o.outer, o.points)))
    rows.append(row("**across**: fit and choice without the group", o.kind.error(o.across, o.points)))
    rows.append(row("across, the inputs as used", o.kind.error(fixed, o.points)))
    for which in ("outer", "across"):
        rows.append([f"90 % interval holds, {which}, %"] + [f"{o.covered(which, g):.0f}" for g in groups])
    return table(["RMSE, " + unit, *groups], rows)


def bias_table(o: Outcome, unit: str, digits: int) -> str:
    """Mean error of each runner left out: what stays when steps are averaged."""
    errors = o.kind.error(o.outer, o.points)
    who = np.array(o.points.runners)
    told = o.kind.told(o.points)
    cells = [
        f"{r} {np.mean(errors[told & (who == r)]):+.{digits}f}" for r in dict.fromkeys(who[told].tolist())
    ]  # fmt: skip
    return f"Mean error of each runner, outer, {unit}: " + ", ".join(cells) + ".\n"


def rise_table(p: Points) -> str:
    rows = []
    truth, who, sets = p["rise_ms"], np.array(p.runners), np.array(p.sets)
    for recipe in RISE_RECIPES:
        x = p.matrix(recipe.inputs)
        inner = np.full(len(p), np.nan)
        for runner in sorted(set(p.runners)):
            k = who == runner
            inner[k] = fit_line(x[~k], truth[~k], who[~k].tolist())(x[k])
        across = np.full(len(p), np.nan)
        for g in sorted(set(p.sets)):
            k = sets == g
            across[k] = fit_line(x[~k], truth[~k], who[~k].tolist())(x[k])
        cells = [f"{rms((v - truth)[sets == g]):.1f}" for v in (inner, across) for g in ("rbds", "hamner", "alcantara")]
        rows.append([recipe.what, *cells])
    head = [f"{w}, {g}" for w in ("runner left out", "group left out") for g in ("rbds", "hamner", "alcantara")]
    return table(["RMSE, ms", *head], rows)


def personal_table(o: Outcome) -> str:
    rows = []
    for which, what in (("outer", "fit without the runner"), ("across", "fit on the other group")):
        for group in (None, *o.kind.scored):
            found = personal(getattr(o, which), o.points, group)
            name = f"{what}, {group or 'all'}"
            rows.append([name, f"{found.one_run:.1f}", f"{found.over:.1f}", f"{found.between:.1f}"])
    head = [
        "RMSE, %", "one run known, other paces within a third", "several paces known, over them",
        "slowest and fastest known, those between",
    ]  # fmt: skip
    return table(head, rows)


def within_table(outcomes: Sequence[Outcome]) -> str:
    """How an estimate follows the truth over the speeds of one runner, and between runners at one speed."""
    rows = []
    for o in outcomes:
        ours, truth = np.exp(o.outer), o.points[o.kind.truth]
        who, speed = np.array(o.points.runners), o.points["speed_mps"]
        own = [float(np.corrcoef(ours[who == r], truth[who == r])[0, 1]) for r in dict.fromkeys(o.points.runners)]
        between = []
        for v in (2.5, 3.5, 4.5):
            k = (np.array(o.points.sets) == "rbds") & (speed == v)
            between.append(f"{np.corrcoef(ours[k], truth[k])[0, 1]:.2f}")
        rows.append([o.kind.name, f"{np.mean(own):.2f}", f"{min(own):.2f}", " ".join(between)])
    return table(["r, outer", "within a runner, mean", "lowest", "between, 2.5 3.5 4.5 m/s"], rows)


def shaken_table(kinds: Sequence[tuple[Kind, Recipe, Points, str, int]], shaken: Points) -> str:
    rows = []
    for kind, recipe, train, unit, digits in kinds:
        cells = []
        for q in (train.of(*kind.scored), shaken):
            ours = np.full(len(q), np.nan)
            who = np.array(q.runners)
            for runner in sorted(set(q.runners)):
                ours[who == runner] = kind.fit(recipe, train.without(runner))(q.runner(runner))
            cells.append(f"{rms(kind.error(ours, q)):.{digits}f}")
        rows.append([f"{kind.name}, {unit}", *cells])
    return table(["RMSE, runner left out", "as recorded", "shaken"], rows)


def learning_table(kinds: Sequence[tuple[Kind, Recipe, Points, int]]) -> str:
    """Errors on a runner by how many others the fit saw, taken in order of name from the next one on."""
    order = sorted(set(kinds[0][2].of(*kinds[0][0].scored).runners))
    rows = []
    for n in (6, 9, 13, 18, len(order) - 1):
        cells = []
        for kind, recipe, p, digits in kinds:
            errors: list[float] = []
            who = np.array(p.runners)
            for i, runner in enumerate(order):
                some = [order[(i + 1 + k) % len(order)] for k in range(n)]
                one = p.runner(runner)
                errors += kind.error(kind.fit(recipe, p.only(np.isin(who, some)))(one), one).tolist()
            cells.append(f"{rms(np.array(errors)):.{digits}f}")
        rows.append([str(n), *cells])
    return table(["runners in the fit", "contact time, ms", "speed, %"], rows)


def fill(text: str, new: dict[str, str]) -> str:
    """The document with those of its tables that are in `new` replaced."""
    return _TABLE.sub(lambda m: m[1] + new[m[2]] + m[3] if m[2] in new else m[0], text)


def data_folder(given: Path | None) -> Path:
    if given is None:
        named = os.environ.get("FORMCLIP_DATA")
        given = Path(named) if named else MODELS.parents[3] / "shared" / "data"
    for name in ("rbds", "hamner", "alcantara"):
        if not (given / name).is_dir():
            raise FileError(f"no folder {name} in it", "name the folder of the recorded traces: DATA", path=given)
    return given


def slim(trials: list[Trial]) -> Points:
    """Points with the columns that are asked for: leaving runners out copies them often."""
    p = points(trials)
    keep = {*inputs(), "rise_ms", "froude", "height_cm", "slope_deg", "speed_mps", "ln rec_cadence_spm"}
    keep |= {name for name in p.table if "true" in name}
    return Points(p.names, p.runners, p.sets, {k: v for k, v in p.table.items() if k in keep})


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {k: float(f"{v:.5g}") for k, v in sorted(values.items())}


def predictions(o: Outcome, which: str) -> tuple[dict[str, float], dict[str, float]]:
    """Estimates and half widths of their intervals, by trace."""
    values, widths = np.exp(getattr(o, which)), getattr(o, which + "_width")
    told = o.kind.told(o.points) & np.isfinite(values)
    at = np.flatnonzero(told).tolist()
    names = o.points.names
    return rounded({names[i]: values[i] for i in at}), rounded({names[i]: values[i] * widths[i] for i in at})


def held_out(outcomes: dict[str, Outcome]) -> dict[str, Any]:
    out: dict[str, Any] = {"how": HOW, "runners": {f: sorted(set(o.points.runners)) for f, o in outcomes.items()}}
    across: dict[str, Any] = {"how": HOW_ACROSS}
    for field, o in outcomes.items():
        sign = -1 if field == "braking_mps" else 1
        for which, into in (("outer", out), ("across", across)):
            values, widths = predictions(o, which)
            into[field] = {k: sign * v for k, v in values.items()}
            into[field + "_90"] = widths
    return {**out, "across": across}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").replace("%", "%%"))
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--write", action="store_true", help="put what differs into the files")
    parser.add_argument("--bounds", action="store_true", help="also what large models reach (the extra `fit`)")
    parser.add_argument("--docs", type=Path, default=MODELS.parents[2] / "docs" / "lab" / "models.md")
    asked = parser.parse_args(arguments)
    folder = data_folder(asked.data)
    print(f"running the chain over {folder}, to know when the force rises (some minutes)", file=sys.stderr)
    with chain_with(UNFITTED):
        first = joined(slim(gather_all(folder, GROUPS)), slim(gather_all(folder, ("alcantara",), gyro=False)))
    rise = rise_coefficients(first)
    with chain_with(rise):
        print("again, with that", file=sys.stderr)
        trials = gather_all(folder, GROUPS)
        run = slim(trials)
        print("the same without a gyroscope", file=sys.stderr)
        bare = slim(gather_all(folder, (*GROUPS, "alcantara"), gyro=False))
        print("the same, shaken", file=sys.stderr)
        shaken = slim(gather_all(folder, GROUPS, shake=True))
    print("choosing and fitting, runners and groups left out", file=sys.stderr)
    both = joined(run, bare)
    longer = longer_steps(bare, fit_contact(CONTACT_USED, both))
    brake_kind, heel_kind = stacked_kinds(longer)
    contact, speed = evaluate(CONTACT, both), evaluate(SPEED, run)
    brake, heel = evaluate(brake_kind, run), evaluate(heel_kind, run)
    bare_contact, bare_speed = without_gyro(bare, both, run)
    scored = bare.of(*GROUPS)
    widths = with_gyro(contact, speed, brake, heel)
    fitted = {
        "WIDTHS": widths,
        "WIDTHS_NO_GYRO": bare_widths(bare_contact, bare_speed, bare, widths),
        "MEASURED": measured(trials),
    }
    coefficient_text = assignments({**rise, **coefficients(run, bare)})
    width_text = assignments(fitted)
    kinds = [(CONTACT, CONTACT_USED, both, 1), (SPEED, SPEED_USED, run, 1)]
    new = {
        "rise": rise_table(first),
        "contact": kind_table(contact, CONTACT_USED, "ms", 1) + "\n" + bias_table(contact, "ms", 0),
        "speed": kind_table(speed, SPEED_USED, "%", 1) + "\n" + bias_table(speed, "%", 0),
        "personal": personal_table(speed),
        "braking": kind_table(brake, brake.inner.recipe, "m/s", 4),
        "heel": kind_table(heel, heel.inner.recipe, "cm", 1),
        "within": within_table([brake, heel]),
        "longer": table(
            ["d ln / d ln period", ""],
            [["forward force", f"{longer.fwd_g:+.2f}"], ["contact time, force plate", f"{longer.true_contact:+.2f}"],
             ["contact time as estimated", f"{longer.contact:+.2f}"]],
        ),
        "bare": table(
            ["without a gyroscope, runner left out, inputs as used", "RMSE"],
            [["contact time, ms", f"{rms(np.exp(bare_contact) - scored['true_contact_ms']):.1f}"],
             ["speed, %", f"{rms(100 * np.expm1(bare_speed - scored['ln true speed_mps'])):.1f}"]],
        ),
        "learning": learning_table(kinds),
        "shaken": shaken_table(
            [(CONTACT, CONTACT_USED, both, "ms", 1), (SPEED, SPEED_USED, run, "%", 1)], shaken
        ),
        "coefficients": f"```python\n{coefficient_text}```\n",
        "widths": f"```python\n{width_text}```\n",
    }  # fmt: skip
    if asked.bounds:
        from formclip.lab.fitting.bounds import HEAD, large_models

        new["bounds"] = table(["model, on all that the chain has", *HEAD], large_models(points(trials)))
    for name, text in new.items():
        print(f"\n{name}\n{text}", end="")
    found = held_out({"contact_ms": contact, "speed_mps": speed, "braking_mps": brake, "heel_ahead_cm": heel})
    files = {
        MODELS: put(MODELS, coefficient_text),
        ESTIMATES: put(ESTIMATES, width_text),
        asked.docs: fill(asked.docs.read_text(encoding="utf-8"), new),
        HELD_OUT: json.dumps(found, indent=1) + "\n",
    }
    print("\n" + "\n".join(against_shipped(files)))
    if asked.write:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        print(f"written: {', '.join(map(str, files))}", file=sys.stderr)
    elif any(path.read_text(encoding="utf-8") != text for path, text in files.items()):
        raise SystemExit(1)


def against_shipped(files: dict[Path, str]) -> list[str]:
    """What a fit would put into each file against what stands there."""
    lines = []
    for path, text in files.items():
        shipped = path.read_text(encoding="utf-8")
        if text == shipped:
            lines.append(f"{path.name}: the same as shipped")
            continue
        changed = difflib.unified_diff(shipped.splitlines(), text.splitlines(), "shipped", "fitted", n=0, lineterm="")
        lines += [f"{path.name} differs:", *changed]
    return lines


def put(path: Path, text: str) -> str:
    """A source file with this between its marks."""
    return _FITTED.sub(lambda m: m[1] + text + m[2], path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    try:
        main()
    except FormclipError as error:
        sys.exit(str(error))
