"""What the log holds, in words: why the clip buzzed, what happened."""

from __future__ import annotations

from typing import Any

from gaitcore import cue as cue_engine
from gaitcore import patterns, records, recover
from gaitcore.pipeline import OTHER, RUNNING, STILL, WALKING

PATTERNS: dict[int, str] = {
    value: name
    for name, value in vars(patterns).items()
    if isinstance(value, int) and name.isupper() and not name.startswith(("LIGHT_", "N_", "_"))
}
CUE_KINDS = {cue_engine.OVERSTRIDE: "overstride", cue_engine.ARCH: "arch", cue_engine.OK: "ok"}
_ACTIVITIES = {STILL: "still", WALKING: "walking", RUNNING: "running", OTHER: "other"}
_BY = {
    records.BY_RUNNER: "by the runner",
    records.BY_ITSELF: "by itself",
    records.BY_BATTERY: "battery low",
    records.BY_END: "the data ended",
}
ERRORS = {
    records.NO_SENSOR: "no answer from the sensor",
    records.OVERRUN: "the sensor's buffer ran over",
    records.SENSOR_LIMIT: "readings at the end of the sensor's range",
    records.NO_DRIVE: "the drive could not be written",
    records.BAD_SETTINGS: "settings could not be read: defaults",
    records.BAD_CALIBRATION: "the kept calibration made no sense",
    records.CRASH: "the program had failed",
    records.WATCHDOG: "the program had hung: restarted by the watchdog",
    records.RECOVERED: "pages brought home after a power cut",
    records.SAFE_MODE: "restarted by itself",
}
# Why, as device/safemode.py counts.
SAFE_MODES = {1: "its supply dipped", 2: "a hard fault", 4: "its radio's fault", 5: "no heap", 6: "its stack ran over"}


def cue_reason(values: dict[str, Any], about: int) -> str:
    """Why the clip buzzed, in words, from the numbers that it decided on; `about` is the fault, also of an OK."""
    reason = values["reason"]
    if about == cue_engine.ARCH:
        value, own, limit = (values[key] / 100 for key in ("value", "baseline", "limit"))
        what, unit, digits = "tilt", "deg", 1
    else:
        value, own, limit = (values[key] / 10 for key in ("value", "baseline", "limit"))
        what, unit, digits = "cadence", "steps/min", 1
    numbers = f"{what} {value:.{digits}f} {unit}, own {own:.{digits}f}, limit {limit:.{digits}f}"
    if reason == cue_engine.BELOW_OWN:
        return f"{numbers}; braking {values['pelvis_loss_pct']:+d} % of own trend"
    if reason == cue_engine.BELOW_TARGET:
        return numbers.replace("own", "target", 1)
    if reason == cue_engine.FAR_BELOW_OWN:
        return f"{numbers}; braking not measured"
    if reason == cue_engine.BACK:
        return f"back in range: {numbers}"
    return numbers


def event_text(tag: int, values: Any) -> str | None:
    """An event in words; None for those that only carry numbers (minutes, settings, times)."""
    name: str
    name, by_name = recover.values_of(tag, values)
    if name in ("minute", "settings", "time", "cue", "answer", "anchor", "activity", "clock"):
        return None
    if name in ("start", "stop", "pause", "resume"):
        return f"{name} ({_BY.get(by_name['by'], 'unknown')})"
    if name == "calibrated":
        return f"calibrated (quality {by_name['quality']})"
    if name == "baseline":
        return f"own baseline known: cadence {by_name['cadence_dspm'] / 10:.1f} steps/min"
    if name == "slip":
        turned = by_name["angle_deg"]
        return f"the clip slipped by {turned} deg" if turned else "the clip is back where it was: tilt counts again"
    if name == "error":
        times = f", {by_name['count']} times" if by_name["count"] > 1 else ""
        if by_name["code"] == records.SAFE_MODE:
            times = ": " + SAFE_MODES.get(by_name["count"], f"safe mode, reason {by_name['count']}")
        return ERRORS.get(by_name["code"], f"error {by_name['code']}") + times
    if name == "lost":
        return f"{by_name['samples']} samples lost"
    if name == "quiet":
        return f"no more {CUE_KINDS.get(by_name['kind'], 'such')} cues: {by_name['unanswered']} unanswered"
    if name == "battery":
        return f"battery {by_name['percent']} %"
    return name + "".join(f" {key} {value}" for key, value in by_name.items())
