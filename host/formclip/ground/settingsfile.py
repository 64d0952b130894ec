"""Settings from a file: TOML or JSON, `name = value`, the names and ranges of gaitcore.settings."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaitcore.settings import SettingError, Settings

from formclip.ground.errors import SettingsError, from_os_error, printable

_MOST_B = 1 << 20
_LISTED = "docs/laptop/settings.md lists them all"


def read_settings(path: Path) -> dict[str, Any]:
    """The checked values of a settings file; SettingsError naming file, setting and range for anything else."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_B + 1)
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    if len(data) > _MOST_B:
        raise SettingsError("more than 1 MB: not a settings file", "name the right file", path=path, place="byte 0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            "not text", "a settings file is TOML or JSON in UTF-8", path=path, place=f"byte {error.start}"
        ) from None
    values = _parse_json(text, path) if text.lstrip().startswith("{") else _parse_toml(text, path)
    table = values.get("formclip", values)
    if not isinstance(table, dict):
        raise SettingsError("'formclip' is not a table", "write [formclip] and its settings below", path=path)
    checked = Settings()
    for name, value in table.items():
        try:
            checked.set(name, value)
        except SettingError as error:
            raise SettingsError(refusal(error), _LISTED, path=path, place=_line_of(text, name)) from None
    return dict(table)


def _line_of(text: str, name: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().strip('"').startswith(name):
            return f"line {number}"
    return printable(name[:40])


def _parse_json(text: str, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "line 1"
        raise SettingsError("not valid JSON", "mend that line", path=path, place=line) from None
    if not isinstance(values, dict):
        raise SettingsError("not a JSON object", 'write {"name": value, ...}', path=path, place="line 1")
    return values


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: not TOML, or a number of thousands of digits
        message = printable(" ".join(str(error).split()))
        what, _, place = message.partition(" (at ")
        raise SettingsError(
            f"not valid TOML: {what[:1].lower()}{what[1:]}",
            "write one `name = value` a line",
            path=path,
            place=place.rstrip(")") if place.startswith("line") else f"line {max(1, len(text.splitlines()))}",
        ) from None


def check(values: Mapping[str, Any]) -> None:
    """SettingsError for a name that is none, or a value that is refused."""
    settings = Settings()
    for name, value in values.items():
        try:
            settings.set(name, value)
        except SettingError as error:
            raise SettingsError(refusal(error), _LISTED) from None


def refusal(error: SettingError) -> str:
    """What was refused and why; that the old value is kept says nothing to who wrote a file or a script."""
    what, _, kept = str(error).rpartition(";")
    return printable(what if kept.endswith(" kept") else str(error))
