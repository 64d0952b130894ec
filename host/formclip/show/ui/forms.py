"""What a form holds, as text and numbers."""

from __future__ import annotations

import time

from starlette.datastructures import FormData

from formclip.ground.errors import FormclipError, is_shown
from formclip.runs.store.dates import said_time

_AHEAD_S = 86400.0  # clocks and zones differ


class NotFilled(FormclipError):
    """A form that can't be taken as it is."""

    exit_code = 2


def text_in(form: FormData, name: str) -> str:
    """A field's text without what a line does not hold; empty where it is not filled."""
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    kept = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return "".join(c for c in kept if is_shown(c) or c == "\n")


def moment_in(form: FormData, name: str, otherwise: str = "") -> tuple[float, str] | None:
    """When something was (unix seconds, zone); None where nothing is said.

    Errors    BadTime for what is no date; NotFilled for a day that has not come yet
    """
    text = text_in(form, name) or otherwise
    if not text:
        return None
    at = said_time(text)
    if at[0] > time.time() + _AHEAD_S:
        raise NotFilled(f"{text[:10]} has not come yet", "Check the date.")
    return at


def texts_in(form: FormData, name: str) -> list[str]:
    """What is ticked of one name."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def number_in(text: str, otherwise: int) -> int:
    try:
        return int(text)
    except ValueError:
        return otherwise


def whole_in(form: FormData, name: str, low: int, high: int) -> int:
    """A whole number of a field.

    Errors    NotFilled with the field's name and its range
    """
    text = text_in(form, name)
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise NotFilled(f"“{text}” is no {name.replace('_', ' ')}", f"Give a whole number from {low} to {high}.")
    return value
