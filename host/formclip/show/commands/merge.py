"""`formclip merge`: a run and its watch's file, put together."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import FormclipError, printable
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import clock, counted, number, signed
from formclip.runs.exchange.align import LEAST_AGREEMENT
from formclip.runs.exchange.merge import Merged, WatchFolder, merge, merge_from, own_speed_of, undo
from formclip.runs.exchange.paces import OwnSpeed
from formclip.runs.exchange.watchfile import read_file
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.store import ADDED, Store
from formclip.runs.store.watch import watched
from formclip.runs.store.which import which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("merge", short_help="Put a run and its watch's file together.")
@click.argument("run", required=False)
@click.argument("file", required=False, metavar="[WATCH.fit]", type=click.Path(path_type=Path))
@click.option(
    "--watch-folder",
    "-w",
    type=click.Path(path_type=Path),
    help="Look for the file in this folder; without RUN, for the files of all runs that have none yet.",
)
@click.option("--own-speed", is_flag=True, help="Give the clip your own speed, by the watch, at its next sync.")
@click.option("--undo", "undone", is_flag=True, help="The run stands alone again.")
@store_option
@json_option
def merge_command(
    run: str | None,
    file: Path | None,
    watch_folder: Path | None,
    own_speed: bool,
    undone: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Put a run and its watch's file together.

    The two are matched by time and by the cadence that both recorded, and
    refused when they do not agree. Neither is changed: the watch's file is
    copied into the record, byte for byte. The run then has the watch's
    distance, pace, slope and heart rate, every cue gets a second opinion with
    the slope known, and `formclip export RUN --fit` writes the watch's own
    file with the clip's figures added.

    RUN is named as for `formclip show`; WATCH.fit is the file as the watch or
    its app gives it.

    From the merged runs of a clip follows your own speed scale; it is told
    with its check on later runs. With --own-speed the clip is given it.
    """
    store = Store(folder)
    if undone:
        if run is None or file is not None or watch_folder is not None or own_speed:
            raise click.UsageError("--undo takes a RUN and nothing else")
        row = which(store, run)
        undo(store, row)
        if as_json:
            tell_json({"session": row.stored.label})
        else:
            tell(f"{_label(row)} stands alone again")
        return
    if (file is None) == (watch_folder is None):
        raise click.UsageError("name the watch's file, or a folder of them with --watch-folder")
    if watch_folder is not None and run is None:
        if own_speed:
            raise click.UsageError("--own-speed goes with a RUN, whose clip is meant")
        _all(store, WatchFolder(watch_folder), as_json)
        return
    row = which(store, run or "last")
    if watch_folder is not None:
        merged = merge_from(store, row, WatchFolder(watch_folder))
    else:
        assert file is not None
        merged = merge(store, row, read_file(file), file)
    speed = own_speed_of(store, row.stored.clip)
    given = own_speed and speed is not None and row.stored.clip != ADDED
    if speed is not None and given:
        for name, value in speed.own.settings().items():
            store.want(row.stored.clip, name, value)
    if as_json:
        tell_json(_told(merged) | {"own_speed": None if speed is None else plain(speed), "given": given}, indent=1)
        return
    for line in _lines(merged):
        tell(line)
    for line in _speed_lines(speed, own_speed, given):
        tell(line)
    tell(f"next: formclip show {_label(row)}; formclip export {_label(row)} --fit for one file with both")


def _label(row: Row) -> str:
    return printable(row.stored.label)


def _all(store: Store, folder: WatchFolder, as_json: bool) -> None:
    """Every run that is merged with no file yet."""
    known = watched(store)
    todo = [row for row in rows(store) if row.stored.key not in known and not row.brief.problem]
    told, left = [], []
    with count_progress("runs looked up", len(todo), not as_json) as on_done:
        for done, row in enumerate(todo, 1):
            try:
                merged = merge_from(store, row, folder)
                told.append(_told(merged))
            except FormclipError as error:
                left.append((row.stored.label, error.what))
            if on_done is not None:
                on_done(done)
    if as_json:
        tell_json({"merged": told, "left": dict(left)}, indent=1)
        return
    for one in told:
        way = f"{one['distance_m'] / 1000:.2f} km" if one["distance_m"] is not None else "no distance"
        tell(f"{printable(one['session'])}: {way}, agreement {one['agreement']:.2f}")
    for path, why in folder.unreadable:
        tell(f"left out: {printable(path.name)}: {why}")
    runs = "1 run has" if len(told) == 1 else f"{len(told)} runs have"
    tell(f"{runs} a watch's file now, {len(left)} of {len(todo)} still have none; {len(folder)} files in the folder")


