"""Options that several commands take."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])


class Moment(click.DateTime):
    """A day or a time, refused in our words: what it is called, as in an example."""

    def __init__(self, formats: list[str], called: str, example: str) -> None:
        super().__init__(formats)
        self._called, self._example = called, example

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self._called.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"'{value}' is no {self._called}, as {self._example}", param, ctx)


DAY = Moment(["%Y-%m-%d"], "day", "2026-11-03")
TIME = Moment(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"], "time", "2026-11-03 07:15")


def air_address(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """The callback of an option that says where the virtual air is; empty is the usual place."""
    from formclip.firmware.virtual.radio.address import DEFAULT_ADDRESS, address_of

    try:
        address_of(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}, as in {DEFAULT_ADDRESS}") from None
    return text


def _use_virtual(context: click.Context, option: click.Parameter, address: str | None) -> str | None:
    if address is not None:
        from formclip.firmware.virtual.radio import use

        use(air_address(context, option, address))
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


def _columns(_: click.Context, __: click.Parameter, text: str | None) -> dict[str, str]:
    if not text:
        return {}
    pairs = [part.partition("=") for part in text.split(",")]
    wrong = [name for name, sign, value in pairs if not sign or not name.strip() or not value.strip()]
    if wrong:
        raise click.BadParameter(f"'{wrong[0].strip()}' is not NAME=COLUMN, as in t=1,ax=2,ay=3,az=4")
    return {name.strip(): value.strip() for name, _, value in pairs}


def given_options(function: F) -> F:
    """What a person can say about a recording of another source; the function gets it as `given`."""

    @functools.wraps(function)
    def with_given(
        columns: dict[str, str], acc_unit: str, gyr_unit: str, time_unit: str, rate: float, **rest: Any
    ) -> Any:
        from formclip.ground.trace import Given

        return function(given=Given(columns, acc_unit, gyr_unit, time_unit, rate), **rest)

    found: Any = with_given
    for option in (
        click.option(
            "--rate", type=click.FloatRange(0, 20000), default=0.0, help="Rows a second, where there is no time."
        ),
        click.option("--time-unit", default="", metavar="UNIT", help="s, ms, us, ns, d, or ticks as 1/32768 s."),
        click.option("--gyr-unit", default="", metavar="UNIT", help="deg/s, rad/s, or counts as 1/16.4 deg/s."),
        click.option("--acc-unit", default="", metavar="UNIT", help="g, m/s2, mg, or counts as 1/2048 g."),
        click.option(
            "--columns", metavar="t=..,ax=..", callback=_columns, help="Columns by name or number: t, ax..az, gx..gz."
        ),
    ):
        found = option(found)
    return cast(F, found)


store_option = click.option(
    "--store", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Default: the data folder of your system."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
