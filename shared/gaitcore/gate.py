"""Activity gate: still, walking, running or other, from the numbers of the rhythm.

Theory of operation. `Rhythm` (cadence.py) gives once per hop (half a second) the spread of the vertical
acceleration over the last 2 s and over the newest 0.75 s, the horizontal spread, the cadence and the regularity. The
vertical spread of a body is its path times the square of the step rate; at one cadence walkers stay below a line and
runners above it. The score is the logarithm of spread over line, plus what the horizontal says at a walker's cadence
(all of it below 150 steps/min, nothing from 170): walkers sway and push about as much as they bounce (0.7 to 1.1 of
the vertical), slow runners half as much.

  not running   a regular hop with score > 0, not quiet at its end, adds evidence, the more the higher and the more
                regular; any other hop takes 4 away, or 1 just below the line. RUNNING at `_CONFIRM`: 4 s of
                clear running, 8 s of a shuffle near the line. Data that open in mid-run need `_OPENING`: the rest is
                there at the start, and is kept through the first 2 s without a rhythm.
  shuffle       Below the line, from 137 to 162 steps/min, a body that bounces by 0.225 g or more and moves little
                sideways and to and fro is no walker either: who walks at such a cadence is quick, and shakes by 0.24 g
                and more. The less it moves there, the lower the line, down to 0.55 of it; it takes 12 s.
  stairs        The clip knows no stairs. Taken at a run they look like running, and are: at 160 steps/min and more,
                with twice the bounce of the line, for as long as the evidence takes (4 s). Most flights end before.
  running       lost when the newest 0.75 s have gone quiet against the bout's own level, after
                `_PATIENCE` hops in a row below the line less a margin, or `_PATIENCE_IRREGULAR` irregular but
                energetic ones (a turn, a kerb). The evidence then starts from nothing.
"""

import math

from gaitcore.compat import const

STILL = const(0)
WALKING = const(1)
RUNNING = const(2)
OTHER = const(3)

_LINE_SPM = (112.0, 118.0, 124.0, 128.0, 133.0, 140.0, 150.0, 160.0, 180.0, 260.0)
_LINE_G = (2.0, 1.5, 0.95, 0.64, 0.52, 0.40, 0.34, 0.29, 0.275, 0.27)
_CONFIRM = 15.0
_OPENING = 9.0
_OPENING_HOPS = const(4)
_MOST = 2.0  # evidence in a hop
_LEAK = 4.0
_LEAK_GREY = 1.0
_MARGIN = 0.5
_GREY = 0.15
_REGULAR = 0.4
_SIDEWAYS = 0.6
_SIDEWAYS_GAIN = 2.0
_SIDEWAYS_LIMIT = 0.25
_SIDEWAYS_MOST = 1.15
# Horizontal spread of walkers at 134 to 158 steps/min, the 5 % quantile of each of five people of lmu: 0.213, 0.225,
# 0.232, 0.242, 0.393 g. With any one of them left out the lowest of the others is 0.213 or 0.225.
_SHUFFLE_FROM = 137.0
_SHUFFLE_TO = 162.0
_SHUFFLE_G = 0.225
_SHUFFLE_SIDEWAYS_G = 0.22
_SHUFFLE_GAIN = 8.0
_SHUFFLE_LIMIT = 0.6
_SHUFFLE_MOST = 1.3
_QUIET = 0.45
_PATIENCE = const(2)
_PATIENCE_IRREGULAR = const(6)
_STILL_G = 0.04
_WALK_G = 0.06


def line_g(cadence_spm):
    """Spread of vertical acceleration (g, standard deviation below 9 Hz) that parts walkers from runners."""
    k = len(_LINE_SPM) - 1
    while k > 1 and cadence_spm < _LINE_SPM[k - 1]:
        k -= 1
    part = (cadence_spm - _LINE_SPM[k - 1]) / (_LINE_SPM[k] - _LINE_SPM[k - 1])
    return _LINE_G[k - 1] + (_LINE_G[k] - _LINE_G[k - 1]) * min(max(part, 0.0), 1.0)


class Gate:
    """Activity from the rhythm, with hysteresis.

    In        push(spread_g, newest_g, sideways_g, spm, regularity, stride): standard deviation of the vertical over
              2 s and over 0.75 s, of the horizontal over 2 s; cadence of the strongest rhythm (0.0 none);
              autocorrelation at two steps; autocorrelation at a walking stride
    Out       activity; candidate(): a rhythm that may become or is running; score and evidence, for plots
    Latency   see the theory of operation. State: 6 numbers.
    Checked   docs/lab/algorithms.md, "Rhythm, steps and gate"
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.activity = OTHER
        self.evidence = _CONFIRM - _OPENING
        self.score = -1.0
        self._opening = _OPENING_HOPS
        self._bad = 0
        self._level_g = 0.0

    def candidate(self):
        return self.score > 0.0 or (self.score > -_GREY and self.evidence > _CONFIRM - _OPENING)

    def push(self, spread_g, newest_g, sideways_g, spm, regularity, stride):
        score = -1.0
        most = _MOST
        part = sideways_g / max(spread_g, 0.001)
        if spm > _LINE_SPM[0] and spread_g > 0.1 and part < _SIDEWAYS_MOST:
            says = min(_SIDEWAYS_LIMIT, _SIDEWAYS_GAIN * (_SIDEWAYS - part))
            score = math.log(spread_g / line_g(spm)) + says * max(0.0, min(1.0, (170.0 - spm) / 20.0))
            if score <= 0.0 and _SHUFFLE_FROM < spm < _SHUFFLE_TO and spread_g > _SHUFFLE_G:
                calm = min(_SHUFFLE_LIMIT, _SHUFFLE_GAIN * (_SHUFFLE_SIDEWAYS_G - sideways_g))
                if calm > 0.0:
                    score = max(score, math.log(spread_g / line_g(spm)) + calm)
                    most = _SHUFFLE_MOST
        regular = regularity > _REGULAR and newest_g > _QUIET * spread_g
        self.score = score if regular else -1.0
        if self.activity == RUNNING:
            if self._holds(score, regular, spread_g, newest_g):
                return RUNNING
            self.evidence = 0.0
            self.activity = OTHER
        if self.score > 0.0:
            self.evidence += most * min(1.0, 0.5 + 0.5 * score * score) * min(1.0, 2.0 * (regularity - _REGULAR))
            if self.evidence >= _CONFIRM:
                self._bad = 0
                self._level_g = spread_g
                self._opening = 0
                self.activity = RUNNING
                return RUNNING
        else:
            self._opening -= 1
            if self._opening <= 0:
                self.evidence = max(0.0, self.evidence - (_LEAK_GREY if self.score > -_GREY else _LEAK))
        now = OTHER
        if spread_g < _STILL_G and sideways_g < _STILL_G:
            now = STILL
        elif spread_g > _WALK_G and score <= 0.0 and max(stride, regularity) > 0.45 and part < 1.6:
            now = WALKING
        self.activity = now
        return now

    def _holds(self, score, regular, spread_g, newest_g):
        if newest_g < _QUIET * self._level_g:
            return False
        if regular and score > -_MARGIN:
            self._bad = 0
            self._level_g += (spread_g - self._level_g) * 0.2
        else:
            self._bad += 1
        patience = _PATIENCE_IRREGULAR if not regular and spread_g > 0.6 * self._level_g else _PATIENCE
        return self._bad < patience
