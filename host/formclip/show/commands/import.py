"""`formclip import`: other people's recordings, shown and written as traces."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.trace import Given
from formclip.lab.importing import import_recording, look_at, recordings_of
from formclip.lab.preview_plot import plot
from formclip.show.options import given_options, json_option
from formclip.show.tell import tell, tell_json


@click.command("import", short_help="Turn recordings of other apps into traces.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "-o", default=".", show_default=True, type=click.Path(path_type=Path), help="Folder for traces.")
@click.option("--look", is_flag=True, help="Only show what would be imported.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw 10 s of all axes as SVG.")
@given_options
@json_option
def import_command(
    files: tuple[Path, ...], out: Path, look: bool, picture: Path | None, given: Given, as_json: bool
) -> None:
    """Turn recordings of other apps and sensors into traces.

    FILES are exports as they are: CSV, zip, folders, Excel, JSON. Files of
    one recording (accelerometer and gyroscope apart) become one trace,
    NAME.imu.csv.xz, with NAME.import.json beside it. Nothing is stored
    elsewhere. Check what is shown before you trust what comes of it.
    """
    shown = []
    for paths in recordings_of(files, given):
        done = look_at(paths, given) if look else import_recording(paths, out, given)
        if picture is not None:
            plot(paths, given, done.preview, picture)
        if as_json:
            shown.append({**done.preview.to_dict(), "trace": str(done.trace) if done.trace else None})
            continue
        for line in done.preview.lines():
            tell(line)
        if done.trace is not None:
            tell(f"written to {done.trace}")
    if as_json:
        tell_json(shown, indent=1)
