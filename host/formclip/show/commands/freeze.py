"""`formclip freeze`: the firmware into a checkout of CircuitPython."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.firmware.bundle import BOARDS
from formclip.firmware.freeze import freeze, look, undo
from formclip.ground.errors import printable
from formclip.show.tell import tell, tell_json


@click.command("freeze", short_help="Put the firmware into a checkout of CircuitPython.")
@click.argument("circuitpython_dir", type=click.Path(path_type=Path))
@click.option("--board", type=click.Choice(list(BOARDS)), default="xiao", show_default=True)
@click.option("--undo", "as_undo", is_flag=True, help="Take it out again, of every board.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def freeze_command(circuitpython_dir: Path, board: str, as_undo: bool, as_json: bool) -> None:
    """Put the firmware into a checkout of CircuitPython.

    Writes frozen/formclip and names it in the board's mpconfigboard.mk, so
    that a build has the firmware in flash instead of the heap. Prints the
    commands that build it, and what goes on the drive then. Run it again
    after every change of the firmware.
    """
    checkout = look(circuitpython_dir, board)
    if as_undo:
        had = undo(checkout)
        if as_json:
            tell_json({"boards": had}, indent=1)
        else:
            tell(f"taken out of {printable(checkout.folder)}: {', '.join(had) or 'there was nothing'}")
        return
    whole = freeze(checkout)
    facts = {
        "circuitpython": checkout.version,
        "board": board,
        "build": whole.build,
        "modules": len(whole.modules),
        "folder": str(checkout.frozen),
        "commands": checkout.commands(),
        "firmware": str(checkout.firmware),
        "drive": sorted(whole.drive),
    }
    if as_json:
        tell_json(facts, indent=1)
        return
    tell(
        f"{len(whole.modules)} modules of formclip {whole.build} in {printable(checkout.frozen)}, named for "
        f"{checkout.board_id} (CircuitPython {checkout.version}). Now build it:"
    )
    for command in checkout.commands():
        tell(f"    {printable(command)}")
    tell(f"then double-press reset and copy {printable(checkout.firmware)} to the drive that appears, and run")
    tell("    formclip deploy")
    tell(f"which leaves {', '.join(name[1:] for name in sorted(whole.drive))} on the drive (docs/design/freeze.md)")
