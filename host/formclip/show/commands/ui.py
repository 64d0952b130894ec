"""`formclip ui`: the record in the browser, on this computer alone."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.runs.store.store import Store
from formclip.show.options import store_option
from formclip.show.tell import tell


@click.command("ui", short_help="Open your record in the browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: 8463, or any that is free.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@store_option
def ui_command(port: int | None, no_browser: bool, folder: Path | None) -> None:
    """Open your record in the browser.

    The page is served to this computer alone, and nothing leaves it. The
    address lets one browser in, once. Stop it with Ctrl-C.
    """
    from formclip.show.ui.serve import Served, desk_for, open_browser

    served = Served(desk_for(Store(folder)), port)
    tell(f"your record: {served.address}")
    tell("the address lets one browser in, once; stop with Ctrl-C")
    if not no_browser and not open_browser(served.address):
        tell("no browser was found: open the address yourself", err=True)
    served.run()
    tell("stopped")
