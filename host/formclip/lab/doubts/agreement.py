"""Whether the gyroscope and the accelerometer tell of one motion.

Over whole strides the mean of the acceleration, turned back by the gyroscope into one frame, is gravity: the same
vector in one window of strides and in the next. What differs between them is small when the two sensors agree. So the
rest is computed as they stand, and again with the gyroscope turned, scaled, swapped or shifted in time; where another
reading of it leaves much less, that is the doubt. The gyroscope's bias, a constant, is fitted each time.

What gravity can't show: turning about the vertical alone. An axis that stands upright all the time is judged by its
tilts only, and the longest recordings are judged by parts of them.

Checked   on rbds, hamner, sisfall and mobgap as they are nothing is found; the bounds below are the least of them all,
          less a margin (ratios of the rest: sign 1.00, swap 1.02, mirror 0.99, turn 0.90, gain 2 1.13, gain 1/2 0.66,
          lag 0.92)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

Floats = NDArray[np.float64]

_STRIDE_S = (0.5, 1.6)
_MOST_WINDOWS = 100
_LEAST_WINDOWS = 20
_LEAST_RHYTHM = 0.3
_FLOOR_G = 0.003
_STEADY_DPS = 2.0
_WORTH_A_LOOK, _LOOKED_AT = 0.97, 4
_AXES = "xyz"
_LAG_STEP_S = 0.04
_LAG_MOST_S = 0.6
_ALIKE_LAG_S = 0.05
# How much less another reading must leave to be believed.
_LESS_SIGN = 0.87
_LESS_TURN = 0.82
_LESS_LARGE = 0.62
_LESS_SMALL = 0.93
_LESS_LAG, _LESS_LAG_HALF = 0.93, 0.98
_LEAST_LAG_S = 0.08
# Of running. In less, chance leaves less at some lag (2 of 48 simulated runs of 26 s), or with more turning (2 of 340
# of 15 to 60 s): what a gyroscope of half the scale leaves out is not much more than chance in so little.
_LIVELY_S = 60.0
_SHOCK_HZ = 10.0
_TOGETHER = 0.93
_ALIKE_HALVES_S = 0.1
_LAG_SEEN_S = 120.0


@dataclass(frozen=True)
class Reading:
    """Another reading of the gyroscope: `matrix` and `shift_s` put it right."""

    kind: str  # "gain", "sign", "axes", "turn", "lag"; "mirror" where it is the accelerometer that is to be put right
    words: str
    matrix: Floats
    shift_s: float = 0.0
    ratio: float = 1.0  # of what is left to what is left as it stands


def _matrix(rows: tuple[int, int, int], signs: tuple[int, int, int]) -> Floats:
    out = np.zeros((3, 3))
    for i, (row, sign) in enumerate(zip(rows, signs, strict=True)):
        out[i, row] = sign
    return out


def readings() -> list[Reading]:
    """All that are tried besides the one that stands."""
    found = [
        Reading("gain", f"multiplied by {gain:g}", gain * np.eye(3))
        for gain in (0.25, 0.35, 0.5, 0.7, 1.4, 2.0, 2.8, 4.0)
    ]
    found.append(Reading("sign", "with the opposite sign on all axes", -np.eye(3)))
    for i, axis in enumerate(_AXES):
        flip = np.eye(3)
        flip[i, i] = -1
        found.append(Reading("sign", f"with the opposite sign of {axis}", flip))
    for i, j in ((0, 1), (1, 2), (0, 2)):
        order = [0, 1, 2]
        order[i], order[j] = j, i
        rows = (order[0], order[1], order[2])
        found.append(
            Reading("axes", f"with {_AXES[i]} and {_AXES[j]} changed for each other", _matrix(rows, (1, 1, 1)))
        )
        # The accelerometer's axes swapped are a mirror, in which all turning goes the other way.
        found.append(
            Reading("mirror", f"with {_AXES[i]} and {_AXES[j]} changed for each other", _matrix(rows, (-1, -1, -1)))
        )
        for sign in (i, j):
            signs = [1, 1, 1]
            signs[sign] = -1
            words = f"turned by 90 degrees about {_AXES[3 - i - j]}"
            found.append(Reading("turn", words, _matrix(rows, (signs[0], signs[1], signs[2]))))
    found.append(Reading("turn", "with its axes in the order y, z, x", _matrix((1, 2, 0), (1, 1, 1))))
    found.append(Reading("turn", "with its axes in the order z, x, y", _matrix((2, 0, 1), (1, 1, 1))))
    return found


@dataclass(frozen=True)
class Agreement:
    """`found` is None where nothing is wrong; `judged` False where too little could be seen."""

    judged: bool
    found: Reading | None = None


def stride_s(acc_g: Floats, rate_hz: float) -> tuple[float, float]:
    """The period of a movement (3, n), and how well it repeats: the autocorrelation of the size of acceleration."""
    size = np.linalg.norm(acc_g, axis=0)
    if len(size) < 2 * _STRIDE_S[1] * rate_hz:
        return 1.0, 0.0
    size = size - size.mean()
    n = 1 << int(np.ceil(np.log2(2 * len(size))))
    again = np.fft.irfft(np.abs(np.fft.rfft(size, n)) ** 2)[: int(_STRIDE_S[1] * rate_hz) + 2]
    if again[0] <= 0:
        return 1.0, 0.0
    low = int(_STRIDE_S[0] * rate_hz)
    best = low + int(np.argmax(again[low:]))
    return best / rate_hz, float(again[best] / again[0])


def _turns(r: Floats) -> Floats:
    """Rotation vectors (..., 3) as matrices (..., 3, 3)."""
    angle = np.sqrt(np.einsum("...i,...i->...", r, r))
    half = np.sinc(angle / (2 * np.pi))
    cross = np.zeros((*r.shape, 3))
    cross[..., 0, 1], cross[..., 0, 2], cross[..., 1, 2] = -r[..., 2], r[..., 1], -r[..., 0]
    cross[..., 1, 0], cross[..., 2, 0], cross[..., 2, 1] = r[..., 2], -r[..., 1], r[..., 0]
    step = np.sinc(angle / np.pi)[..., None, None] * cross + (0.5 * half * half)[..., None, None] * (cross @ cross)
    return np.asarray(np.eye(3) + step)


def _rests(
    acc_g: Floats, gyr: Floats, rate_hz: float, window: int, starts: NDArray[np.int64], tried: list[Reading]
) -> Floats:
    """(tried,): the middle of what is left between the means of neighbouring windows, g. gyr in rad/s."""
    count, many, n = len(tried), len(starts), acc_g.shape[1]
    turn = np.tile(np.eye(3), (count, many, 1, 1))
    first, second = np.zeros((count, many, 3)), np.zeros((count, many, 3))
    matrices = np.stack([reading.matrix for reading in tried]) / rate_hz
    shifts = np.array([round(reading.shift_s * rate_hz) for reading in tried])
    alike = bool(np.all(matrices == matrices[0]))  # lags: one turn of each sample, taken sooner or later
    known = _turns((matrices[0] @ gyr).T) if alike else None
    for k in range(2 * window):
        seen = turn @ acc_g[:, starts + k].T[None, :, :, None]
        (first if k < window else second)[...] += seen[..., 0]
        at = np.clip(starts[None, :] + k - shifts[:, None], 0, n - 1)
        turn = turn @ (_turns(np.einsum("hij,jhn->hni", matrices, gyr[:, at])) if known is None else known[at])
    left = (second - first) / window
    mean = (first + second) / (2 * window)
    rest = np.array([_without_bias(left[h], mean[h], window / rate_hz) for h in range(count)])
    return np.sqrt(rest**2 + _FLOOR_G**2)


def _without_bias(left: Floats, mean: Floats, apart_s: float) -> float:
    """The middle size of what is left once a constant bias of the gyroscope is fitted, robustly."""
    design = np.zeros((len(left), 3, 3))
    design[:, 0, 1], design[:, 0, 2], design[:, 1, 2] = mean[:, 2], -mean[:, 1], mean[:, 0]
    design[:, 1, 0], design[:, 2, 0], design[:, 2, 1] = -mean[:, 2], mean[:, 1], -mean[:, 0]
    x, y = (design * apart_s).reshape(-1, 3), left.reshape(-1)
    weight = np.ones(len(y))
    rest = y
    for _ in range(4):
        bias, *_ = np.linalg.lstsq(x * weight[:, None], y * weight, rcond=1e-3)
        rest = y - x @ bias
        scale = 1.48 * float(np.median(np.abs(rest))) + 1e-9
        weight = 1 / np.sqrt(1 + (rest / (2 * scale)) ** 2)
    return float(np.median(np.linalg.norm(rest.reshape(-1, 3), axis=1)))


def steady_turn(gyr: Floats, window: int) -> Floats:
    """(3,): what the gyroscope reads in the middle of all windows of whole strides: a bias, or one long bend."""
    count = gyr.shape[1] // window
    means = gyr[:, : count * window].reshape(3, count, window).mean(axis=2)
    return np.asarray(np.median(means, axis=1)) if count else np.zeros(3)


def _starts(count: int, window: int) -> NDArray[np.int64] | None:
    """Where windows begin, half a window apart, not more than it takes; None where there are too few."""
    starts = np.arange(0, count - 2 * window, max(1, window // 2))
    if len(starts) < 2 * _LEAST_WINDOWS:  # every second one is new
        return None
    return (
        starts if len(starts) <= _MOST_WINDOWS else starts[np.linspace(0, len(starts) - 1, _MOST_WINDOWS).astype(int)]
    )


def _ratios(
    acc_g: Floats, gyr: Floats, rate_hz: float, strides: tuple[int, ...], tried: list[Reading]
) -> Floats | None:
    """What each reading leaves, over what the first of them leaves: the mean over windows of some strides."""
    period_s, _ = stride_s(acc_g, rate_hz)
    logs = []
    for number in strides:
        window = round(number * period_s * rate_hz)
        starts = _starts(acc_g.shape[1], window)
        if starts is not None:
            rest = _rests(acc_g, gyr, rate_hz, window, starts, tried)
            logs.append(np.log(rest / rest[0]))
    return np.exp(np.mean(logs, axis=0)) if logs else None


def _nearly(acc_g: Floats, gyr: Floats, rate_hz: float, number: int, tried: list[Reading]) -> Floats | None:
    """The same ratios to the first order in the angle, for windows of some strides: right where turns are small, quick.

    A mean of turned acceleration is linear in the reading's matrix then, so all readings cost as much as one.
    """
    period_s, _ = stride_s(acc_g, rate_hz)
    window = round(number * period_s * rate_hz)
    starts = _starts(acc_g.shape[1], window)
    if starts is None:
        return None

    def means(x: Floats, at: NDArray[np.int64]) -> Floats:
        total = np.concatenate((np.zeros((len(x), 1)), np.cumsum(x, axis=1)), axis=1)
        return np.asarray((total[:, at + window] - total[:, at]) / window)

    angle = np.cumsum(gyr, axis=1) / rate_hz
    first, second = means(acc_g, starts), means(acc_g, starts + window)
    middle = angle[:, starts + window]
    moments = np.empty((3, 3, len(starts)))  # of angle i and acceleration j, second window less first
    for i in range(3):
        turned = acc_g * angle[i]
        moments[i] = means(turned, starts + window) - means(turned, starts) - middle[i] * (second - first)
    mean = ((first + second) / 2).T
    rests = []
    for reading in tried:
        m = np.einsum("ki,ijn->kjn", reading.matrix, moments)
        turned = np.stack([m[1, 2] - m[2, 1], m[2, 0] - m[0, 2], m[0, 1] - m[1, 0]])
        rests.append(_without_bias((second - first + turned).T, mean, window / rate_hz))
    rest = np.sqrt(np.array(rests) ** 2 + _FLOOR_G**2)
    return np.asarray(rest / rest[0])


def shocks_lag_s(full: Floats, rate_hz: float, period_s: float) -> tuple[float, float, float]:
    """(lag, correlation there, correlation at none) of what is quick in both sensors: the landings.

    full   (6, n) at the trace's own rate. A lag above 0: the gyroscope is late. Within a quarter of a stride.
    """
    if full.shape[1] < 10 * rate_hz or rate_hz < 3 * _SHOCK_HZ:
        return 0.0, 0.0, 0.0
    high = butter(2, _SHOCK_HZ, "high", fs=rate_hz, output="sos")
    low = butter(2, 8.0, "low", fs=rate_hz, output="sos")
    quick = sosfiltfilt(high, full, axis=1)
    a, b = (sosfiltfilt(low, np.linalg.norm(quick[rows], axis=0)) for rows in (slice(0, 3), slice(3, 6)))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    if not size > 0:
        return 0.0, 0.0, 0.0
    n = 1 << int(np.ceil(np.log2(2 * len(a))))
    both = np.fft.irfft(np.conj(np.fft.rfft(a, n)) * np.fft.rfft(b, n), n) / size
    most = max(1, int(period_s / 4 * rate_hz))
    lags = np.arange(-most, most + 1)
    values = both[lags % n]
    best = int(np.argmax(values))
    return float(lags[best] / rate_hz), float(values[best]), float(both[0])


def judge(acc_g: Floats, gyr_dps: Floats, rate_hz: float, full: Floats, full_hz: float) -> Agreement:
    """Whether the sensors agree.

    acc_g, gyr_dps  (3, n) means over some samples, at about 26 Hz; full (6, m): a part at the trace's own rate
    """
    period_s, again = stride_s(acc_g, rate_hz)
    if again < _LEAST_RHYTHM:
        return Agreement(False)
    seen = _judge(acc_g, np.radians(gyr_dps), rate_hz, period_s, full, full_hz)
    if seen.found is None:
        return seen
    # A bias of 10 deg/s, which many sensors have, turns 50 degrees in two windows: too much for what is fitted there,
    # so that a smaller scale fits better. What is meant is meant without it, too.
    bias_dps = steady_turn(gyr_dps, round(4 * period_s * rate_hz))
    if float(np.linalg.norm(bias_dps)) < _STEADY_DPS:
        return seen
    return _judge(acc_g, np.radians(gyr_dps - bias_dps[:, None]), rate_hz, period_s, full, full_hz)


def _judge(acc_g: Floats, gyr: Floats, rate_hz: float, period_s: float, full: Floats, full_hz: float) -> Agreement:
    tried = [Reading("", "as it stands", np.eye(3)), *readings()]
    nearly = _nearly(acc_g, gyr, rate_hz, 2, tried)
    if nearly is None:
        return Agreement(False)
    # Those that come near enough to be looked at closely; the scales by two as well, to know what is beside them.
    close = [i for i in np.argsort(nearly).tolist() if i and nearly[i] < _WORTH_A_LOOK][:_LOOKED_AT]
    if any(tried[i].kind == "gain" for i in close):
        close += [i for i, reading in enumerate(tried) if reading.kind == "gain" and i not in close]
    found: Reading | None = None
    if close:
        tried = [tried[0], *(tried[i] for i in close)]
        ratio = _ratios(acc_g, gyr, rate_hz, (2, 4), tried)
        found = _best(tried, ratio) if ratio is not None else None
    by_chance = found is not None and (found.kind == "mirror" or found.kind == "gain" and found.matrix[0, 0] > 1)
    if by_chance and full.shape[1] < _LIVELY_S * full_hz:
        found = None
    if found is not None and found.kind != "gain":
        return Agreement(True, found)
    late = _lag(acc_g, gyr, rate_hz, period_s, full, full_hz)
    if found is not None and (late is None or late.ratio > found.ratio):
        return Agreement(True, found)
    return Agreement(True, late)


def _best(tried: list[Reading], ratio: Floats) -> Reading | None:
    """The reading that leaves least, where it leaves so much less than the one that stands that it must be meant."""
    best = int(np.argmin(ratio))
    found, least = tried[best], float(ratio[best])
    bound = {
        "": 0.0,
        "sign": _LESS_SIGN,
        "axes": _LESS_SIGN,
        "mirror": _LESS_TURN,
        "turn": _LESS_TURN,
        "gain": _LESS_SMALL,
    }[found.kind]
    if found.kind == "gain" and found.matrix[0, 0] < 1:
        half = [float(r) for reading, r in zip(tried, ratio, strict=True) if abs(reading.matrix[0, 0] - 0.5) < 0.01]
        bound = _LESS_LARGE if found.matrix[0, 0] < 0.6 and half and half[0] < _LESS_LARGE else 0.0
    return replace(found, ratio=least) if least < bound else None


def _lag(acc_g: Floats, gyr: Floats, rate_hz: float, period_s: float, full: Floats, full_hz: float) -> Reading | None:
    """The shift in time that fits much better than none, in the whole and in each half of it.

    Landings that lie together rule it out.
    """
    if full.shape[1] < _LIVELY_S * full_hz or acc_g.shape[1] < _LAG_SEEN_S * rate_hz:
        return None
    _, there, at_none = shocks_lag_s(full, full_hz, period_s)
    if there > 0.6 and at_none > _TOGETHER * there:
        return None
    late, less = _best_lag(acc_g, gyr, rate_hz)
    if abs(late) < _LEAST_LAG_S - 1e-9 or less > _LESS_LAG:
        return None
    middle = acc_g.shape[1] // 2
    for half in (slice(0, middle), slice(middle, None)):
        here, less_here = _best_lag(acc_g[:, half], gyr[:, half], rate_hz)
        if abs(here - late) > _ALIKE_HALVES_S + 1e-9 or less_here > _LESS_LAG_HALF:
            return None
    words = f"{abs(late):.2f} s {'behind' if late > 0 else 'ahead of'} the accelerometer"
    return Reading("lag", words, np.eye(3), -late, less)


def _best_lag(acc_g: Floats, gyr: Floats, rate_hz: float) -> tuple[float, float]:
    """The lag that leaves least, and how much less than none it leaves; 0.0 and 1.0 where there is too little."""
    steps = np.arange(1, round(_LAG_MOST_S / _LAG_STEP_S) + 1) * _LAG_STEP_S
    shifts = [0.0, *steps.tolist(), *(-steps).tolist()]
    ratio = _ratios(acc_g, gyr, rate_hz, (1, 2), [Reading("lag", "", np.eye(3), shift) for shift in shifts])
    if ratio is None:
        return 0.0, 1.0
    near = min(float(r) for shift, r in zip(shifts, ratio, strict=True) if abs(shift) <= _ALIKE_LAG_S)
    best = int(np.argmin(ratio))
    return -shifts[best], float(ratio[best]) / near
