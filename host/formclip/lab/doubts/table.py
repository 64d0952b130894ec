"""The table of checks: what makes a recording doubtful, in words, with the remedy.

A check is a row: its name, what it says in the docs, and a function of the survey that gives a Doubt or None. It is
told in the terminal, in summary.json and in the report. Where a doubt makes figures worthless they are left empty:
without a gyroscope that can be believed, all that comes of it; with a scale that is off, what is in metres or g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.lab.doubts.agreement import Agreement, judge
from formclip.lab.doubts.survey import Survey

Floats = NDArray[np.float64]

# Bounds that rbds, hamner, sisfall and mobgap stay within (tests/lab/test_doubts.py).
_STILL_G = 0.02  # spread of a window in which nothing moves
_MOVING_G = 0.15
_OFF_STILL = 0.075  # of 1 g, at rest
_OFF_MOVING = (0.85, 1.15)
_LIVELY_G = 0.3
_GENTLE_G = 0.06
_TURNS_LITTLE_DPS = 3.0
_TURNS_MUCH_DPS = 900.0
_RANGES_G = (2.0, 4.0, 8.0, 16.0)
_DEAD_G, _DEAD_DPS = 0.002, 0.05
_UNLIKE = 0.003  # a copy in other decimals; the noise of a sensor alone is more
_TWO_OF_THREE = 0.4  # power of the second harmonic of a stride over that of the third: no gait has less
_SLOW_HZ, _FAST_HZ = 2.15, 4.5
_FLIGHT_G, _LANDING_G, _MOST_MEAN_G = 0.52, 2.8, 1.75
_LIVELY_S = 20.0
_LOST_SHARE, _LOST_GAPS = 0.02, 20
_ZERO_SHARE = 0.03
_OFTEN_CUT = 0.01
_AXES = ("x", "y", "z")

# Figures in metres or g: worthless where the accelerometer's scale is off.
SCALED = ("contact_ms", "flight_ms", "vo_cm", "braking_mps", "speed_mps", "heel_ahead_cm", "impact_g")
# Figures that the largest readings make: worthless where more than a few of them are cut off.
OF_THE_SIZE = ("tilt_deg", "vo_cm", "braking_mps", "speed_mps", "heel_ahead_cm", "impact_g")


@dataclass(frozen=True)
class Correction:
    """What --fix does to the samples: acc *= acc_scale; gyr = matrix @ gyr, taken shift_s earlier."""

    acc_scale: float = 1.0
    matrix: Floats = field(default_factory=lambda: np.eye(3))
    shift_s: float = 0.0

    @property
    def is_none(self) -> bool:
        return self.acc_scale == 1.0 and self.shift_s == 0.0 and bool(np.array_equal(self.matrix, np.eye(3)))

    def then(self, other: Correction) -> Correction:
        return Correction(self.acc_scale * other.acc_scale, other.matrix @ self.matrix, self.shift_s + other.shift_s)


@dataclass(frozen=True)
class Doubt:
    """Something that is probably wrong with a recording."""

    check: str
    words: str
    remedy: str
    empties: tuple[str, ...] = ()  # columns of steps.csv that are worthless
    gyro: bool = False  # what the gyroscope gives with gravity is not to be believed
    correction: Correction | None = None  # what --fix would do

    @property
    def text(self) -> str:
        return f"{self.words}; {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        return {"check": self.check, "words": self.words, "remedy": self.remedy, "fixable": self.correction is not None}


def one_g(survey: Survey) -> tuple[float, bool]:
    """What the accelerometer reads for 1 g, and whether it was at rest for it; NaN where it can't be told."""
    mean, spread = survey.windows()
    still = mean[(spread < _STILL_G) & (mean > 0.05)]
    if len(still) >= 2:
        return float(np.median(still)), True
    moving = mean[spread > _MOVING_G]
    return (float(np.median(moving)), False) if len(moving) >= 5 else (float("nan"), False)


def _clipped_axes(survey: Survey, first: int) -> list[tuple[str, float, int]]:
    found = []
    for name, axis in zip(_AXES, survey.axes[first : first + 3], strict=True):
        touches = first == 0 and axis.at_most >= 3 and axis.runs >= 1
        touches = touches and any(abs(axis.most / full - 1) < 0.005 for full in _RANGES_G)
        if axis.is_flat or touches:
            found.append((name, axis.most, axis.at_most))
    return found


