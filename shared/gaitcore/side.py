"""Left or right foot, from how the pelvis hangs and turns over a stride."""

from gaitcore.compat import FLOAT, np


class SideVote:
    """Alternating vote over the steps of a bout.

    At a right contact the pelvis is highest on the right, and turned with its right side forward from there to
    midstance; at a left contact the other way round. Drop and rotation are projected on one wave per stride. Single
    steps err, so their scores are summed with alternating sign.

    In        score(drop, rotation_cos, rotation_sin): projections by StrideWave; count(steps since the one before) ->
              parity
    Out       side(parity): +1 right, -1 left, 0 not known
    Source    weights: logistic regression over rbds, our own
    Differs   the level force to the side votes in most runners as well, but turns with the cut of the step at slow
              speeds and with the place of the clip: left out
    Checked   rbds, each runner left out in turn: 99.97 % of single steps, worst trace 98.8 %
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self._vote = 0.0
        self._parity = 1
        self._n = 0

    def count(self, steps):
        """Parity of this step; too long a pause to count steps starts the vote anew."""
        if steps > 3:
            self.reset()
        if steps & 1:
            self._parity = -self._parity
        return self._parity

    def score(self, drop, rotation_cos, rotation_sin):
        s = 70.0 * drop - 55.0 * (rotation_cos + rotation_sin)
        s = max(-3.0, min(3.0, s))
        self._vote = 0.92 * self._vote + s * self._parity
        self._n += 1

    def side(self, parity):
        if self._n < 3 or abs(self._vote) < 0.3:
            return 0
        return parity if self._vote > 0.0 else -parity


class StrideWave:
    """Projection of rows of a ring on one cosine and one sine per stride, from the contact on."""

    def __init__(self):
        self._cos = self._sin = None
        self._scale = 0.0

    def aim(self, start, end, contact, period):
        """Choose the window [start, end) and where in it the wave begins."""
        at = np.arange(end - start, dtype=FLOAT)
        at -= contact - start
        at *= 3.1415927 / period
        self._cos = np.cos(at)
        self._sin = np.sin(at)
        self._scale = 1.0 / (end - start)

    def cos(self, row):
        return float(np.dot(row, self._cos)) * self._scale

    def sin(self, row):
        return float(np.dot(row, self._sin)) * self._scale
