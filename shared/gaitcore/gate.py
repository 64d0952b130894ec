"""Activity gate: still, walking, running or other, from five numbers of the rhythm.

Theory of operation. `Rhythm` (cadence.py) gives once per hop (a quarter of a second) the spread of the vertical
acceleration over the last 2 s and in the newest 0.75 s, the horizontal spread, the cadence and the regularity. The
spread a body needs grows with the square of the step rate times its vertical path; walkers stay below a line over
cadence (`_LINE`), runners above it. The logarithm of spread over line is the score.

  not running   a regular hop with score > 0 adds to the evidence, up to 1 the higher and the more regular it is; any
                other hop takes 2 away. RUNNING at `_CONFIRM`: 3.5 s of clear running, 10 s of a shuffle near the line.
                Stairs taken at a run reach two thirds of it: flights end. Data that open in mid-run need
                half: half the evidence is there at the start, and is kept through the first 2 s without a rhythm.
  running       lost when the newest 0.75 s have gone quiet against the bout's own level twice in a row, after
                `_PATIENCE` hops in a row below the line less a margin, or `_PATIENCE_IRREGULAR` irregular but
                energetic ones (a turn, a kerb). The evidence then starts from nothing.
"""

import math

from gaitcore.compat import const

STILL = const(0)
WALKING = const(1)
RUNNING = const(2)
OTHER = const(3)

_LINE_SPM = (115.0, 125.0, 135.0, 145.0, 155.0, 180.0, 260.0)
_LINE_G = (0.80, 0.68, 0.52, 0.40, 0.34, 0.31, 0.30)
_CONFIRM = 14.0
_OPENING = 7.0
_OPENING_HOPS = const(8)
_BONUS = 0.25
_MARGIN = 0.25
_REGULAR = 0.4
_SIDEWAYS = 1.5
_QUIET = 0.45
_PATIENCE = const(4)
_PATIENCE_IRREGULAR = const(12)
_STILL_G = 0.04
_WALK_G = 0.06


def line_g(cadence_spm):
    """Spread of vertical acceleration (g, standard deviation below 9 Hz) that parts walkers from runners."""
    k = 1
    while k < len(_LINE_SPM) - 1 and cadence_spm > _LINE_SPM[k]:
        k += 1
    part = (cadence_spm - _LINE_SPM[k - 1]) / (_LINE_SPM[k] - _LINE_SPM[k - 1])
    return _LINE_G[k - 1] + (_LINE_G[k] - _LINE_G[k - 1]) * min(max(part, 0.0), 1.0)


class Gate:
    """Activity from the rhythm, with hysteresis.

    In        push(spread_g, newest_g, sideways_g, spm, regularity, stride): standard deviation of the vertical over
              2 s and over 0.75 s, of the horizontal over 2 s; cadence of the strongest rhythm (0.0 none);
              autocorrelation at two steps; autocorrelation at a walking stride
    Out       activity; running() and candidate() as predicates; score and evidence for logs and plots
    Latency   see the theory of operation. State: 8 numbers.
    Checked   docs/algorithms.md, "Rhythm and gate"
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.activity = OTHER
        self.evidence = _CONFIRM - _OPENING
        self.score = -1.0
        self._opening = _OPENING_HOPS
        self._bad = 0
        self._quiet = 0
        self._level_g = 0.0
        self._next = OTHER

    def candidate(self):
        return self.score > 0.0

    def push(self, spread_g, newest_g, sideways_g, spm, regularity, stride):
        score = -1.0
        sideways = sideways_g > _SIDEWAYS * spread_g
        if spm > 0.0 and spread_g > 0.1 and not sideways:
            score = math.log(spread_g / line_g(spm))
        regular = regularity > _REGULAR
        self.score = score if regular else -1.0
        if self.activity == RUNNING:
            if self._holds(score, regular, spread_g, newest_g):
                return RUNNING
            self.evidence = 0.0
            self.activity = self._next = OTHER
        good = regular and score > 0.0
        if good:
            self.evidence += min(1.0, score + _BONUS) * min(1.0, (regularity - _REGULAR) * 2.0)
            if self.evidence >= _CONFIRM:
                self._bad = self._quiet = 0
                self._level_g = spread_g
                self._opening = 0
                self.activity = RUNNING
                return RUNNING
        else:
            self._opening -= 1
            if self._opening <= 0:
                self.evidence = max(0.0, self.evidence - 2.0)
        now = OTHER
        if spread_g < _STILL_G and sideways_g < _STILL_G:
            now = STILL
        elif spread_g > _WALK_G and score <= 0.0 and max(stride, regularity) > 0.45 and not sideways:
            now = WALKING
        if now == self._next:
            self.activity = now
        self._next = now
        return self.activity

    def _holds(self, score, regular, spread_g, newest_g):
        self._quiet = self._quiet + 1 if newest_g < _QUIET * self._level_g else 0
        if regular and score > -_MARGIN:
            self._bad = 0
            self._level_g += (spread_g - self._level_g) * 0.1
        else:
            self._bad += 1
        patience = _PATIENCE_IRREGULAR if not regular and spread_g > 0.6 * self._level_g else _PATIENCE
        return self._quiet < 2 and self._bad < patience