def _acc_scale(survey: Survey) -> Doubt | None:
    reads, at_rest = one_g(survey)
    if survey.planar or not np.isfinite(reads) or (not at_rest and _clipped_axes(survey, 0)):
        return None
    low, high = (1 - _OFF_STILL, 1 + _OFF_STILL) if at_rest else _OFF_MOVING
    if low <= reads <= high or (reads < low and not at_rest and _turns(survey) > 60):
        return None  # a device that turns about within a window has no mean
    how = "at rest" if at_rest else "on average over strides"
    return Doubt(
        "scale of the accelerometer",
        f"1 g reads {reads:.2f} g {how}: the accelerometer's scale is off by {reads:.2f}",
        f"divide it by {reads:.3f}, as --fix does, or check its unit",
        SCALED,
        correction=Correction(acc_scale=1 / reads),
    )


def _acc_clipped(survey: Survey) -> Doubt | None:
    clipped = _clipped_axes(survey, 0)
    if not clipped:
        return None
    name, most, count = max(clipped, key=lambda one: one[2])
    names = ", ".join(axis for axis, _, _ in clipped)
    often = count > _OFTEN_CUT * survey.samples
    wrong = "oscillation, tilt and impacts are wrong" if often else "impacts are too small there"
    return Doubt(
        "range of the accelerometer",
        f"the accelerometer is cut off at {most:.3g} g on {names}, {count} times on {name}: {wrong}",
        "record with a range of 16 g; the steps there are flagged as saturated",
        OF_THE_SIZE if often else (),
    )


def _gyr_clipped(survey: Survey) -> Doubt | None:
    clipped = _clipped_axes(survey, 3) if survey.has_gyro else []
    if not clipped:
        return None
    name, most, count = max(clipped, key=lambda one: one[2])
    return Doubt(
        "range of the gyroscope",
        f"the gyroscope is cut off at {most:.0f} deg/s on {name}, {count} times: tilt drifts",
        "record with a range of 1000 deg/s; the steps there are flagged as saturated",
    )


def _cut_at_zero(survey: Survey) -> Doubt | None:
    if not survey.samples:
        return None
    for name, axis in zip(_AXES, survey.axes[:3], strict=True):
        if axis.least >= 0 and axis.at_zero > _ZERO_SHARE * survey.samples and axis.most > 1:
            which = "the upward acceleration" if survey.planar and name == "y" else f"the accelerometer's {name}"
            share = 100 * axis.at_zero / survey.samples
            return Doubt(
                "cut off at zero",
                f"{which} is never below 0 and stands at 0 for {share:.0f} % of the time: it was cut off there",
                "record or export what the sensor reads; oscillation is too small",
                ("vo_cm",),
            )
    return None


def _silent(survey: Survey) -> Doubt | None:
    mean, spread = survey.windows()
    dead = int(np.count_nonzero((mean == 0) & (spread == 0)))
    if not dead or dead == len(mean):
        return None
    return Doubt(
        "no readings",
        f"the accelerometer reads 0 on all axes for about {2 * dead} s: nothing was recorded there",
        "cut that part off",
    )


def _axis_dead(survey: Survey) -> Doubt | None:
    spread = survey.spread
    if not survey.planar:
        for i in range(3):
            if spread[i] < _DEAD_G and max(spread[:3]) > 0.1:
                return Doubt(
                    "a dead axis",
                    f"the accelerometer's {_AXES[i]} does not move while the others do",
                    "check the column, or the sensor",
                    SCALED,
                    gyro=survey.has_gyro,
                )
    if survey.has_gyro:
        for i in range(3):
            if spread[3 + i] < _DEAD_DPS and max(spread[3:]) > 5:
                return Doubt(
                    "a dead axis",
                    f"the gyroscope's {_AXES[i]} does not move while the others do",
                    "check the column, or the sensor",
                    gyro=True,
                )
    return None


def _axis_doubled(survey: Survey) -> Doubt | None:
    for first, sensor in ((0, "accelerometer"), (3, "gyroscope")):
        if first == 3 and not survey.has_gyro:
            continue
        for i in range(3):
            for j in range(i):
                if survey.unlike(first + i, first + j) < _UNLIKE:
                    return Doubt(
                        "a doubled axis",
                        f"the {sensor}'s {_AXES[j]} and {_AXES[i]} are the same: one column was taken twice",
                        "name the right columns with --columns",
                        SCALED if first == 0 else (),
                        gyro=survey.has_gyro,
                    )
    return None


