"""`formclip simulate`: flags and files to a scenario, a scenario to a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from formclip.ground.text import clock
from formclip.lab.simulate.make import write
from formclip.lab.simulate.scenario import (
    PLACEMENTS,
    PRESETS,
    Scenario,
    ScenarioError,
    from_mapping,
    preset,
    read_mapping,
    to_mapping,
)
from formclip.lab.simulate.truth import running_time_s
from formclip.show.tell import tell, tell_json

# Flag, field of the scenario, what it says. Everything else goes into a scenario file.
_NUMBERS: tuple[tuple[str, str, str], ...] = (
    ("--speed", "speed_mps", "running speed, m/s"),
    ("--cadence", "cadence_spm", "steps a minute"),
    ("--contact", "contact_ms", "ground contact time, ms"),
    ("--slope", "slope_deg", "slope of the course, degrees, uphill positive"),
    ("--oscillation", "oscillation_cm", "vertical oscillation of the pelvis, cm"),
    ("--braking", "braking_mps", "speed lost in early contact, m/s"),
    ("--tilt", "tilt_deg", "mean tilt in running minus standing, degrees"),
    ("--tilt-range", "tilt_range_deg", "tilt range in a stride, degrees"),
    ("--drop", "drop_range_deg", "pelvic drop range in a stride, degrees"),
    ("--rotation", "rotation_range_deg", "pelvic rotation range in a stride, degrees"),
    ("--asymmetry", "asymmetry_pct", "right minus left contact time, percent"),
    ("--variability", "variability_pct", "step-to-step spread of step time, percent"),
    ("--impact", "impact_g", "rattle at landing, g"),
    ("--stand", "stand_s", "standing still at the start, s"),
    ("--wobble", "wobble", "looseness of the belt, 0 to 1"),
    ("--rate", "rate_hz", "samples a second"),
)


def _three(field: str, text: str) -> list[float]:
    try:
        values = [float(v) for v in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 3:
        raise ScenarioError(f"{field} is {text!r}, not three numbers", "give forward,up,right, as in 3,-5,8")
    return values


def _scenario(options: dict[str, Any], preset_name: str | None, path: str | None, minutes: float | None) -> Scenario:
    """File over preset, flags over file."""
    if path is not None:
        values = read_mapping(path)
        if preset_name is not None:
            values["preset"] = preset_name
        if minutes is not None:
            values["minutes"] = minutes
        try:
            scenario = from_mapping(values)
        except ScenarioError as error:
            raise ScenarioError(error.what, error.next_step, path=path) from None
    elif preset_name is not None:
        scenario = preset(preset_name, minutes)
    else:
        scenario = Scenario() if minutes is None else Scenario(minutes=minutes)
    return scenario.with_(**options) if options else scenario


def _report(console: Console, truth: dict[str, Any], paths: tuple[Path, Path]) -> None:
    minutes = truth["scenario"]["minutes"]
    console.print(
        f"[bold]{minutes:g} min[/bold] at {truth['rate_hz']:g} Hz: {truth['samples']:,} samples, "
        f"{len(truth['steps']):,} running steps in {running_time_s(truth) / 60:.1f} min of running",
        soft_wrap=True,
    )
    if truth["steps"]:
        console.print(
            f"speed {truth['speed_mps']:.2f} m/s · cadence {truth['cadence_spm']:.1f} · contact "
            f"{truth['contact_ms']:.0f} ms · oscillation {truth['vo_cm']:.1f} cm · braking "
            f"{truth['brake_dv_mps']:.3f} m/s · tilt {truth['tilt_minus_standing_deg']:+.1f}° over standing",
            soft_wrap=True,
        )
    for episode in truth["episodes"]:
        console.print(f"  {episode['kind']:<10} {clock(episode['start_s'])} to {clock(episode['end_s'])}")
    for slip in truth["slips"]:
        console.print(f"  {'slip':<10} {clock(slip['at_s'])}, {slip['angle_deg']:.0f}°")
    lost = sum(gap["samples"] for gap in truth["gaps"])
    if lost:
        console.print(f"  {'lost':<10} {lost} samples in {len(truth['gaps'])} gaps")
    if truth["samples_saturated"]:
        console.print(f"  {'saturated':<10} {truth['samples_saturated']} samples")
    for path in paths:
        tell(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _numbers(command: Any) -> Any:
    for flag, field, says in reversed(_NUMBERS):
        command = click.option(flag, field, type=float, default=None, metavar="N", help=says[0].upper() + says[1:])(
            command
        )
    return command


def _among(names: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Shell completion from a list; what is not in it is refused by the scenario itself, in our words."""
    return lambda context, parameter, begun: [name for name in names if name.startswith(begun)]


