"""Why there is nothing: no running in a log, no cue in a run. In a person's words, from the log alone."""

from __future__ import annotations

from gaitcore import records
from gaitcore.cue import faded_share_pct
from gaitcore.pipeline import RUNNING, STILL, WALKING
from gaitcore.settings import TABLE, Settings

from formclip.ground.log import Log
from formclip.ground.text import clock

_SHORT_S = 15.0


def why_no_running(log: Log) -> str:
    """Why a log holds no step."""
    last_s = max((t_ms for _, t_ms, _ in log.entries), default=0) / 1000
    if last_s < _SHORT_S:
        return f"too short: {last_s:.0f} s, and running is known after about ten"
    seen = {values["activity"] for _, values in log.events(records.ACTIVITY)}
    if RUNNING in seen:
        return "what looked like running was too short to be sure of"
    if WALKING in seen:
        return "walking, but no running"
    if seen <= {STILL}:
        return "it stood still throughout"
    return "it moved, but with no rhythm of running"


def why_no_cue(log: Log, settings: Settings) -> str | None:
    """Why no cue could come in a run, or only one of the two; None where both could, and none was needed."""
    steps = [(t_ms, fields) for tag, t_ms, fields in log.entries if tag == records.STEP]
    if not steps:
        return None
    value = {row[0]: getattr(settings, row[0]) for row in TABLE}
    if value["mode"]:
        return "the clip was set to record only" if value["mode"] == 1 else "the clip gave the beat only"
    if not value["cue_overstride"] and not value["cue_arch"]:
        return "both cues were switched off"
    first_ms, last_ms = steps[0][0], steps[-1][0]
    if value["faded"] and not faded_share_pct(value["faded_session"]):
        return "the faded schedule has no cues left"
    length_s = (last_ms - first_ms) / 1000
    if length_s < value["warmup_s"]:
        return f"too short: {clock(length_s)} of running, and no cue comes in the first {clock(value['warmup_s'])}"
    if not value["own_cadence_dspm"] and not log.events(records.BASELINE):
        need_s = value["baseline_skip_s"] + value["baseline_s"]
        return f"no baseline: it takes {clock(need_s)} of running to know one's own"
    if _muted_share(log, first_ms + 1000 * value["warmup_s"], last_ms) > 0.95:
        return "cues were muted"
    if all(fields[records.TILT] == records.NO_TILT for _, fields in steps):
        return "only quick feet could be cued: without tilt there is no cue for an arched back"
    if all(fields[records.FLAGS] & records.NO_TILT_FLAGS for _, fields in steps):
        return "only quick feet could be cued: tilt was never to be trusted (no standing calibration, or a slip)"
    return None


def _muted_share(log: Log, from_ms: float, to_ms: float) -> float:
    """The share of a time in which cues were muted."""
    muted, since, total = False, from_ms, 0.0
    for tag, t_ms, _ in log.entries:
        if tag not in (records.MUTE, records.UNMUTE):
            continue
        at = min(max(float(t_ms), from_ms), to_ms)
        if muted:
            total += at - since
        muted, since = tag == records.MUTE, at
    if muted:
        total += to_ms - since
    return total / max(1.0, to_ms - from_ms)