def _turns(survey: Survey) -> float:
    """Mean turning of an axis while it is lively, deg/s; NaN where it never is."""
    _, spread = survey.windows()
    length = max(4, int(2.0 * survey.coarse_hz))
    gyr = np.abs(survey.coarse[3:, : len(spread) * length]).reshape(3, len(spread), length).mean(axis=(0, 2))
    lively = gyr[spread > _LIVELY_G] if len(spread) else np.zeros(0)
    return float(np.mean(lively)) if len(lively) >= 3 else float("nan")


def _gyr_unit(survey: Survey) -> Doubt | None:
    if not survey.has_gyro:
        return None
    turning = _turns(survey)
    if turning < _TURNS_LITTLE_DPS:
        as_radians = 10 < turning * 57.2958 < 300
        words = f"the gyroscope reads {turning:.2g} deg/s on average in movement"
        if as_radians:
            return Doubt(
                "unit of the gyroscope",
                f"{words}, as a body does in rad/s",
                "say --gyr-unit rad/s, or multiply it by 57.3, as --fix does",
                gyro=True,
                correction=Correction(matrix=57.29577951308232 * np.eye(3)),
            )
        return Doubt(
            "unit of the gyroscope", f"{words}: too little for a body", "check its unit and its columns", gyro=True
        )
    if turning > _TURNS_MUCH_DPS:
        return Doubt(
            "unit of the gyroscope",
            f"the gyroscope reads {turning:.3g} deg/s on average in movement, more than a body can turn: raw counts?",
            'say its unit, as in --gyr-unit "1/16.4 deg/s"',
            gyro=True,
        )
    return None


_KINDS = {
    "gain": "scale of the gyroscope",
    "sign": "sign of the gyroscope",
    "axes": "axes of the gyroscope",
    "mirror": "axes of the accelerometer",
    "turn": "axes of the gyroscope",
    "lag": "time of the gyroscope",
}


def _gyr_agrees(survey: Survey) -> Doubt | None:
    if not survey.has_gyro or survey.planar:
        return None
    agreement: Agreement = judge(
        survey.coarse[:3], survey.coarse[3:], survey.coarse_hz, survey.full, float(survey.rate_hz)
    )
    found = agreement.found
    if found is None:
        return None
    if found.kind == "mirror":
        return Doubt(
            _KINDS[found.kind],
            f"turning and gravity agree only if the accelerometer is taken {found.words}",
            "name the right columns with --columns",
            gyro=True,
        )
    if found.kind == "lag":
        words = f"the gyroscope is {found.words}: turning and gravity agree only so"
    else:
        words = f"turning and gravity agree only if the gyroscope is taken {found.words}"
        words += ", or the rate is off by as much" if found.kind == "gain" else ""
    return Doubt(
        _KINDS[found.kind],
        words,
        "correct it where it comes from, or have --fix do so",
        gyro=True,
        correction=Correction(matrix=found.matrix, shift_s=found.shift_s),
    )


@dataclass(frozen=True)
class Rhythm:
    """Of where it is lively: the strongest rhythm, and how far down and up the size of acceleration goes."""

    hz: float
    flight_g: float  # 5 % are below
    landing_g: float  # 1 % are above
    mean_g: float
    seconds: float

    @property
    def like_running(self) -> bool:
        """Flights and landings, on a body: a device that is shaken by hand has no rest between the shakes."""
        return self.flight_g < _FLIGHT_G and self.landing_g > _LANDING_G and self.mean_g < _MOST_MEAN_G


def rhythm(survey: Survey) -> Rhythm | None:
    """None where nothing lively lasts four seconds."""
    full = survey.full[:3]
    return _rhythm_of(full, float(survey.rate_hz)) if full.shape[1] >= 4 * survey.rate_hz else None


def gentle_rhythm(survey: Survey) -> Rhythm | None:
    """The same of all that there is, however little it moves; None where it stands still."""
    mean, spread = survey.windows()
    acc = survey.coarse[:3]
    length = acc.shape[1] // max(1, len(mean))
    moves = np.repeat(spread > _GENTLE_G, length)
    acc = acc[:, : len(moves)][:, moves]
    return _rhythm_of(acc, survey.coarse_hz) if acc.shape[1] >= 4 * survey.coarse_hz else None


