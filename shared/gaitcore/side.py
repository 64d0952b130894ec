"""Left or right foot, from how the pelvis hangs and turns over a stride."""


class SideVote:
    """Alternating vote over the steps of a bout.

    At a right contact the pelvis is highest on the right, and turned with its right side forward from there to
    midstance; at a left contact the other way round. shape.py projects drop and rotation on one wave per stride. Single
    steps err, so their scores are summed with alternating sign.

    In        score(s): positive when the step looks like a right one; count(steps since the one before) -> parity
    Out       side(parity): +1 right, -1 left, 0 not known
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

    def score(self, s):
        s = -3.0 if s < -3.0 else 3.0 if s > 3.0 else s
        self._vote = 0.92 * self._vote + s * self._parity
        self._n += 1

    def side(self, parity):
        if self._n < 3 or abs(self._vote) < 0.3:
            return 0
        return parity if self._vote > 0.0 else -parity
