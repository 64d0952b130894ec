"""`formclip pain`: the pain log, what to do on a red flag, and pain beside form and load."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import FormclipError
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import number
from formclip.runs.insight.beside import FOUND, beside
from formclip.runs.insight.history import history
from formclip.runs.redflags import RED_FLAGS, advice, raised, what_to_do
from formclip.runs.store.dates import said_past
from formclip.runs.store.pain import (
    MOMENTS,
    PLACES,
    STRONGEST,
    NotPain,
    Pain,
    add_pain,
    pains,
    remove_pain,
    resume,
    standing,
)
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json

_WHERE = click.option("--where", "places", multiple=True, type=click.Choice(PLACES), help="May be given again.")


@click.group("pain", short_help="Keep a pain log, and see it beside form and load.")
def pain_command() -> None:
    """Keep a pain log, and see it beside form and load.

    Not a medical device: nothing here diagnoses.
    """


@pain_command.command("add")
@click.option("--strength", type=click.IntRange(0, STRONGEST), help="0 none, 10 the worst.")
@_WHERE
@click.option("--when", "moment", type=click.Choice(MOMENTS), help="During the run, right after, the next day.")
@click.option("--lasted", "lasted_h", type=float, metavar="HOURS", help="How long it lasted.")
@click.option("--red-flag", "flags", multiple=True, type=click.Choice(list(RED_FLAGS)), help="A question answered yes.")
@click.option("--no-red-flag", is_flag=True, help="All these questions are answered no.")
@click.option("--at", default="now", show_default=True, metavar="DATE", help="As 2026-11-03T19:00, or `yesterday`.")
@click.option("--note", default="", help="What else you want to keep.")
@store_option
@json_option
def pain_add(
    strength: int | None,
    places: tuple[str, ...],
    moment: str | None,
    lasted_h: float | None,
    flags: tuple[str, ...],
    no_red_flag: bool,
    at: str,
    note: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Note a pain, or with --strength 0 that there was none.

    What is not given is asked, where somebody can answer. A yes to a red-flag
    question says what to do, and switches cueing off at the clip's next sync.
    """
    when = said_past(at)
    asks = sys.stdin.isatty() and not as_json
    if strength is None:
        strength = _asked(asks, "--strength", f"How strong, 0 to {STRONGEST}", click.IntRange(0, STRONGEST))
    if strength:
        if not places:
            places = (_asked(asks, "--where", "Where", click.Choice(PLACES)),)
        moment = moment or _asked(asks, "--when", "When", click.Choice(MOMENTS))
        if lasted_h is None and asks:
            lasted_h = click.prompt("How many hours did it last", type=float)
        if not flags and not no_red_flag:
            flags = _red_flags(asks)
    try:
        pain = add_pain(Store(folder), when, strength, places, moment or "other", lasted_h, flags, note)
    except FormclipError as error:
        if not isinstance(error, NotPain):  # nothing could be kept, but what to do is said all the same
            for line in what_to_do(raised(flags, lasted_h)):
                tell(line, err=True)
        raise
    said = advice(pain.raised)
    if as_json:
        tell_json({"pain": plain(pain), "red_flags": plain(pain.raised), "advice": said})
        return
    tell(f"noted: {_line(pain)}")
    for line in said:
        tell(line)


def _asked(asks: bool, option: str, question: str, kind: Any) -> Any:
    if not asks:
        raise NotPain(f"{option} is missing", "formclip pain add --help lists what is asked")
    return click.prompt(question, type=kind)


def _red_flags(asks: bool) -> tuple[str, ...]:
    if not asks:
        raise NotPain(
            "the red-flag questions are not answered",
            "give --no-red-flag, or --red-flag with each that is so: formclip pain questions lists them",
        )
    return tuple(flag.key for flag in RED_FLAGS.values() if click.confirm(flag.question, default=False))


@pain_command.command("questions")
@json_option
def pain_questions(as_json: bool) -> None:
    """The red-flag questions, and what a yes to each is called."""
    if as_json:
        tell_json({key: flag.question for key, flag in RED_FLAGS.items()})
        return
    for key, flag in RED_FLAGS.items():
        tell(f"{key:12} {flag.question}")


@pain_command.command("list")
@store_option
@json_option
def pain_list(folder: Path | None, as_json: bool) -> None:
    """What has been noted, and the red flags that stand."""
    store = Store(folder)
    found, stands = pains(store), standing(store)
    if as_json:
        tell_json({"pains": plain(found), "red_flags": plain(stands), "advice": advice(stands)})
        return
    for line in advice(stands):
        tell(line)
    for pain in found:
        tell(f"{pain.id:4}  {_line(pain)}")
    if not found:
        tell("nothing noted; formclip pain add does it, also for a day without pain (--strength 0)")


def _line(pain: Pain) -> str:
    told = [f"{pain.at:%Y-%m-%d %H:%M}"]
    if not pain.strength:
        return f"{told[0]}  no pain" + (f"  “{pain.note}”" if pain.note else "")
    told += [f"{pain.strength}/{STRONGEST}", ", ".join(pain.places), pain.moment]
    if pain.lasted_h is not None:
        told.append(f"{number(pain.lasted_h, 1)} h")
    told += [flag.said for flag in raised(pain.flags, pain.lasted_h)]
    if pain.note:
        told.append(f"“{pain.note}”")
    return "  ".join(told)


@pain_command.command("remove")
@click.argument("entry", type=int)
@store_option
@json_option
def pain_remove(entry: int, folder: Path | None, as_json: bool) -> None:
    """Take an entry out of the log, by its number. A red flag of it stands on."""
    store = Store(folder)
    remove_pain(store, entry)
    stands = standing(store)
    if as_json:
        tell_json({"removed": entry, "red_flags": plain(stands)})
        return
    tell(f"entry {entry} is out of the log" + ("; cueing is off until: formclip pain resume" if stands else ""))


@pain_command.command("resume")
@store_option
@json_option
def pain_resume(folder: Path | None, as_json: bool) -> None:
    """Cueing as before the red flag, from the clip's next sync on.

    For when a clinician has seen it.
    """
    stood = resume(Store(folder))
    if as_json:
        tell_json({"resumed": plain(stood)})
    elif stood:
        tell(f"no longer standing: {', '.join(flag.said for flag in stood)}")
        tell("the clip's mode of before comes back at its next sync")
    else:
        tell("no red flag stands")


@pain_command.command("beside")
@_WHERE
@store_option
@json_option
def pain_beside(places: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Pain beside form and load: what goes with it in your runs, and what does not.

    With --where, pain in these places alone.
    """
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        found = beside(history(store, on_done), pains(store), places)
    if as_json:
        tell_json(plain(found))
        return
    for line in found.said:
        tell(line)
    for one in found.asked:
        if one.relation is not None:
            tell(f"{'*' if one.verdict == FOUND else ' '} {one.said}")
    if found.unplaced:
        tell(found.unplaced_said)
