"""The last seconds of several rows, one array made once, every window contiguous."""

from gaitcore.compat import FLOAT, np


class Ring:
    """Rows of the last samples; a window is a slice without a wrap.

    Settings  rows; keep_samples that stay readable; hop_samples added at a time
    In        space() -> (rows, hop) view to fill, then took() it
              cut(): a gap comes
    Out       view(row, start, end): samples [start, end) of a row; rows(first, last, start, end): of several;
              `start` and `end` bound what is there
    Differs   from a ring: the newest `keep` samples move to the front every few hops, so that windows never wrap
    """

    def __init__(self, rows, keep_samples, hop_samples, hops_between_moves=4):
        self._keep = keep_samples
        self._hop = hop_samples
        self._size = keep_samples + hops_between_moves * hop_samples
        self._buf = np.zeros((rows, self._size), dtype=FLOAT)
        self.reset()

    def reset(self, index=0):
        self.start = self.end = self._base = self._cut = index

    def space(self):
        at = self.end - self._base
        if at + self._hop > self._size:
            move = at - self._keep
            self._buf[:, : self._keep] = self._buf[:, move:at]
            self._base += move
            at = self._keep
        return self._buf[:, at : at + self._hop]

    def cut(self):
        """What is in it is not followed by what comes."""
        self._cut = self.end

    def took(self):
        self.end += self._hop
        self.start = max(self._base, self._cut, self.end - self._keep - self._hop)

    def drop(self, n):
        """Take back the newest n samples."""
        self.end -= n

    def rows(self, first, last, start, end):
        """Rows [first, last) over [start, end)."""
        return self._buf[first:last, start - self._base : end - self._base]

    def view(self, row, start, end):
        return self._buf[row, start - self._base : end - self._base]
