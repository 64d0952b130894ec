"""What a clip is given at the end of a visit, beside what waits for it: baselines, wider limits, silence.

Settings that the runner owns are lent, never taken: store/lent.py says how. While a red flag of the pain log stands,
the mode is silent, whatever the runner sets on the clip meanwhile: that is what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gaitcore.settings import TABLE, Settings, index_of

from formclip.ground.errors import SettingsError
from formclip.ground.text import number, with_unit
from formclip.runs.insight.baseline import OF, WIDENED, baseline, since_of
from formclip.runs.insight.history import history
from formclip.runs.store.lent import Lent, given_back, lend, lent
from formclip.runs.store.pain import standing
from formclip.runs.store.store import Store

BASELINE, RED_FLAG = "baseline", "red flag"
MODE = "mode"
SILENT = int(Settings().set(MODE, "silent"))


@dataclass(frozen=True)
class Carried:
    """One setting to be given. said: why, for the runner; own: it is the runner's own again, and lent no more."""

    name: str
    value: int
    said: str
    own: bool = False

    @property
    def plainly(self) -> str:
        """What it is and how much, without the setting's name: your own cadence 177.3 steps/min."""
        if self.name not in _PLAIN:
            return f"{self.name} {Settings({self.name: self.value}).to_dict()[self.name]}"
        title, counts, unit, digits = _PLAIN[self.name]
        return f"{title} {with_unit(number(self.value / counts, digits), unit)}"


# Setting: what it is to the runner, counts for one of its unit, the unit, digits.
_PLAIN = {
    "own_cadence_dspm": ("your own cadence", 10, "steps/min", 1),
    "own_tilt_cdeg": ("your own tilt against standing", 100, "°", 1),
    "own_brake_mmps": ("the speed that your pelvis usually loses in a step", 1000, "m/s", 3),
    "tilt_cue_deg": ("the arch above your own that is cued", 1, "°", 0),
    "overstride_cadence_pct": ("the fall of cadence that is looked at for overstriding", 1, "%", 0),
}


def to_carry(store: Store, clip: str, current: dict[str, int]) -> list[Carried]:
    """What a clip that has `current` settings is to be given now; what is lent is on the disk before this returns.

    current   by name, numbers as gaitcore's Settings hold them
    """
    found = baseline(history(store), since_of(store))
    out = [
        Carried(name, value, f"your own baseline, run {found.runs} of {OF}")
        for name, value in found.settings.items()
        if current[name] != value
    ]
    if not found.settings and found.since is not None and current["own_cadence_dspm"]:
        out.append(Carried("own_cadence_dspm", 0, "your baseline begins anew"))
    before = lent(store, clip)
    stage = f"until your baseline is steady (run {found.runs} of {OF})"
    for name in WIDENED:
        own = _own(before.get(name), current[name])
        value = min(TABLE[index_of(name)][3], own + found.wider)
        words = (f"your {own}, and {value - own} more {stage}", "as you had it: your baseline is steady")
        out += _lend(store, clip, name, (own, value, current[name]), before.get(name), BASELINE, words)
    own, flags = _own(before.get(MODE), current[MODE]), standing(store)
    words = (
        f"cueing is off: you noted {', '.join(flag.said for flag in flags)}; formclip pain resume restores it",
        "as you had it before the red flag in your pain log",
    )
    value = SILENT if flags else own
    return out + _lend(store, clip, MODE, (own, value, current[MODE]), before.get(MODE), RED_FLAG, words)


def taken(store: Store, clip: str, one: Carried) -> None:
    """The clip has confirmed it."""
    if one.own:
        given_back(store, clip, one.name)


def heed_red_flags(folder: Path | None, values: dict[str, int]) -> None:
    """Before a person sets these on a clip: while a red flag stands, no mode is set that cues.

    Errors    SettingsError
    """
    if values.get(MODE, SILENT) != SILENT:
        flags = standing(Store(folder))
        if flags:
            raise SettingsError(
                f"cueing is off: you noted {', '.join(flag.said for flag in flags)}",
                "when a clinician has seen it: formclip pain resume",
            )


def _own(before: Lent | None, current: int) -> int:
    """What the runner has set."""
    return before.own if before is not None and before.holds(current) else current


def _lend(
    store: Store,
    clip: str,
    name: str,
    values: tuple[int, int, int],
    before: Lent | None,
    why: str,
    words: tuple[str, str],
) -> list[Carried]:
    """values: the runner's own, what is to be, what the clip has; words: for a value that is lent, and given back."""
    own, value, current = values
    if value == own:
        return [] if before is None else [Carried(name, own, words[1], True)]
    lend(store, clip, name, Lent(own, value, current, why))
    return [Carried(name, value, words[0])] if current != value else []
