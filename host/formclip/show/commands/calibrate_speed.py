"""`formclip calibrate-speed`: from a run of known distance to the runner's own speed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.files import write_whole
from formclip.ground.text import counted
from formclip.runs.insight.own_speed import SLOPE, calibrate, known_run, metres
from formclip.runs.store.store import ADDED, Store, default_folder
from formclip.runs.store.which import which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("calibrate-speed", short_help="Make the speed your own, from a run of known distance.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--distance", "-d", "distances", multiple=True, required=True, help="Of each RUN, in its order: 1000m, 5km."
)
@click.option("--clip", metavar="NAME", help="The clip to be given the settings; without it, that of the run.")
@click.option("--write", "file", type=click.Path(path_type=Path), help="Write the settings to this file (TOML), too.")
@store_option
@json_option
def calibrate_speed_command(
    runs: tuple[str, ...],
    distances: tuple[str, ...],
    clip: str | None,
    file: Path | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Make the speed your own, from a run of known distance.

    RUN is named as for `formclip show`, or is a log, or a folder of
    `formclip replay`. Run steadily, nothing else in it. With two runs or more
    at different paces, the slope is set as well: formclip calibrate-speed
    slow fast --distance 2km --distance 1km.

    The clip is given both settings at its next sync. Until then they can be
    tried with --write FILE and `formclip replay --settings FILE`.
    """
    if len(runs) != len(distances):
        raise click.UsageError(
            f"{counted(len(runs), 'run')} and {counted(len(distances), 'distance')}; give one --distance for each RUN"
        )
    store = Store(folder) if folder is not None or default_folder().is_dir() else None
    found, clips = [], set()
    for name, distance in zip(runs, distances, strict=True):
        length, path = metres(distance), Path(name)
        if path.exists() or store is None:
            found.append(known_run(path, length))
            continue
        stored = which(store, name).stored
        clips.add(stored.clip)
        found.append(replace(known_run(stored.path, length), name=printable(stored.label)))
    own = calibrate(found)
    if file is not None:
        write_whole(file, "[formclip]\n" + "".join(f"{key} = {value}\n" for key, value in own.settings().items()))
    if clip is None and len(clips) == 1 and clips != {ADDED}:  # which is no clip: nothing would ever be given to it
        clip = clips.pop()
    if clip is not None and store is not None:
        for key, value in own.settings().items():
            store.want(clip, key, value)
    if as_json:
        kept = {"settings": own.settings(), "left_pct": [round(v, 2) for v in own.left_pct], "clip": clip}
        tell_json(kept)
        return
    for run, left in zip(found, own.left_pct, strict=True):
        tell(
            f"{run.name}: {run.true_mps:.2f} m/s, by the clip {run.estimate_mps:.2f}; with the new settings "
            f"{left:+.1f} %"
        )
    for key, value in own.settings().items():
        tell(f"{key} = {value}")
    if own.settings()[SLOPE] == 1000:
        tell("one pace is known: a run at another, a fifth faster or slower, sets the slope as well")
    if clip is not None and store is not None:
        tell(f"kept for {clip}: it is given them at its next sync")
    elif file is None:
        tell("next: --clip NAME gives them to a clip at its next sync, --write FILE to a settings file")
    if file is not None:
        tell(f"written to {file}")