@click.command("simulate", short_help="Make a synthetic run with complete truth.")
@click.option(
    "-o", "--out", "out", type=click.Path(), metavar="DIR/NAME", help="Write NAME.imu.csv.xz, NAME.truth.json."
)
@click.option(
    "--preset",
    "preset_name",
    default=None,
    shell_complete=_among(PRESETS),
    metavar="NAME",
    help=f"Start from: {', '.join(PRESETS)}.",
)
@click.option(
    "--scenario",
    "path",
    type=click.Path(),
    default=None,
    metavar="FILE.json",
    help="Read a scenario (docs/lab/simulate.md).",
)
@click.option("--minutes", type=float, default=None, metavar="N", help="Length of the trace.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Same seed, same samples.")
@click.option("--person", type=int, default=None, metavar="N", help="0 the average runner, else somebody's own style.")
@_numbers
@click.option(
    "--placement",
    default=None,
    shell_complete=_among(PLACEMENTS),
    metavar="PLACE",
    help=f"Where on the waist: {', '.join(PLACEMENTS)}.",
)
@click.option("--mounting", default=None, metavar="F,U,R", help="Mounting error, rotation vector, degrees.")
@click.option("--gyro-bias", default=None, metavar="X,Y,Z", help="Gyroscope bias, degrees a second.")
@click.option("--show", is_flag=True, help="Print the scenario as JSON, make nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def simulate_command(
    out: str | None,
    preset_name: str | None,
    path: str | None,
    minutes: float | None,
    seed: int,
    placement: str | None,
    mounting: str | None,
    gyro_bias: str | None,
    show: bool,
    as_json: bool,
    **numbers: float | int | None,
) -> None:
    """Make a synthetic run with complete truth, in the trace format.

    \b
    formclip simulate --preset demo --minutes 20 --seed 1 -o out/demo
    formclip simulate --speed 3.5 --cadence 164 --braking 0.3 -o out/heavy
    formclip simulate --scenario run.json -o out/run

    Flags win over the scenario file, the file over the preset.
    """
    options: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    if placement is not None:
        options["placement"] = placement
    if mounting is not None:
        options["mounting_deg"] = _three("mounting", mounting)
    if gyro_bias is not None:
        options["gyro_bias_dps"] = _three("gyro-bias", gyro_bias)
    scenario = _scenario(options, preset_name, path, minutes)
    if show:
        tell_json(to_mapping(scenario), indent=2)
        return
    if out is None:
        raise click.UsageError("missing -o DIR/NAME: where to write the trace")
    errors = Console(stderr=True)
    name = Path(out)
    for ending in (".imu.csv.xz", ".truth.json"):
        if name.name.endswith(ending):
            name = name.with_name(name.name.removesuffix(ending))
    with Progress(
        TextColumn("simulating"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[mb]:.1f} MB"),
        TimeRemainingColumn(), console=errors, transient=True, disable=as_json or not errors.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("simulating", total=scenario.minutes * 60, mb=0.0)
        part = name.parent / (name.name + ".imu.csv.xz.part")

        def progress(done_s: float) -> None:
            bar.update(task, completed=done_s, mb=part.stat().st_size / 1e6)

        trace_path, truth_path, truth = write(name, scenario, seed, progress)
    if as_json:
        brief = {key: value for key, value in truth.items() if key not in ("steps", "walk_steps", "pose", "scenario")}
        tell_json({"trace": str(trace_path), "truth": str(truth_path), "steps": len(truth["steps"]), **brief})
    else:
        _report(Console(), truth, (trace_path, truth_path))
