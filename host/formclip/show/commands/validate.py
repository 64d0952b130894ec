"""The command `formclip validate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import GoalMissed
from formclip.ground.files import write_whole
from formclip.ground.progress import count_progress
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.plots import draw_agreement
from formclip.lab.validate.run import find_traces, load_held_out, score_all
from formclip.lab.validate.table import to_markdown, to_text


def _rounded(value: Any) -> Any:
    """Six digits are plenty, and the same on every machine."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value else None
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


def _stress(paths: list[Path], out: Path | None, as_json: bool, strict: bool) -> None:
    from formclip.lab.stress import limps, stress

    runs = stress.choose(paths)
    with count_progress("runs, each in many ways", len(runs)) as on_done:
        scores = stress.score_stress(runs, on_done=on_done, walks=stress.find_walks(paths))
    with count_progress("daily life", len(stress.LIVELIER) * stress.count_of_daily(paths)) as on_done:
        daily = stress.score_daily(paths, on_done)
    with count_progress("gaits with a limp", len(limps.GAITS)) as on_done:
        limping = limps.score_limps(on_done=on_done)
    if out is not None:
        write_whole(out, stress.to_markdown(scores, daily, limping))
    if as_json:
        said = {"variants": scores, "daily": daily, "limps": limping}
        click.echo(json.dumps(_rounded(said), indent=1, ensure_ascii=False))
    else:
        click.echo(stress.to_text(scores, daily, limping))
        if out is not None:
            click.echo(f"written to {out}")
    missed = stress.missed(scores, daily, limping)
    if strict and missed:
        raise GoalMissed(
            f"goals missed in {len(missed)} variants: {', '.join(missed)}", "the table names the worst traces"
        )


@click.command("validate", short_help="Score replay against traces whose truth is known.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Write tables here (.md), with .json and plots.")
@click.option("--json", "as_json", is_flag=True, help="Print figures and scores as JSON.")
@click.option("--no-simulated", is_flag=True, help="Leave out the simulated runs (cues, drift).")
@click.option("--stress", is_flag=True, help="Runs made harder (sensor, place, file, way) and livelier daily life.")
@click.option("--strict", is_flag=True, help="End with exit code 7 when a goal is missed.")
def validate_command(
    folder: Path, out: Path | None, as_json: bool, no_simulated: bool, stress: bool, strict: bool
) -> None:
    """Score replay against traces whose truth is known.

    Every NAME.imu.csv.xz below DIR with a NAME.truth.json beside it is replayed
    and scored, in two processes. With --stress, one run a person is made
    harder in some 40 ways first, and those are scored.
    """
    paths = find_traces(folder)
    if stress:
        _stress(paths, out, as_json, strict)
        return
    with count_progress("traces", len(paths)) as on_done:
        scores = score_all(paths, on_done)
    simulated = None
    if not no_simulated:
        from formclip.lab.validate.simulated import TASKS, score_simulated

        with count_progress("simulated runs", len(TASKS)) as on_done:
            simulated = score_simulated(on_done)
    held_out = load_held_out()
    good = {name: score for name, score in scores.items() if "error" not in score}
    figures = all_figures(good, simulated, held_out)
    result = _rounded(
        {"figures": [f.to_json() for f in figures], "traces": scores, "simulated": simulated, "held_out": held_out}
    )
    if out is not None:
        plots = {f"{out.stem}/{name}": svg for name, svg in draw_agreement(good, held_out).items()}
        for name, svg in plots.items():
            write_whole(out.parent / name, svg)
        write_whole(out, to_markdown(scores, figures, held_out, tuple(plots)))
        write_whole(out.with_suffix(".json"), json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    if as_json:
        click.echo(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        click.echo(to_text(figures))
        for name, score in scores.items():
            if "error" in score:
                click.echo(f"not read: {name}: {score['error']}")
        if out is not None:
            click.echo(f"written to {out}")
    missed = [f.title for f in figures if f.met is False]
    if strict and missed:
        raise GoalMissed(f"{len(missed)} goals missed: {', '.join(missed)}", "the table names the worst traces")
