"""`formclip doctor`: what is wrong with a drive or a board."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from formclip.firmware.doctor import Finding, examine, here
from formclip.firmware.drive import DeployError, find_drive
from formclip.ground.errors import FormclipError
from formclip.show.tell import tell


@click.command("doctor", short_help="Say what is wrong with a board or its drive.")
@click.option("--drive", type=click.Path(path_type=Path), help="The board's CIRCUITPY drive; found when not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor_command(ctx: click.Context, drive: Path | None, as_json: bool) -> None:
    """Say what is wrong with a board or its drive, and what to do.

    Looks at CircuitPython, the firmware's files, settings, the log and the
    room left. Ends with exit code 7 when something is wrong.
    """
    findings = [finding for finding in here() if not finding.good]
    try:
        place = find_drive(drive)
        if not place.is_dir():
            raise DeployError("no such folder", "check the path", path=place)
        findings += examine(place)
    except FormclipError as error:
        findings.append(Finding(False, str(error)))
    if as_json:
        tell(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            line = ("ok    " if finding.good else "WRONG ") + finding.what
            if not finding.good and finding.next_step:
                line += f"; {finding.next_step}"
            tell(line)
    wrong = sum(not finding.good for finding in findings)
    if wrong:
        ctx.exit(7)
