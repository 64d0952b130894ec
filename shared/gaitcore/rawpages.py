"""Raw samples as pages of the log; loaded when a capture is asked for."""

from gaitcore.compat import const
from gaitcore.page import PAGE_B, RAW, Page

FRAME_B = const(12)  # a raw sample as the FIFO gives it: six int16, ax ay az gx gy gz, LSB of units.py


class RawWriter:
    """Raw samples into pages of the same file.

    In        push(index, frames): bytes of whole 12-byte frames, the first being sample `index`
              close(): the last page, as far as it is filled
    Out       pages to the log's sink, complete; False from push when there is no more room
    """

    def __init__(self, log, buf=None):
        self._log = log
        self._page = Page(buf)
        self._number = -1
        self._next_index = 0

    def push(self, index, frames):
        page = self._page
        frames = memoryview(frames)
        done = 0
        if index != self._next_index:
            self.close()
        while done < len(frames):
            if self._number < 0:
                self._number = self._log.take_number()
                if self._number < 0:
                    return False
                page.open(self._log.session, self._log.boot, index + done // FRAME_B, self._number, RAW)
            n = min(len(frames) - done, (PAGE_B - page.used) // FRAME_B * FRAME_B)
            page.view[page.used : page.used + n] = frames[done : done + n]
            page.used += n
            done += n
            if page.used + FRAME_B > PAGE_B:
                self.close()
        self._next_index = index + len(frames) // FRAME_B
        return True

    def close(self):
        if self._number >= 0:
            self._page.seal(0)
            self._log.sink(self._number, self._page.view, True)
            self._number = -1
