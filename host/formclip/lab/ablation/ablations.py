"""The ablations: one change of the signal chain each, applied within this process and undone again.

A change is a constant with another value, or a method compiled anew with a line of its text replaced. The text must
stand there exactly once: an ablation whose line has been rewritten fails, and can't quietly turn into no change at all.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

# Recordings with true steps; sensor moved by hand; jogs without true steps, and nobody running; simulated runs.
RUNS, HAND, DAILY, MADE = "runs", "hand", "daily", "made"

INCLINATION, RANGES, STEP, RHYTHM, GATE, SIDE, RATE = (
    "Inclination", "Ranges", "One step", "Rhythm and cadence", "Gate", "Side", "Rate and hop",
)  # fmt: skip


def owner_of(where: str) -> Any:
    """The module "gaitcore.x", or the class in it by "gaitcore.x:Name"."""
    module, _, name = where.partition(":")
    found = importlib.import_module(module)
    return getattr(found, name) if name else found


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    old = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, old)


@dataclass(frozen=True)
class Value:
    """A constant of a module or class takes another value."""

    where: str
    name: str
    value: Any

    def applied(self) -> Any:
        return _replaced(owner_of(self.where), self.name, self.value)


class Edit:
    """A function or method with parts of its text replaced: pairs of old, which stands there once, and new."""

    def __init__(self, where: str, name: str, *pairs: tuple[str, str]) -> None:
        self.where, self.name, self.pairs = where, name, pairs

    def compiled(self) -> Callable[..., Any]:
        function = vars(owner_of(self.where))[self.name]
        if not isinstance(function, FunctionType):
            raise TypeError(f"{self.where}.{self.name} is no plain function")
        text = textwrap.dedent(inspect.getsource(function))
        for old, new in self.pairs:
            if text.count(old) != 1:
                raise LookupError(f"{text.count(old)} times in {self.where}.{self.name}, once is needed: {old}")
            text = text.replace(old, new)
        made: dict[str, Any] = {}
        module = importlib.import_module(self.where.partition(":")[0])
        exec(compile(text, f"<ablated {self.name}>", "exec"), vars(module), made)
        result: Callable[..., Any] = made[self.name]
        return result

    def applied(self) -> Any:
        return _replaced(owner_of(self.where), self.name, self.compiled())


@dataclass(frozen=True)
class Ablation:
    """What is changed, in words and in the code; on which sets besides RUNS it can tell."""

    name: str
    group: str
    says: str
    changes: tuple[Value | Edit, ...]
    also: tuple[str, ...] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        with ExitStack() as stack:
            for change in self.changes:
                stack.enter_context(change.applied())
            yield

    @property
    def sets(self) -> tuple[str, ...]:
        return (RUNS, *_SETS.get(self.group, ()), *self.also)


AS_IS = Ablation("as it is", "", "nothing is changed", (), (HAND, DAILY, MADE))
_SETS = {
    INCLINATION: (MADE,), RANGES: (MADE,), RHYTHM: (DAILY, MADE), GATE: (DAILY, HAND, MADE), RATE: (DAILY, HAND, MADE),
}  # fmt: skip

_LEVELLER = "gaitcore.leveller:Leveller"
_ATTITUDE = "gaitcore.attitude:Attitude"
_PIPELINE = "gaitcore.pipeline:Pipeline"
_RHYTHM = "gaitcore.cadence:Rhythm"
_CADENCE = "gaitcore.cadence"
_GATE = "gaitcore.gate"
_SHAPE = "gaitcore.shape"
_SCORE = "self._vote = 0.92 * self._vote + s * self._parity"
_NEWEST_ALONE = (
    Edit("gaitcore.side:SideVote", "score", (_SCORE, "self._vote = s * self._parity")),
    Edit("gaitcore.side:SideVote", "side", ("self._n < 3 or abs(self._vote) < 0.3", "self._n < 1")),
)


# The ranges over the window of the mean, the shape over its own.
_RANGES_ALONE = Edit(
    "gaitcore.meter:StepMeter",
    "measure",
    (
        "step.tilt_range_deg = range_deg(tilt)",
        "own = sway(buf[UP_X : HEAD, s0 - o : s1 - o], buf[HEAD, s0 - o : s1 - o], f, "
        "cross(f, up)); "
        "step.tilt_range_deg = range_deg(own[0])",
    ),
    ("range_deg(drop)", "range_deg(own[1])"),
    ("range_deg(turn)", "range_deg(own[2])"),
)


def _constants(where: str, **values: Any) -> tuple[Value, ...]:
    return tuple(Value(where, name, value) for name, value in values.items())


def _line(share: float) -> Edit:
    """The gate's line so many times as high."""
    return Edit(
        _GATE,
        "line_g",
        ("    return _LINE_G[k - 1]", f"    return {share} * (_LINE_G[k - 1]"),
        ("min(max(part, 0.0), 1.0)", "min(max(part, 0.0), 1.0))"),
    )


