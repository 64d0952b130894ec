"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _use_virtual(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    if address is not None:
        from formclip.firmware.virtual.radio import use

        use(address)
    return address


def radio_options(function: F) -> F:
    """What every command that needs a clip takes."""
    for option in (
        click.option("--clip", metavar="NAME", help="The clip's name or address; without it, any in reach."),
        click.option("--seconds", default=8.0, show_default=True, help="How long to look for clips."),
        click.option("--pair", is_flag=True, help="Pair first: within 60 s of a press of the clip's button."),
        click.option(
            "--virtual",
            metavar="HOST:PORT",
            is_flag=False,
            flag_value="",
            default=None,
            expose_value=False,
            callback=_use_virtual,
            help="Use the virtual radio of `formclip virtual-clip`.",
        ),
    ):
        function = option(function)
    return function


store_option = click.option(
    "--store", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Default: the data folder of your system."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