def _rhythm_of(acc: Floats, rate_hz: float) -> Rhythm:
    """Of acceleration along its own mean, as the clip's chain takes it: its size would fold what is below -1 g up.

    Who limps may have more of the third harmonic of the stride than of the second, which is the step's own.
    """
    length = int(4 * rate_hz)
    count = acc.shape[1] // length
    pieces = acc[:, : count * length].reshape(3, count, length)
    down = pieces.mean(axis=2)
    along = np.einsum("ij,ijk->jk", down / np.maximum(np.linalg.norm(down, axis=0), 1e-6), pieces)
    along = (along - along.mean(axis=1, keepdims=True)) * np.hanning(length)
    power = np.abs(np.fft.rfft(along, 4 * length, axis=1)) ** 2
    hz = np.fft.rfftfreq(4 * length, 1 / rate_hz)
    first, end = np.searchsorted(hz, (0.7, 9.0))
    strongest = first + np.argmax(power[:, first:end], axis=1)
    step = strongest.astype(np.float64)
    for i, k in enumerate(strongest.tolist()):
        second = round(2 * k / 3)
        if power[i, second - 2 : second + 3].max() > _TWO_OF_THREE * power[i, k]:
            step[i] = 2 * k / 3
    size = np.linalg.norm(acc, axis=0)
    low, high = np.percentile(size, (5, 99))
    return Rhythm(float(np.median(step)) * hz[1], float(low), float(high), float(size.mean()), len(size) / rate_hz)


def _time_factor(survey: Survey) -> Doubt | None:
    found = rhythm(survey)
    if found is None or found.seconds < _LIVELY_S or not found.like_running:
        return None
    if found.hz < _SLOW_HZ:
        return Doubt(
            "rate or time",
            f"flights and landings as in running, but only {60 * found.hz:.0f} a minute: time runs too slowly, or this "
            "is jumping",
            "check the unit of the time, or the rate: twice as many rows a second?",
            (*SCALED, "cadence_spm"),
        )
    if found.hz > _FAST_HZ:
        return Doubt(
            "rate or time",
            f"{60 * found.hz:.0f} landings a minute, more than anybody runs: time runs too fast",
            "check the unit of the time, or the rate: half as many rows a second?",
            (*SCALED, "cadence_spm"),
        )
    return None


def _stamps(survey: Survey) -> Doubt | None:
    whole = survey.samples + survey.lost
    if not whole or survey.lost < _LOST_SHARE * whole or survey.gaps < _LOST_GAPS:
        return None
    if survey.lost / survey.gaps > 10 * survey.rate_hz:
        return None  # long pauses are pauses
    share = 100 * survey.lost / whole
    return Doubt(
        "time stamps",
        f"{share:.0f} % of the time has no rows, in {survey.gaps} gaps: samples were lost all along, or the stamps are "
        "not the times of their rows",
        "look at the times in the file: where its rows come steadily, the stamps are wrong",
    )


@dataclass(frozen=True)
class Check:
    """One row: `says` is for the docs."""

    name: str
    says: str
    test: Callable[[Survey], Doubt | None]


CHECKS = (
    Check("scale of the accelerometer", "at rest, or over whole strides, the mean vector is not 1 g", _acc_scale),
    Check("range of the accelerometer", "many readings stand at the largest, or at 2, 4, 8 or 16 g", _acc_clipped),
    Check("range of the gyroscope", "many readings stand at the largest", _gyr_clipped),
    Check("cut off at zero", "an axis is never below 0 and often at it", _cut_at_zero),
    Check("no readings", "all axes read 0 for seconds", _silent),
    Check("a dead axis", "one axis does not move while the others do", _axis_dead),
    Check("a doubled axis", "two axes of a sensor are the same", _axis_doubled),
    Check("unit of the gyroscope", "it turns less than a body in movement, or more than one can", _gyr_unit),
    Check("rate or time", "flights and landings, but too few or too many a minute", _time_factor),
    Check(
        "the gyroscope against gravity", "turned, scaled, swapped or shifted it fits gravity much better", _gyr_agrees
    ),
    Check("time stamps", "more than 2 % of the time lost in many short gaps", _stamps),
)


def doubts_of(survey: Survey) -> list[Doubt]:
    """What is doubtful, in the order of the table; a gyroscope that is already doubted is not held against gravity."""
    found: list[Doubt] = []
    for check in CHECKS:
        if check.test is _gyr_agrees and any(doubt.gyro or doubt.check == "rate or time" for doubt in found):
            continue
        doubt = check.test(survey)
        if doubt is not None:
            found.append(doubt)
    return found


def correction_of(doubts: list[Doubt]) -> Correction:
    """All that --fix does."""
    out = Correction()
    for doubt in doubts:
        if doubt.correction is not None:
            out = out.then(doubt.correction)
    return out
