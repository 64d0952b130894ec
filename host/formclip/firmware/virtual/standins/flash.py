"""The QSPI flash as an image in a file, behind CircuitPython's one-sector cache; it can lose power at any byte.

A block written goes into the cache of its 4 KiB sector; the cache is written when another sector's turn comes, when
the same block is written again, on sync, and 1 s after the last write: read the rest of the sector, erase it, program
it page by page. A block that lands on erased flash while another sector is cached is programmed at once.

Every byte erased or programmed counts as one unit of work. `cut_at` units after the start the supply is gone: a page is
programmed up to that byte; a sector caught in its erase holds neither the old nor 0xFF.

Source   CircuitPython 10 supervisor/shared/external_flash/external_flash.c
Differs  the cache is always in RAM; the MBR block in front of the file system is left out
"""

import world as _world

BLOCK_B = 512
SECTOR_B = 4096
_PAGE_B = 256
_PER_SECTOR = 8
_ERASE_US = 60000
_PAGE_US = 700
_READ_US = 60  # of one block
_FLUSH_US = 1000000
_ERASED = b"\xff" * BLOCK_B  # a sector is worked on in blocks: a heap with a limit has no 4 KB in one piece to spare


class Flash:
    """Settings  path of the image, or an open file: a whole number of sectors; cut_at units of work or None
    world or None (no clock)
    """

    def __init__(self, path, cut_at=None, world=None):
        self._file = path if hasattr(path, "seek") else _world.sys_open(path, "r+b")
        self.size_b = self._file.seek(0, 2)
        self.blocks = self.size_b // BLOCK_B
        self.cut_at = cut_at
        self.units = 0
        self.erases = {}  # by sector: wear
        self._world = world
        self._sector = -1
        self._dirty = 0
        self._cache = bytearray(SECTOR_B)
        self._flush_at = None

    def close(self):
        self._file.close()

    def _take(self, us):
        if self._world is not None:
            self._world.advance(us)

    def _busy(self, us):
        self._take(us)
        if self._world is not None and self._world.config.get("trace_parts"):
            self._world.record("flash", us)

    def read_block(self, block, buf, at=0):
        k = block % _PER_SECTOR
        if self._sector == block // _PER_SECTOR and self._dirty >> k & 1:
            buf[at : at + BLOCK_B] = self._cache[k * BLOCK_B : (k + 1) * BLOCK_B]
            return
        self._take(_READ_US)
        self._file.seek(block * BLOCK_B)
        buf[at : at + BLOCK_B] = self._file.read(BLOCK_B)

    def write_block(self, block, data):
        """data: 512 bytes."""
        if not 0 <= block < self.blocks:
            raise OSError(5)
        sector, k = block // _PER_SECTOR, block % _PER_SECTOR
        if sector != self._sector or self._dirty >> k & 1:
            self._file.seek(block * BLOCK_B)
            if self._file.read(BLOCK_B) == _ERASED:
                self._program(block * BLOCK_B, data)
                return
            self.flush()
            self._sector, self._dirty = sector, 0
        self._dirty |= 1 << k
        self._cache[k * BLOCK_B : (k + 1) * BLOCK_B] = data
        if self._world is not None and self._flush_at is None:
            self._flush_at = self._world.now_us + _FLUSH_US
            self._world.at(self._flush_at, self._background)

    def _background(self, _):
        self._flush_at = None
        self.flush()

    def flush(self):
        if self._sector < 0:
            return
        at = self._sector * SECTOR_B
        for k in range(_PER_SECTOR):
            if not self._dirty >> k & 1:
                self._file.seek(at + k * BLOCK_B)
                self._cache[k * BLOCK_B : (k + 1) * BLOCK_B] = self._file.read(BLOCK_B)
        sector, self._sector, self._dirty = self._sector, -1, 0
        self._erase(sector)
        self._program(at, memoryview(self._cache))

    def _left(self, n):
        """Units that can still be done of n; counts them."""
        if self.cut_at is None or self.units + n <= self.cut_at:
            self.units += n
            return n
        done = max(0, self.cut_at - self.units)
        self.units += done
        return done

    def _erase(self, sector):
        at = sector * SECTOR_B
        self.erases[sector] = self.erases.get(sector, 0) + 1
        done = self._left(SECTOR_B)
        if done < SECTOR_B:
            if done:  # the erase had begun: every cell is somewhere on its way to 1
                self._file.seek(at)
                old = self._file.read(SECTOR_B)
                torn = bytearray(b"\xff" * SECTOR_B)
                for i in range(done, SECTOR_B):
                    torn[i] = old[i] | 0xA5
                self._file.seek(at)
                self._file.write(torn)
            self._die()
        self._file.seek(at)
        for _ in range(_PER_SECTOR):
            self._file.write(_ERASED)
        self._busy(_ERASE_US)

    def _program(self, at, data):
        n = len(data)
        done = self._left(n)
        for start in range(0, done, BLOCK_B):
            part = data[start : min(start + BLOCK_B, done)]
            self._file.seek(at + start)
            old = self._file.read(len(part))
            if old != _ERASED[: len(part)]:  # programming only clears bits
                part = bytes([a & b for a, b in zip(old, part)])
            self._file.seek(at + start)
            self._file.write(part)
        self._file.flush()
        if done < n:
            self._die()
        self._busy(_PAGE_US * (n // _PAGE_B))

    def _die(self):
        self._file.flush()
        raise _world.PowerLost()
