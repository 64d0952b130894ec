"""The last seconds of several rows, one array made once, every window contiguous."""

from gaitcore.compat import FLOAT, np, put


class Ring:
    """Rows of the last samples; a window is a slice without a wrap.

    Settings  rows; keep_samples that stay readable; hop_samples added at a time
    In        space() -> (rows, hop) view to fill, then took() it
              cut(): a gap comes
    Out       view(row, start, end): samples [start, end) of a row; rows(first, last, start, end): of several;
              `start` and `end` bound what is there. Where many are taken at once: buf[row, a - base : b - base]
    Differs   from a ring: the newest `keep` samples move to the front every other hop, so that windows never wrap
    """

    def __init__(self, rows, keep_samples, hop_samples, hops_between_moves=2):
        self._keep = keep_samples
        self._hop = hop_samples
        self._size = keep_samples + hops_between_moves * hop_samples
        self.buf = buf = np.zeros((rows, self._size), dtype=FLOAT)
        # what moves to the front when it is full, in pieces that don't lie over where they go to
        step = hops_between_moves * hop_samples
        ends = [(a, min(a + step, keep_samples)) for a in range(0, keep_samples, step)]
        self._moves = [(buf[:, a:b], buf[:, a + step : b + step]) for a, b in ends]
        self.reset()

    def reset(self, index=0):
        self.start = self.end = self._cut = index
        self.base = index - self._size % self._hop  # so that it is just full when it moves

    def space(self):
        at = self.end - self.base
        if at + self._hop > self._size:
            move = at - self._keep
            if at == self._size:
                for into, rows in self._moves:
                    put(into, rows)
            else:  # after drop()
                self.buf[:, : self._keep] = self.buf[:, move:at]
            self.base += move
            at = self._keep
        return self.buf[:, at : at + self._hop]

    def cut(self):
        """What is in it is not followed by what comes."""
        self._cut = self.end

    def took(self):
        self.end += self._hop
        self.start = max(self.base, self._cut, self.end - self._keep - self._hop)

    def shift(self, n):
        """Count anew: what was sample n is 0."""
        self.start -= n
        self.end -= n
        self.base -= n
        self._cut -= n

    def drop(self, n):
        """Take back the newest n samples."""
        self.end -= n

    def rows(self, first, last, start, end):
        """Rows [first, last) over [start, end)."""
        return self.buf[first:last, start - self.base : end - self.base]

    def view(self, row, start, end):
        return self.buf[row, start - self.base : end - self.base]
