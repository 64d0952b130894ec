"""The cue engine, run again over a log: the clip's own decisions, or those of other settings."""

from __future__ import annotations

from typing import Any

from gaitcore import records, recover
from gaitcore.rerun import replay_cues
from gaitcore.settings import SettingError

from formclip.ground.errors import LogError
from formclip.ground.log import Log


def cues_again(log: Log, changed: dict[str, Any] | None = None) -> list[tuple[int, dict[str, Any]]]:
    """What the cue engine decides on the log's own numbers: (t_ms, values of the cue)."""
    entries = log.entries
    settings = None
    if changed:
        settings = log.settings(changed)
        entries = [entry for entry in entries if entry[0] not in (records.SETTINGS, records.SETTING)]
    try:
        again = replay_cues(entries, settings)
    except (SettingError, IndexError, TypeError, ValueError) as error:
        raise LogError(f"the cues can't be decided again ({error})", "sync the session again", path=log.path) from None
    return [(t_ms, recover.values_of(records.CUE, values)[1]) for t_ms, values in again]


def same_cues(log: Log) -> bool:
    """Whether the engine, run again, decides exactly the cues that the log holds."""
    return [values for _, values in cues_again(log)] == [values for _, values in log.events(records.CUE)]
