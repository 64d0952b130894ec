"""What a runner may want to act on, the most urgent first: what the page says at its top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from formclip.ground.version import VERSION
from formclip.runs.insight.history import Entry, History
from formclip.runs.insight.load import LOOK_BACK, WHY_SPIKE, latest_spike
from formclip.runs.knowledge import FAULTS
from formclip.runs.redflags import advice
from formclip.runs.store.pain import standing
from formclip.runs.store.store import Store

ALERT, WATCH, NOTE = "alert", "watch", "note"
LAST_RUNS = 5
_COMES_BACK = 3  # of the last runs
_LOW_BATTERY_PCT = 25


@dataclass(frozen=True)
class Act:
    """One thing. tone: ALERT, WATCH or NOTE; place: the page that helps, as its name in the menu."""

    tone: str
    title: str
    text: str
    place: str


def acts(store: Store, runs: History, today: date | None = None) -> list[Act]:
    """All that there is to act on. While a red flag stands nobody is told how to run."""
    red_flag = _of_pain(store)
    return [
        *red_flag,
        *_of_load(runs, today or date.today()),
        *(() if red_flag else _of_form(runs.entries)),
        *_of_clips(store, runs.entries),
        *_of_record(runs),
    ]


def _of_pain(store: Store) -> list[Act]:
    stands = standing(store)
    return [Act(ALERT, "A red flag stands in your pain log", " ".join(advice(stands)), "pain")] if stands else []


def _of_load(runs: History, today: date) -> list[Act]:
    latest = latest_spike(runs)
    if latest is None or not latest.told or today - latest.day > LOOK_BACK:
        return []
    return [Act(WATCH, "A run much longer than those of late", f"{latest.said} {WHY_SPIKE}", "load")]


def _of_form(entries: Sequence[Entry]) -> list[Act]:
    last = entries[-LAST_RUNS:]
    found = []
    for kind in ("overstride", "arch"):
        cued = sum(entry.digest.cues.get(kind, 0) > 0 for entry in last)
        if cued >= _COMES_BACK:
            fault = FAULTS[kind]
            title = f"{fault.title} comes back"
            text = f"It was cued in {cued} of your last {len(last)} runs. {fault.words}"
            found.append(Act(WATCH, title, text, "plan"))
    return found


def _of_clips(store: Store, entries: Sequence[Entry]) -> list[Act]:
    found = []
    for clip, _, firmware, _ in store.clips():
        of_clip = [entry for entry in entries if entry.stored.clip == clip]
        battery = of_clip[-1].digest.battery_pct if of_clip else None
        if battery is not None and battery <= _LOW_BATTERY_PCT:
            text = f"At the end of its last run it had {battery} % left. Charge it before the next one."
            found.append(Act(WATCH, f"Charge {clip}", text, "clip"))
        version = firmware_version(firmware)
        if version and version != VERSION:
            text = f"It has {version}, this formclip carries {VERSION}. The command formclip deploy updates it."
            found.append(Act(NOTE, f"{clip} has another firmware", text, "clip"))
        waiting = store.wanted(clip)
        if waiting:
            title = f"{settings_wait(len(waiting))} for {clip}"
            found.append(Act(NOTE, title, "It is given to the clip at the next sync.", "clip"))
    return found


def settings_wait(count: int) -> str:
    """The beginning of a sentence that says for what they wait."""
    return "One setting waits" if count == 1 else f"{count} settings wait"


def firmware_version(firmware: str) -> str:
    """The number in what a clip says of its firmware, as `formclip 0.1.0`; empty where there is none."""
    words = firmware.split()
    return words[1] if len(words) > 1 and words[0] == "formclip" else ""


def _of_record(runs: History) -> list[Act]:
    found = []
    if runs.unreadable:
        text = "Its log can't be read. The command formclip store check says which and what to do."
        found.append(Act(WATCH, _runs(runs.unreadable, "can't be read"), text, "runs"))
    if runs.undated:
        text = "Say when it was on the run's page, and it counts in every line."
        found.append(Act(NOTE, _runs(runs.undated, "without a date"), text, "runs"))
    return found


def _runs(count: int, what: str) -> str:
    return f"1 run {what}" if count == 1 else f"{count} runs {what}"
