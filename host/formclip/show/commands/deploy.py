"""`formclip deploy`: the firmware onto a board."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from formclip.firmware import uf2
from formclip.firmware.bundle import BOARDS
from formclip.firmware.drive import ask_for_the_drive, check_board, deploy, find_drive, wait_for_a_drive
from formclip.ground.progress import file_progress
from formclip.show.tell import tell, tell_json


@click.command("deploy", short_help="Put the firmware on a board.")
@click.option("--drive", type=click.Path(path_type=Path), help="The board's CIRCUITPY drive; found when not given.")
@click.option("--port", help="Serial port: restarts the board so that this computer may write.")
@click.option("--board", type=click.Choice(list(BOARDS)), help="Found from the drive when not given.")
@click.option(
    "--frozen/--source",
    "as_frozen",
    default=True,
    help="Frozen: what a CircuitPython with formclip frozen in still needs. Source: all of it, which does not fit the "
    "memory of a board. [default: frozen]",
)
@click.option("--experimental", is_flag=True, help="Allows --source.")
@click.option(
    "--uf2",
    "uf2_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="First of all: a CircuitPython with the firmware in it, onto the board.",
)
@click.option("--bootloader", type=click.Path(path_type=Path), help="The bootloader's drive; found when not given.")
@click.option("--wait", "wait_s", type=click.FloatRange(0.1, 600), default=60.0, show_default=True, help="Seconds.")
@click.option("--force", is_flag=True, help="Also where this is no drive of a board; also with runs not synced.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def deploy_command(
    drive: Path | None,
    port: str | None,
    board: str | None,
    as_frozen: bool,
    experimental: bool,
    uf2_file: Path | None,
    bootloader: Path | None,
    wait_s: float,
    force: bool,
    as_json: bool,
) -> None:
    """Put the firmware on a board.

    The board's CircuitPython was built after `formclip freeze` and holds the
    firmware. Four files go on the drive beside it, and what an earlier deploy
    put there goes. Checks CircuitPython's version and the board, copies what
    changed, verifies it by hash, keeps runs and settings, and may be
    interrupted: run it again and it goes on.

    With --uf2 the file goes onto the board and nothing else: it waits for the
    bootloader's drive (press reset twice; --port does that), copies, waits for
    the board and looks whether it tells of this build. It refuses while runs
    on the drive were not synced. Then run it again without --uf2.
    """
    if uf2_file is not None:
        _install(uf2_file, drive, bootloader, port, force, wait_s, as_json)
        return
    if not as_frozen and not experimental:
        raise click.UsageError(
            "from source the firmware does not fit the memory of a board; for trying add --experimental, else leave "
            "out --source and see docs/design/freeze.md"
        )
    if port is not None:
        ask_for_the_drive(port)
        if drive is None:
            wait_for_a_drive()
    drive = find_drive(drive)
    _, known = check_board(drive, board)
    with file_progress(f"deploy to {known}", 1, not as_json) as progress:
        done = deploy(drive, board, as_frozen, progress, force)
    if as_json:
        facts = {**asdict(done), "drive": str(done.drive), "frozen": done.build}
        del facts["build"]
        tell_json(facts, indent=1)
        return
    tell(
        f"{done.files_written} files written to {drive} ({done.board}, CircuitPython {done.circuitpython}) "
        f"and verified; log of {done.log_b // 4096} pages, {done.free_b // 1024} KB free"
    )
    tell("now eject the drive and press reset: the LED blinks blue when the clip is ready")


def _install(
    file: Path, drive: Path | None, bootloader: Path | None, port: str | None, force: bool, wait_s: float, as_json: bool
) -> None:
    image = uf2.read(file)
    with file_progress(f"{image.build} to {image.board}", len(image.data), not as_json) as progress:

        def say(words: str) -> None:
            tell(words, err=True)

        done = uf2.install(image, drive, bootloader, port, force, progress, say, wait_s)
    if as_json:
        tell_json({**asdict(done), "drive": str(done.drive), "file": image.build}, indent=1)
        return
    if done.build is None:
        tell(f"CircuitPython {done.circuitpython} runs on {done.drive} ({done.board}); now run `formclip deploy`,")
        tell(f"press reset, and `formclip doctor` says whether it holds {image.build}")
        return
    tell(f"formclip {done.build} runs in CircuitPython {done.circuitpython} on {done.drive} ({done.board});")
    tell("runs, settings and bonds are as they were; now run `formclip deploy`")
