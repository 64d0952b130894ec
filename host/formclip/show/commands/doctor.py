"""`formclip doctor`: what is wrong with a drive or a board, and what a clip measures of itself."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from formclip.firmware.doctor import Finding, examine, here
from formclip.firmware.drive import DeployError, find_drive
from formclip.ground.errors import FormclipError
from formclip.ground.files import write_whole
from formclip.ground.progress import file_progress
from formclip.show.options import radio_options
from formclip.show.tell import tell, tell_json

REPORT = "formclip-bench.md"


@click.command("doctor", short_help="Say what is wrong with a board or its drive.")
@click.option("--drive", type=click.Path(path_type=Path), help="The board's CIRCUITPY drive; found when not given.")
@click.option("--bench", is_flag=True, help="Ask a clip over Bluetooth what it measures of itself, and write a report.")
@click.option(
    "--during", default=10.0, show_default=True, type=click.FloatRange(1, 3600), help="Seconds that --bench counts."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(REPORT),
    show_default=True,
    help="Where --bench writes its report.",
)
@radio_options
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor_command(
    ctx: click.Context,
    drive: Path | None,
    bench: bool,
    during: float,
    out: Path,
    clip: str | None,
    seconds: float,
    pair: bool,
    as_json: bool,
) -> None:
    """Say what is wrong with a board or its drive, and what to do.

    Looks at CircuitPython, the firmware's files, settings, the log and the
    room left. Ends with exit code 7 when something is wrong.

    With --bench it asks a clip instead: its sensor's true rate, what a block
    takes, heap, a page's write, the link, the battery. The report is a table
    to paste into an issue; it names neither you nor the clip.
    """
    if bench:
        _bench(during, out, clip, seconds, pair, as_json)
        return
    findings = [finding for finding in here() if not finding.good]
    try:
        place = find_drive(drive)
        if not place.is_dir():
            raise DeployError("no such folder", "check the path", path=place)
        findings += examine(place)
    except FormclipError as error:
        findings.append(Finding(False, str(error)))
    if as_json:
        tell_json([asdict(finding) for finding in findings], indent=1)
    else:
        for finding in findings:
            line = ("ok    " if finding.good else "WRONG ") + finding.what
            if not finding.good and finding.next_step:
                line += f"; {finding.next_step}"
            tell(line)
    wrong = sum(not finding.good for finding in findings)
    if wrong:
        ctx.exit(7)


def _bench(during_s: float, out: Path, clip: str | None, seconds: float, pair: bool, as_json: bool) -> None:
    from formclip.runs.sync.measure import measure, report
    from formclip.runs.sync.reach import with_one

    with file_progress("measured", 100, not as_json) as progress:
        found = asyncio.run(
            with_one(clip, seconds, pair, lambda client: measure(client, during_s, progress or (lambda _: None)))
        )
    write_whole(out, report(found).encode())
    if as_json:
        tell_json({**asdict(found), "report": str(out)}, 1)
        return
    tell(report(found).rstrip())
    tell(f"written to {out}")
