"""`formclip config`: a clip's settings."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click
from gaitcore.settings import Settings, index_of

from formclip.ground.errors import from_os_error, printable
from formclip.ground.settingsfile import read_settings
from formclip.lab.docs import settings as table_of_settings
from formclip.runs.insight.carry import heed_red_flags
from formclip.runs.store.store import Store
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import Faulty, NoClip
from formclip.runs.sync.reach import with_one
from formclip.runs.sync.setting import checked, number_of, words
from formclip.show.options import json_option, radio_options, store_option
from formclip.show.tell import tell, tell_json


@click.group("config", short_help="See and change a clip's settings.")
def config_command() -> None:
    """See and change a clip's settings."""


@config_command.command("show")
@radio_options
@json_option
def config_show(clip: str | None, seconds: float, pair: bool, as_json: bool) -> None:
    """All settings of the clip, those that differ from the default marked."""
    settings = asyncio.run(with_one(clip, seconds, pair, lambda client: client.settings()))
    _print_settings(settings, as_json)


@config_command.command("ranges")
@json_option
def config_ranges(as_json: bool) -> None:
    """What each setting may be, and what it does. Needs no clip."""
    rows = [row._asdict() for row in table_of_settings.rows()]
    if as_json:
        defaults = Settings().to_dict()
        keys = ("allowed", "unit", "meaning")
        told = {row["name"]: {"default": defaults[row["name"]], **{key: row[key] for key in keys}} for row in rows}
        tell_json(told, indent=1)
        return
    for row in ({key: key for key in rows[0]}, *rows):
        tell("{name:24}{default:>8}  {allowed:26}{unit:15}{meaning}".format(**row))


@config_command.command("get")
@click.argument("name")
@radio_options
@json_option
def config_get(name: str, clip: str | None, seconds: float, pair: bool, as_json: bool) -> None:
    """One setting of the clip."""
    number_of(name)
    settings = asyncio.run(with_one(clip, seconds, pair, lambda client: client.settings()))
    value = settings.to_dict()[name]
    if as_json:
        tell_json({name: value})
    else:
        tell(f"{name} = {value}")


@config_command.command("set")
@click.argument("name")
@click.argument("value")
@radio_options
@store_option
@json_option
def config_set(
    name: str, value: str, clip: str | None, seconds: float, pair: bool, folder: Path | None, as_json: bool
) -> None:
    """Change one setting of the clip.

    Where no clip is in reach, the change is kept and given to the clip at its
    next sync. During a run its cues heed it at once; the rest counts
    from the next start.
    """
    values = {name: checked(name, value)}
    heed_red_flags(folder, values)
    try:
        asyncio.run(with_one(clip, seconds, pair, lambda client: _give(client, folder, values)))
    except NoClip as error:
        _say_kept(_keep(error, clip, folder, values), values, as_json)
        return
    shown = words(values)
    if as_json:
        tell_json(shown)
    else:
        tell(f"{name} = {shown[name]}")


async def _give(client: ClipClient, folder: Path | None, values: dict[str, int]) -> int:
    """Set what differs on the clip, and read it back: then it is in its flash. How many differed.

    What waits for the clip by the same name is older, and waits no longer.
    """
    has = await client.settings()
    changed = [name for name, value in values.items() if getattr(has, name) != value]
    for name in changed:
        await client.set(index_of(name), values[name])
    has = await client.settings() if changed else has
    for name, value in values.items():
        if getattr(has, name) != value:
            raise Faulty(
                f"the clip says {name} is {getattr(has, name)}", "run this again; if it stays, formclip doctor"
            )
    Store(folder).want_no_more(client.name, values)
    return len(changed)


def _keep(error: NoClip, clip: str | None, folder: Path | None, values: dict[str, int]) -> str:
    """Keep settings for the clip meant, which is out of reach; its name. The error itself where none is known."""
    store = Store(folder)
    known = [name for name, *_ in store.clips() if clip in (None, name)]
    if len(known) != 1:
        which = f"name one of {', '.join(known)} with --clip" if known else error.next_step
        raise NoClip(error.what, which)
    for name, value in values.items():
        store.want(known[0], name, value)
    return known[0]


def _say_kept(clip: str, values: dict[str, int], as_json: bool) -> None:
    shown = words(values)
    if as_json:
        tell_json({"clip": clip, "kept_for_next_sync": shown})
        return
    for name, value in shown.items():
        tell(f"{name} = {value}: kept for {printable(clip)}, which is out of reach; it is given at the next sync")


@config_command.command("save")
@click.argument("file", type=click.Path(path_type=Path))
@radio_options
def config_save(file: Path, clip: str | None, seconds: float, pair: bool) -> None:
    """Keep the clip's settings as a profile, a TOML file."""
    settings = asyncio.run(with_one(clip, seconds, pair, lambda client: client.settings()))
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.to_dict().items()]
    try:
        file.write_text("[formclip]\n" + "".join(lines), encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, file, "write") from None
    tell(f"{len(lines)} settings written to {file}")


@config_command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@radio_options
@store_option
def config_load(file: Path, clip: str | None, seconds: float, pair: bool, folder: Path | None) -> None:
    """Give the clip a profile's settings; only what differs is sent.

    Where no clip is in reach, they are kept and given at its next sync.
    """
    named = read_settings(file)
    wanted = Settings(named)
    heed_red_flags(folder, {name: getattr(wanted, name) for name in named})
    values = {name: getattr(wanted, name) for name in named}
    try:
        changed = asyncio.run(with_one(clip, seconds, pair, lambda client: _give(client, folder, values)))
    except NoClip as error:
        _say_kept(_keep(error, clip, folder, values), values, False)
        return
    tell(f"{changed} of {len(named)} settings changed")


def _print_settings(settings: Any, as_json: bool) -> None:
    values, defaults = settings.to_dict(), Settings().to_dict()
    if as_json:
        tell_json(values)
        return
    for name, value in values.items():
        mark = "" if value == defaults[name] else f"   (default {defaults[name]})"
        tell(f"{name:24} {value}{mark}")
