"""Why there is no running in a recording, from what was seen of its samples."""

from __future__ import annotations

import numpy as np

from formclip.lab.doubts.agreement import stride_s
from formclip.lab.doubts.survey import Survey
from formclip.lab.doubts.table import Doubt, gentle_rhythm, rhythm

_SHORT_S = 15.0
_STILL_G = 0.06
_WALKS_BELOW_HZ = 2.35
_IN_THE_AIR_G = 0.55
_LEAST_AGAIN = 0.3


def why_no_running(survey: Survey, doubts: list[Doubt]) -> str:
    """In a person's words, the likeliest reason first."""
    if survey.seconds < _SHORT_S:
        return f"too short: {survey.seconds:.0f} s, and running is known after about ten"
    for doubt in doubts:
        if doubt.check in ("rate or time", "scale of the accelerometer", "a dead axis", "time stamps"):
            return doubt.words
    lost = survey.lost / max(1, survey.lost + survey.samples)
    if lost > 0.2:
        return f"{100 * lost:.0f} % of the time is missing"
    _, spread = survey.windows()
    if not len(spread) or float(np.percentile(spread, 95)) < _STILL_G:
        return "nothing moves as a body does in running: it stood still, or lay somewhere"
    lively = rhythm(survey)
    found = lively or gentle_rhythm(survey)
    _, again = stride_s(survey.coarse[:3], survey.coarse_hz)
    if found is None:
        return "it moves too little and too seldom for running"
    a_minute = f"{60 * found.hz:.0f} a minute"
    if again < _LEAST_AGAIN:
        return f"no steady rhythm: what is strongest comes {a_minute}, and does not repeat"
    if lively is None or found.flight_g > _IN_THE_AIR_G or found.hz < _WALKS_BELOW_HZ:
        return f"like walking: {a_minute}, and never in the air"
    for doubt in doubts:
        if not doubt.gyro:
            return doubt.words
    return f"a rhythm of {a_minute} with landings of {found.landing_g:.1f} g, but none that holds as running does"