ABLATIONS: tuple[Ablation, ...] = (
    Ablation(
        "turns not predicted", INCLINATION, "speed × change of heading is left in the sum",
        (Edit(_LEVELLER, "_window", ("self._turn(end, t, ex * t, ey * t, sigma)", "pass")),),
    ),
    Ablation(
        "speed not learned from turns", INCLINATION, "3 m/s in every turn",
        (Edit(_LEVELLER, "_turn", ("more = max(-0.1, min(0.1, more))", "more = 0.0")),),
    ),
    Ablation(
        "no doubt in turns", INCLINATION, "the predicted change is believed whole",
        (Edit(_LEVELLER, "_turn", ("(var + (0.3 * self.speed) ** 2) * d2", "var * d2")),),
    ),
    Ablation(
        "no gate on innovations", INCLINATION, "beyond 4 sigma a change of velocity counts for tilt as well",
        (Edit(_ATTITUDE, "correct", ("gate=4.0", "gate=1e9")),),
    ),
    Ablation(
        "no memory of velocity", INCLINATION, "mean force of each stride by itself",
        (Edit(
            _LEVELLER, "_window",
            ("self._turn(end, t", "a.vx = a.vy = a.p_vt = a.p_vb = 0.0; a.p_vv = sigma * sigma; self._turn(end, t"),
        ),),
    ),
    Ablation(
        "windows of one second", INCLINATION, "in running, in place of whole strides",
        (Edit(_LEVELLER, "update", ("n, trust = int(2.0 * period + 0.5), _STRIDE", "n, trust = self._rate, _STRIDE")),),
    ),
    Ablation(
        "bias fixed after standing", INCLINATION, "the gyroscope's bias is what the calibration found",
        (
            Value(_ATTITUDE, "q_bias", 0.0),
            Edit(_ATTITUDE, "settle_heading", ("d = 0.06 * dot(rate, u) / self._rad", "d = 0.0")),
            Edit(_PIPELINE, "_calibrated", ("0.3 / c.seconds * RAD if self.has_gyro else 0.0", "0.0")),
        ),
        (HAND,),
    ),
    Ablation(
        "no second-order term", INCLINATION, "the rotation of a hop is the integral of the rate alone: no coning",
        (Edit(_ATTITUDE, "_turn", ("px + 0.5 * cx, py + 0.5 * cy, pz + 0.5 * cz", "px, py, pz")),),
        (HAND,),
    ),
    Ablation(
        "second-order term within the hop", INCLINATION, "also at every sample, not at its end alone; 0.4 ms a block",
        (
            Edit(
                _ATTITUDE, "_turn",
                (
                    "t = np.sum(y, axis=0)",
                    "c = np.array([sy * wz - sz * wy, sz * wx - sx * wz, sx * wy - sy * wx]); c *= 0.5; "
                    "s3 += np.cumsum(c, axis=1) - 0.5 * c; put(again, two); t = np.sum(s3 * s3, axis=0)",
                ),
            ),
        ),
        (HAND,),
    ),
    Ablation(
        "hop never halved", INCLINATION, "the series serve for any angle within a hop",
        _constants("gaitcore.attitude", _FAR=1e9),
        (HAND,),
    ),
    Ablation(
        "forward from every step", INCLINATION, "every step votes for the forward axis, not every third; more work",
        _constants("gaitcore.meter", _SURE=10**9),
    ),
    Ablation(
        "pelvis's axis level", RANGES, "rotation is that of an axis at the horizon, not 15° below it",
        _constants("gaitcore.ranges", _PELVIS_BELOW=0.0),
    ),
    Ablation(
        "pelvis's axis 20° below", RANGES, "the other end of what is published, 15 to 20°",
        _constants("gaitcore.ranges", _PELVIS_BELOW=0.364),
    ),
    Ablation(
        "bends left in rotation", RANGES, "what the way turns in a stride counts as rotation",
        _constants("gaitcore.ranges", _BEND=1e9),
    ),
    Ablation(
        "stride from contact to contact", RANGES, "as the truth is defined; cues come later by 0.28 of a stride",
        (*_constants("gaitcore.meter", LATEST=1.0), *_constants("gaitcore.pipeline", LATEST=1.0), _RANGES_ALONE),
    ),
    Ablation(
        "ranges over the mean's stride", RANGES, "begun before the contact found at first, not before the rise",
        (_RANGES_ALONE,),
    ),
    Ablation(
        "oscillation: no fraction", STEP, "the stride ends at a whole sample",
        (Edit("gaitcore.oscillation:Oscillation", "measure", ("more = stride - m", "more = 0.0")),),
    ),
    Ablation(
        "oscillation: one step", STEP, "integrated over the step alone, with means of the step taken out",
        (Edit(
            "gaitcore.meter:StepMeter", "measure",
            ("step.vo_cm = self._oscillation.measure(",
             "step.vo_cm = self._oscillation.measure(buf[VERT, i - o : j - o], 0, j - i, period); "
             "self._oscillation.measure("),
        ),),
    ),
    Ablation(
        "oscillation: range of the stride", STEP, "the difference between left and right counts as oscillation",
        (Edit("gaitcore.oscillation:Oscillation", "measure", ("z = z[start:end]", "pass")),),
    ),
    Ablation(
        "contact corrected by each step", STEP, "how late the force rises, from the step alone",
        _constants("gaitcore.contact", _FOLLOW=1.0),
    ),
    Ablation(
        "contact at the rise", STEP, "the rise through 1 g less a constant, without forward force and peak",
        (Edit(
            "gaitcore.contact:Contact", "measure",
            ("models.rise_ms(self.period_ms, self.fwd_g, self.impact_g)", "models.RISE_VERT"),
        ),),
    ),
    Ablation(
        "any rise is a contact", STEP, "0.1 s after the one before; the rhythm is not asked",
        (Edit(
            "gaitcore.steps:StepFinder", "_rise",
            ("if not period:", "if True:"), ("self._default", "0.48 * self._default"),
        ),),
        (DAILY, MADE),
    ),
    Ablation(
        "contact anywhere", STEP, "a contact far from where those before it lay is believed too",
        _constants("gaitcore.meter", _ELSEWHERE=9.0),
    ),
    Ablation(
        "last steps not given out", STEP, "what waits when running has ended is dropped",
        (Edit(_PIPELINE, "_process", ("self._until = ring.end - int(_QUIET_S * self._rate)", "self._until = 0")),),
        (MADE,),
    ),
    Ablation(
        "step not told from stride", RHYTHM, "whatever comes again is taken for a stride",
        (Edit(_RHYTHM, "_sides", ("if odd - third > even:", "if False:")),), (HAND,),
    ),
    Ablation(
        "any third harmonic", RHYTHM, "a stride may have any third harmonic", _constants(_CADENCE, _MOST_THIRD=1e9),
        (HAND,),
    ),
    Ablation(
        "feet not expected", RHYTHM, "a contact is expected a step after the last, also where the sides differ",
        _constants("gaitcore.steps", _UNEVEN=9.0),
    ),
    Ablation(
        "stride not followed", RHYTHM, "the first strong peak is looked for in every hop",
        (Edit(_RHYTHM, "_rhythm", ("if 0.0 < self._stride <= self._lag_max:", "if False:")),),
    ),
    Ablation(
        "rhythm every hop", RHYTHM, "twice the work", (Edit(_RHYTHM, "push", ("was != RUNNING or hops % 2", "True")),),
    ),
    Ablation(
        "no horizontal term", GATE, "the vertical alone", _constants(_GATE, _SIDEWAYS_GAIN=0.0)
    ),
    Ablation(
        "hands not told from runners", GATE, "no limit to the horizontal beside the vertical",
        _constants(_GATE, _SIDEWAYS_MOST=1e9),
    ),
    Ablation(
        "evidence of 8", GATE, "in place of 15: running is confirmed about 2 s sooner",
        _constants(_GATE, _CONFIRM=8.0, _OPENING=8.0),
    ),
    Ablation(
        "evidence of 4", GATE, "in place of 15", _constants(_GATE, _CONFIRM=4.0, _OPENING=4.0)
    ),
    Ablation(
        "evidence leaks a quarter", GATE, "1 and 0.25 a hop in place of 4 and 1",
        _constants(_GATE, _LEAK=1.0, _LEAK_GREY=0.25),
    ),
    Ablation(
        "flat line", GATE, "0.36 g at every cadence", _constants(_GATE, _LINE_G=(0.36,) * 10)
    ),
    Ablation(
        "line 20 % lower", GATE, "margin of the line on the side of walkers",
        (_line(0.8),),
    ),
    Ablation(
        "line 30 % higher", GATE, "margin of the line on the side of runners",
        (_line(1.3),),
    ),
    Ablation(
        "no horizontal term, line 20 % lower", GATE, "margin on the side of walkers without it",
        (*_constants(_GATE, _SIDEWAYS_GAIN=0.0), _line(0.8)),
    ),
    Ablation(
        "no horizontal term, line 30 % higher", GATE, "margin on the side of runners without it",
        (*_constants(_GATE, _SIDEWAYS_GAIN=0.0), _line(1.3)),
    ),
    Ablation(
        "no patience", GATE, "one hop below the line, or irregular, ends a bout",
        _constants(_GATE, _PATIENCE=1, _PATIENCE_IRREGULAR=1),
    ),
    Ablation("side by drop alone", SIDE, "rotation does not vote", _constants(_SHAPE, _SIDE_TURN=0.0)),
    Ablation("side by rotation alone", SIDE, "drop does not vote", _constants(_SHAPE, _SIDE_DROP=0.0)),
    Ablation("side of the newest step", SIDE, "no memory: each step by itself", _NEWEST_ALONE),
    Ablation(
        "the newest step's drop alone", SIDE, "neither memory nor rotation",
        (*_NEWEST_ALONE, *_constants(_SHAPE, _SIDE_TURN=0.0)),
    ),
    Ablation(
        "the newest step's rotation alone", SIDE, "neither memory nor drop",
        (*_NEWEST_ALONE, *_constants(_SHAPE, _SIDE_DROP=0.0)),
    ),
    Ablation(
        "inner rate 104 Hz", RATE, "samples in pairs in place of fours (of 208 Hz); twice the work",
        (
            Edit(_PIPELINE, "__init__", ("rate_hz // 50", "rate_hz // 100")),
            *_constants("gaitcore.leveller", _END=6),
        ),
    ),
    Ablation(
        "hop of 0.25 s", RATE, "all constants of a hop scaled with it; gate and rhythm do twice the work",
        (
            Edit(_PIPELINE, "__init__", ("rate // 2", "rate // 4")),
            *_constants("gaitcore.pipeline", _FIRST_HOPS=4),
            *_constants("gaitcore.attitude", _SETTLE=0.134),
            Edit(_RHYTHM, "__init__", ("rate_hz // 2\n", "rate_hz // 4\n")),
            Edit(
                _RHYTHM, "push",
                (
                    "self._totals[hops % _WINDOW_HOPS] + self._half",
                    "sum(self._totals[(hops - k) % _WINDOW_HOPS] for k in range(3))",
                ),
                (
                    "self._squares[hops % _WINDOW_HOPS] + self._half_square",
                    "sum(self._squares[(hops - k) % _WINDOW_HOPS] for k in range(3))",
                ),
                ("n + n // 2 if hops > 1 else n", "min(hops, 3) * n"),
            ),
            *_constants(
                _CADENCE, _MOST_POINTS=14, _POINTS=12, _HOPS=20, _WINDOW_HOPS=8, _LEAST_HOPS=6,
                _UP_GAIN=0.22, _SIDEWAYS_HOPS=8,
            ),
            *_constants(
                _GATE, _OPENING_HOPS=8, _MOST=1.0, _LEAK=2.0, _LEAK_GREY=0.5, _PATIENCE=4, _PATIENCE_IRREGULAR=12,
            ),
            Edit("gaitcore.gate:Gate", "_holds", ("self._level_g) * 0.2", "self._level_g) * 0.1")),
        ),
    ),
)  # fmt: skip
NAMES = tuple(a.name for a in (AS_IS, *ABLATIONS))


def by_name(name: str) -> Ablation:
    for ablation in (AS_IS, *ABLATIONS):
        if ablation.name == name:
            return ablation
    raise KeyError(name)
