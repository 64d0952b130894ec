"""Settings as a person writes them: checked before a clip is asked."""

from __future__ import annotations

from typing import Any

from gaitcore.settings import RETIRED, TABLE, SettingError, Settings, index_of

from formclip.ground.errors import SettingsError


def number_of(name: str) -> int:
    """A setting's number.

    Errors    SettingsError for a name that is none, or one that is not used any more
    """
    try:
        number = int(index_of(name))
        if number < 0 or TABLE[number][4] == RETIRED:
            Settings().set(name, 0)
    except SettingError as error:
        raise SettingsError(str(error), "formclip config ranges lists them") from None
    return number


def checked(name: str, value: str) -> int:
    """A value as the clip keeps it.

    Errors    SettingsError with the name and its range
    """
    number_of(name)
    try:
        return int(Settings().set(name, value))
    except SettingError as error:
        what = str(error).rpartition(";")[0] or str(error)
        raise SettingsError(what, "formclip config ranges lists them") from None


def words(values: dict[str, int]) -> dict[str, Any]:
    """Settings with their words in place of numbers."""
    told = Settings(dict(values)).to_dict()
    return {name: told[name] for name in values}
