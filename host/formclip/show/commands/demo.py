"""`formclip demo`: the whole way without hardware."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from formclip.ground import log as logfile
from formclip.ground.errors import GoalMissed
from formclip.lab.replay import describe, replay_to_folder
from formclip.lab.validate.episodes import match_cues
from formclip.lab.validate.score import score_trace
from formclip.lab.validate.truthfile import load_truth, truth_path
from formclip.show import demo
from formclip.show.options import DAY
from formclip.show.tell import tell, tell_json


@click.command("demo", short_help="Show it all without hardware: simulate, replay, report.")
@click.argument("trace", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    help="Folder to write to.  [default: out/demo, out/weeks]",
)
@click.option("--clip/--no-clip", default=True, help="Also record it on the virtual clip and sync it.")
@click.option("--weeks", is_flag=True, help="Eight weeks of a runner, through every command of the record.")
@click.option("--until", type=DAY, help="With --weeks: the Sunday with which they end.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def demo_command(
    trace: Path | None, out: Path | None, clip: bool, weeks: bool, until: datetime | None, as_json: bool
) -> None:
    """Show it all without hardware: simulate, replay, report.

    Simulates a 20-minute run with two episodes of overstriding and two of an
    arched back, runs the clip's code over it, and compares what it found with
    what was put in. Then the same run through the whole chain: the firmware on
    a virtual board, a virtual radio, sync, report. With TRACE, does it with a
    recorded trace instead.

    With --weeks: 24 runs of a runner who arches the back, does four weeks of
    exercises, once runs much too far, and has a calf that aches; a watch is
    on half of them. They are recorded, synced and merged as a clip's would
    be, into a record of their own in --out, and every command of the record
    is run over them.
    """
    if weeks:
        if trace is not None:
            raise click.UsageError("--weeks makes its own runs: leave TRACE out")
        from formclip.show.weeks import DEFAULT_FOLDER, show_weeks

        show_weeks(out or DEFAULT_FOLDER, until.date() if until else None, as_json)
        return
    if until is not None:
        raise click.UsageError("--until goes with --weeks")
    out = out or demo.DEFAULT_FOLDER
    say = (lambda text: None) if as_json else tell
    if trace is None:
        say("simulating a 20-minute run with two overstride and two arch episodes")
        trace = demo.simulate(out)
    say(f"running the clip's code over {trace}")
    started = time.perf_counter()
    replayed = replay_to_folder(trace, out, bar=not as_json)
    took_s = time.perf_counter() - started
    truth: dict[str, Any] = {}
    if not logfile.is_log(trace) and truth_path(trace).is_file():
        truth = load_truth(truth_path(trace))
    score = score_trace(truth, demo.ours(replayed)) if truth else {}
    score["windows"] = demo.windows(truth, replayed)
    found, stray = match_cues(truth.get("episodes") or [], replayed.cues)
    if not truth:
        stray = []
    missed = [f for f in found if f.cued_s is None]
    summary = replayed.summary()
    report, no_report = demo.report_or_reason(out)
    synced = demo.through_the_air(trace, out, replayed, as_json) if clip and not logfile.is_log(trace) else None
    if as_json:
        told = {
            "episodes": [asdict(f) for f in found],
            "cues_without_a_fault": [asdict(cue) for cue in stray],
            "summary": summary,
            "windows": score["windows"],
            "log": str(out / logfile.LOG_NAME),
            "report": report or None,
            "synced": synced,
        }
        tell_json(told, indent=1)
    else:
        for line in describe(summary)[1:]:
            tell("  " + line)
        demo.print_tables(truth, score, found, stray)
        if truth.get("episodes"):
            again = "the same cues" if summary["cues_same_when_decided_again"] else "OTHER cues"
            said = f"{len(found) - len(missed)} of {len(found)} episodes cued, {len(stray)} cues where no fault was; "
            tell(said + f"the cue engine, run again on the log, gives {again}")
        tell(f"{replayed.seconds / max(took_s, 1e-9):,.0f} times real time")
        tell(f"log:    {out / logfile.LOG_NAME}")
        tell(f"report: {report}" if report else f"no report: {no_report}")
        if synced:
            demo.print_synced(synced)
    if truth.get("episodes") and (missed or stray or not summary["cues_same_when_decided_again"]):
        what = f"{len(missed)} of {len(found)} episodes not cued, {len(stray)} cues without a fault"
        raise GoalMissed(what, f"look at {out / 'cues.csv'} and the report")
    far = [w for w in score["windows"] if w["ours"] is None or abs(w["ours"] - w["truth"]) > demo.NEAR_SPM]
    if far:
        worst = max(far, key=lambda w: math.inf if w["ours"] is None else abs(w["ours"] - w["truth"]))
        raise GoalMissed(
            f"cadence is more than {demo.NEAR_SPM:g} steps/min off in {len(far)} of {len(score['windows'])} windows",
            f"look at {out / 'cadence.csv'} from {worst['from_s']:.0f} s",
        )