def _told(merged: Merged) -> dict[str, Any]:
    found = merged.watched
    return {
        "session": merged.row.stored.label,
        "file": found.file,
        "sha256": found.sha256,
        "offset_s": found.offset_s,
        "drift_ppm": found.drift_ppm,
        "agreement": found.agreement,
        "least_agreement": LEAST_AGREEMENT,
        "distance_m": found.distance_m,
        "dated_by_the_watch": merged.dated,
        **found.more,
    }


def _lines(merged: Merged) -> list[str]:
    found, match = merged.watched, merged.found.match
    out = [
        f"{_label(merged.row)} and the watch's file are one run: over {clock(match.overlap_s)} of steady running their "
        f"cadences agree by {match.agreement:.2f} ({LEAST_AGREEMENT:.2f} is needed)",
        f"they differ by {match.residual_spm:.1f} steps/min (RMS); the watch's clock is {signed(found.offset_s, 1)} s "
        f"(± {match.offset_sd_s:.2f}) off the clip's date and drifts by {signed(found.drift_ppm, 0)} ppm "
        f"(± {match.drift_sd_ppm:.0f}); it counts a cadence over {match.counted_s:g} s",
    ]
    if merged.found.activity.wrong:
        out.append(f"the file: {merged.found.activity.wrong}; what came before was read")
    out.append(_way(merged))
    slopes = found.minutes["slope_pct"]
    if merged.opinions:
        out += [one.said for one in merged.opinions]
    elif not (slopes == slopes).any():
        out.append("the slope is not known: the watch has no heights, or only a satellite's")
    if merged.dated:
        out.append("the run had no date and has the watch's now")
    elif merged.row.about.began_unix_s is not None and abs(found.offset_s) > 60:
        out.append(f"by the watch the run began {signed(found.offset_s / 60, 0)} min from when you said")
    return out


def _speed_lines(speed: OwnSpeed | None, wanted: bool, given: bool) -> list[str]:
    """The runner's own speed scale, and how it did on runs that had no part in it."""
    if speed is None:
        return ["your own speed is not told: the watch knows too little of level running"] if wanted else []
    runs = "this run" if len(speed.of) == 1 else f"the last {len(speed.of)} merged runs"
    said = f"your own speed by {runs}: " + ", ".join(f"{name} {value}" for name, value in speed.own.settings().items())
    if speed.checked:
        off = math.sqrt(sum(one.off_pct**2 for one in speed.checked) / len(speed.checked))
        many = counted(len(speed.checked), "later run")
        said += f"; tried on {many}, each by those before it, the distance was off by {off:.1f} % (RMS)"
    out = [said]
    if given:
        out.append("kept for the clip: it is given them at its next sync")
    elif wanted:
        out.append("this run came without a clip: formclip calibrate-speed --clip NAME gives settings to one")
    return out


def _way(merged: Merged) -> str:
    found = merged.watched
    parts = []
    estimate = found.more["estimate_m"]
    if found.distance_m is None:
        parts.append(
            f"the watch knows only {100 * found.more['covered']:.0f} % of the running: no distance is taken from it"
        )
    else:
        pace = 1000 * _running_s(merged) / found.distance_m
        said = f"{found.distance_m / 1000:.2f} km by the watch, {clock(pace)} min/km"
        if estimate:
            off = 100 * (estimate / found.distance_m - 1)
            said += f" (the clip's estimate: {estimate / 1000:.2f} km, {signed(off, 1)} %)"
        parts.append(said)
    if found.more["heart_rate_bpm"] is not None:
        parts.append(f"heart rate {number(found.more['heart_rate_bpm'], 0)}")
    return ", ".join(parts)


def _running_s(merged: Merged) -> float:
    return merged.row.brief.running_s
