"""The command `formclip validate`."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import GoalMissed, TraceError
from formclip.ground.files import write_whole
from formclip.ground.progress import count_progress
from formclip.lab.validate.pages import write_pages
from formclip.lab.validate.run import find_traces
from formclip.lab.validate.table import to_text
from formclip.lab.validate.truthfile import REMEDY
from formclip.lab.validate.validation import broken_truths, six_digits, validate
from formclip.show.tell import tell, tell_json


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
        tell_json(six_digits(said), indent=1)
    else:
        tell(stress.to_text(scores, daily, limping))
        if out is not None:
            tell(f"written to {out}")
    missed = stress.missed(scores, daily, limping)
    if strict and missed:
        raise GoalMissed(
            f"goals missed in {len(missed)} variants: {', '.join(missed)}", "the table names the worst traces"
        )


def _broken(broken: dict[Path, TraceError], paths: list[Path]) -> TraceError:
    return TraceError(f"{len(broken)} of {len(paths)} traces were not scored: their truth can't be used", REMEDY)


@click.command("validate", short_help="Score replay against traces whose truth is known.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Write tables here (.md), with .json and plots.")
@click.option("--json", "as_json", is_flag=True, help="Print figures and scores as JSON.")
@click.option(
    "--no-simulated", is_flag=True, help="Leave out runs that are made for it (cues, drift, changes of form)."
)
@click.option("--stress", is_flag=True, help="Runs made harder (sensor, place, file, way) and livelier daily life.")
@click.option("--strict", is_flag=True, help="End with exit code 7 when a goal is missed.")
def validate_command(
    folder: Path, out: Path | None, as_json: bool, no_simulated: bool, stress: bool, strict: bool
) -> None:
    """Score replay against traces whose truth is known.

    Every NAME.imu.csv.xz below DIR with a NAME.truth.json beside it is replayed
    and scored, in two processes. A truth that can't be used is named first, and
    the exit code is 3 then. With --stress, one run a person is made
    harder in some 40 ways first, and those are scored.
    """
    paths = find_traces(folder)
    if stress:
        _stress(paths, out, as_json, strict)
        return
    broken = broken_truths(paths)
    for error in broken.values():
        tell(f"not scored: {error}", err=True)
    useful = [path for path in paths if path not in broken]
    if not useful:
        raise _broken(broken, paths)
    if not no_simulated:
        tell("the runs that are made for it take some minutes; --no-simulated leaves them out", err=True)
    done = validate(useful, not no_simulated, count_progress)
    if out is not None:
        write_pages(done, out)
    if as_json:
        tell_json(done.to_dict(), 1)
    else:
        tell(to_text(list(done.figures)))
        for name, why in done.unread.items():
            tell(f"not read: {name}: {why}")
        if out is not None:
            tell(f"written to {out}")
    if broken:
        raise _broken(broken, paths)
    missed = done.missed
    if strict and missed:
        raise GoalMissed(f"{len(missed)} goals missed: {', '.join(missed)}", "the table names the worst traces")
