"""LSM6DS33, LSM6DS3TR-C and LSM6DSOX as their registers and FIFO, fed from a trace.

    power   absent supply: the bus gets no answer. Supply on or SW_RESET: registers at their defaults, data stop.
    ODR     samples are taken from the moment an output data rate is set; the first is due one period later.
            With accelerometer and gyroscope at different rates the faster one counts (the firmware uses one rate).
    FIFO    bypass: empty. FIFO mode: stops when full. Continuous: the oldest sample goes, OVER_RUN is set.
            33 and 3TR-C: a pattern of words Gx Gy Gz XLx XLy XLz, 8 and 4 KiB, read at 3Eh-3Fh, which roll over.
            SOX: words of a tag and three values, 3 KiB, read at 78h-7Eh, which roll over.
    SDA     held low (hold) until clocked so often or without supply: what a restart in mid-transfer leaves behind
    wake-up slope between two samples beyond WK_THS for WAKE_DUR samples, to WAKE_UP_SRC and INT1.

Values come from the trace in g and dps, are scaled to the range set, rounded and cut off as the chip's ADC does.

Source   ST LSM6DS33 DS10742, LSM6DS3TR-C DS12032 (rev 2) and AN5130, LSM6DSOX DS12814 and AN5272: register tables
Differs  no filters (the trace is already what the sensor would deliver), no sensor hub, no embedded functions but
         wake-up; turn-on time is one period, the chip's is a few
"""

import array
import struct

from world import sys_open

_WHO = {"lsm6ds33": 0x69, "lsm6ds3trc": 0x6A, "lsm6dsox": 0x6C}
_FIFO_WORDS = {"lsm6ds33": 4096, "lsm6ds3trc": 2048, "lsm6dsox": 512}
# Hz x 1000 by ODR code; 11 is 1.6 Hz (SOX, low power) and 12.5 elsewhere
_ODR_MHZ = (0, 12500, 26000, 52000, 104000, 208000, 416000, 833000, 1666000, 3332000, 6664000, 1600)
_FS_G = (2, 16, 4, 8)  # by FS_XL
_FS_UG = {2: 61, 4: 122, 8: 244, 16: 488}
_FS_UDPS = (8750, 17500, 35000, 70000)  # by FS_G
_BOOT_US = 15000
_CTRL3_DEFAULT = 0x04
_BYPASS, _FIFO, _CONTINUOUS = 0, 1, 6
_READ_AHEAD = 64  # samples


class Trace:
    """Samples of a file of float32 ax ay az [g] gx gy gz [dps], one row per 1/rate_hz; before and after: the first.

    hold: the trace waits for start(), otherwise row 0 is the reading at power-on.
    """

    def __init__(self, path, rate_hz, hold):
        self._file = sys_open(path, "rb")
        self.rate_hz = rate_hz
        self.rows = self._file.seek(0, 2) // 24
        self.start_us = None if hold else 0
        self._first = -1 - _READ_AHEAD
        self._part = array.array("f", bytes(24 * _READ_AHEAD))
        self.still = self.row(0)

    def start(self, t_us):
        if self.start_us is None:
            self.start_us = t_us

    def index(self, t_us):
        if self.start_us is None:
            return -1
        return ((t_us - self.start_us) * self.rate_hz + 500000) // 1000000

    def between(self, t_us):
        """The reading at a time between two rows: what a sensor with a clock of its own takes."""
        if self.start_us is None:
            return self.still
        at = (t_us - self.start_us) * self.rate_hz
        k, part = at // 1000000, at % 1000000 / 1000000
        a = list(self.row(k))
        if part and 0 <= k < self.rows - 1:
            b = self.row(k + 1)
            for i in range(6):
                a[i] += (b[i] - a[i]) * part
        return a

    def row(self, index):
        if not 0 <= index < self.rows:
            return self.still
        if not self._first <= index < self._first + _READ_AHEAD:
            self._first = index
            self._file.seek(index * 24)
            self._file.readinto(self._part)
        at = (index - self._first) * 6
        return self._part[at : at + 6]


class Lsm6ds:
    """One chip on a bus.

    Settings  kind lsm6ds33, lsm6ds3trc or lsm6dsox; trace; powered() tells whether there is supply;
              int1 the pin it drives or None; odr_ppm how far its oscillator is off
    In        write(data), read_into(buf, start, end): bytes of one transaction, register address first
    """

    def __init__(self, world, kind, address, trace, powered, int1=None, odr_ppm=0):
        self.world = world
        self.kind = kind
        self.address = address
        self.trace = trace
        self.int1 = int1
        self.odr_ppm = odr_ppm
        self.plugged = True
        self.scl = self.sda = None  # its wires, where it can hold them
        self._clocks = 0
        self.sox = kind == "lsm6dsox"
        self._supply = powered
        self._on = False
        self._capacity = _FIFO_WORDS[kind]
        self._per_sample = 2 if self.sox else 6
        self.missed = 0  # samples that the FIFO gave up, for the tests
        self.first_index = None  # trace row of the first sample ever put into the FIFO
        self._words = bytearray(self._capacity * (7 if self.sox else 2))
        self._word_b = 7 if self.sox else 2
        self.reset(0)
        self.supply_changed()

    # Supply and reset.
    def answers(self):
        return self._on and self.world.now_us >= self._ready_us

    def supply_changed(self):
        """To be called when plugged or the supply may have changed."""
        on = self.plugged and self._supply()
        if on and not self._on:
            self.reset(self.world.now_us + _BOOT_US)
        if not on and self.sda is not None:
            self.sda.held = False
        self._on = on

    # Going astray.
    def hold(self, clocks):
        """Pull SDA low until SCL has risen so often; 0: until the supply is cut."""
        self.sda.held = self._on
        self._clocks = clocks

    def clocked(self):
        """SCL has risen."""
        if self.sda.held and self._clocks:
            self._clocks -= 1
            self.sda.held = self._clocks > 0

    def scramble(self):
        """Every register that can be written to holds nonsense, WHO_AM_I too, until a reset: a supply that dipped."""
        self.catch_up()
        for r in range(0x06, 0x1A):
            if r != 0x12:
                self._write_register(r, 0xA5)
        self.regs[0x0F] = 0xA5

    def reset(self, ready_us):
        self.regs = bytearray(128)
        self.regs[0x0F] = _WHO[self.kind]
        self.regs[0x12] = _CTRL3_DEFAULT
        self._ready_us = ready_us
        self._pointer = 0
        self._base_us = None  # when the present output data rate was set
        self._taken = 0  # samples since then
        self._odr_mhz = 0
        self._head = self._count = 0  # FIFO: index of the oldest word, words held
        self._phase = 0  # place in the pattern of the word to be read next
        self._over = self._over_latched = False
        self._tag = 0
        self._last = None
        self._moved = 0
        self._offset = 0  # byte of the word being read
        self._out_lsb = [0] * 6
        self._drive()

    # Time.
    def _due_us(self, n):
        rate = self._odr_mhz * (1000000 + self.odr_ppm)  # 1e-9 Hz
        return self._base_us + n * 1000000000000000 // rate

    def catch_up(self):
        now = self.world.now_us
        while self._odr_mhz:
            due = self._due_us(self._taken + 1)
            if due > now:
                break
            self._taken += 1
            self._sample(due)

    def _restart_odr(self):
        xl = _ODR_MHZ[min(self.regs[0x10] >> 4, 11)]
        gy = _ODR_MHZ[min(self.regs[0x11] >> 4, 11)]
        rate = max(xl, gy)
        if rate != self._odr_mhz:
            self._odr_mhz = rate
            self._base_us = self.world.now_us
            self._taken = 0

    def _sample(self, t_us):
        regs = self.regs
        if self.sox:
            mode, wanted = regs[0x0A] & 7, regs[0x09] & 15 and regs[0x09] >> 4
        else:
            mode, wanted = regs[0x0A] & 7, regs[0x08] & 7 and regs[0x08] >> 3 & 7
        into_fifo = wanted and mode in (_FIFO, _CONTINUOUS)
        waking = regs[0x5E] & 0x20 and (regs[0x58] & 0x80 or self.kind == "lsm6ds33")
        if not into_fifo and not waking:
            self._stale_us = t_us  # nobody looks: the output registers are worked out when they are read
            return
        if into_fifo and self.trace.start_us is None:
            self.trace.start(t_us)
        out = self._convert(t_us)
        if waking:
            self._wake(out)
        if into_fifo:
            if self.first_index is None:
                self.first_index = self.trace.index(t_us)
            self._store(out, mode)
        self._drive()

    def _convert(self, t_us):
        row = self.trace.between(t_us) if self.odr_ppm else self.trace.row(self.trace.index(t_us))
        regs = self.regs
        full = _FS_G[regs[0x10] >> 2 & 3]
        a = 1000000.0 / _FS_UG[full]
        w = 1000000.0 / (4375 if regs[0x11] & 2 else _FS_UDPS[regs[0x11] >> 2 & 3])
        on_xl, on_g = regs[0x10] >> 4, regs[0x11] >> 4
        out = self._out_lsb
        for i in range(3):
            v = int(round(row[i] * a)) if on_xl else 0
            out[3 + i] = -32768 if v < -32768 else 32767 if v > 32767 else v
            v = int(round(row[3 + i] * w)) if on_g else 0
            out[i] = -32768 if v < -32768 else 32767 if v > 32767 else v
        return out

    def _wake(self, out):
        regs = self.regs
        limit = (regs[0x5B] & 0x3F) * 32768 // (256 if self.sox and regs[0x5C] & 0x10 else 64)
        if self._last is not None:
            axes = 0
            for i in range(3):
                if abs(out[3 + i] - self._last[i]) > limit:
                    axes |= 4 >> i
            self._moved = self._moved + 1 if axes else 0
            if self._moved > regs[0x5C] >> 5 & 3:
                regs[0x1B] = 0x08 | axes
            elif not regs[0x56 if self.sox else 0x58] & 1:  # not latched
                regs[0x1B] = 0
        self._last = out[3:6]

    def _store(self, out, mode):
        need = self._per_sample
        if self._count + need > self._capacity:
            self._over = self._over_latched = True
            self.missed += 1
            if mode == _FIFO:
                return
            self._head = (self._head + need) % self._capacity
            self._count -= need
        words, at = self._words, (self._head + self._count) % self._capacity
        if self.sox:
            self._tag = self._tag + 1 & 3
            for k in (1, 2):  # gyroscope, accelerometer
                tag = k << 3 | self._tag << 1
                ones, v = 0, tag
                while v:
                    ones += v & 1
                    v >>= 1
                struct.pack_into("<Bhhh", words, at * 7, tag | ones & 1, *out[3 * k - 3 : 3 * k])
                at = (at + 1) % self._capacity
        else:
            if at + 6 <= self._capacity:
                struct.pack_into("<hhhhhh", words, at * 2, *out)
            else:
                for v in out:
                    struct.pack_into("<h", words, at * 2, v)
                    at = (at + 1) % self._capacity
        self._count += need

    def _drive(self):
        if self.int1 is None:
            return
        regs = self.regs
        level = bool(regs[0x0D] & 0x08 and self._watermark()) or bool(regs[0x5E] & 0x20 and regs[0x1B] & 8)
        self.int1.outside = level != bool(regs[0x12] & 0x20)

    def next_interrupt(self):
        """Bring INT1 up to date and tell it: what a sleeping board's pin alarm sees."""
        if self.answers():
            self.catch_up()
        return self.int1.level()

    # Registers.
    def _watermark(self):
        mask = 1 if self.sox else 7 if self.kind == "lsm6ds3trc" else 15
        limit = (self.regs[0x08 if self.sox else 0x07] & mask) << 8 | self.regs[0x07 if self.sox else 0x06]
        return limit and self._count >= limit

    def write(self, data):
        """One write transaction; data without the bus address."""
        if not data:
            return
        self.catch_up()
        self._pointer = data[0] & 0x7F
        self._offset = 0
        for value in data[1:]:
            self._write_register(self._pointer, value)
            if self.regs[0x12] & 4:
                self._pointer = self._pointer + 1 & 0x7F

    def _write_register(self, r, value):
        regs = self.regs
        if r in (0x0F, 0x1B, 0x1E) or 0x20 <= r <= 0x2D or 0x3A <= r <= 0x3F or r >= 0x78:
            return  # read only
        if r == 0x12 and value & 0x81:  # reset or reboot
            self.reset(self.world.now_us)
            return
        regs[r] = value
        if r in (0x10, 0x11):
            self._restart_odr()
        elif r == 0x0A and value & 7 == _BYPASS:
            self._head = self._count = self._offset = self._phase = 0
            self._over = self._over_latched = False
        self._drive()

    def read_into(self, buf, start, end):
        self.catch_up()
        regs = self.regs
        first, last = (0x78, 0x7E) if self.sox else (0x3E, 0x3F)
        i = start
        while i < end:
            r = self._pointer
            if first <= r <= last:
                i = self._read_fifo(buf, i, end)
                continue
            if 0x20 <= r <= 0x2D:
                if not self._odr_mhz:
                    value = 0
                elif r < 0x22:
                    value = 0  # 25 degrees
                else:
                    if r & 1 == 0:
                        self._convert(self._due_us(self._taken))
                    value = self._out_lsb[(r - 0x22) // 2] >> (8 if r & 1 else 0) & 255
            elif 0x3A <= r <= 0x3D:
                value = self._status(r)
            elif r == 0x1E:
                value = 3 if self._taken else 0
            else:
                value = regs[r]
                if r == 0x1B:
                    regs[0x1B] = 0
            buf[i] = value
            i += 1
            if regs[0x12] & 4:
                self._pointer = r + 1 & 0x7F
        self._drive()

    def _status(self, r):
        full = self._count + self._per_sample > self._capacity
        if self.sox:
            if r == 0x3A:
                return self._count & 255
            value = (0x80 if self._watermark() else 0) | (0x40 if self._over else 0) | (0x20 if full else 0)
            value |= 0x08 if self._over_latched else 0
            self._over_latched = False if r == 0x3B else self._over_latched
            return (value | self._count >> 8 & 3) if r == 0x3B else 0
        unread = 0 if self._count == self._capacity else self._count
        if r == 0x3A:
            return unread & 255
        if r == 0x3B:
            value = (0x80 if self._watermark() else 0) | (0x40 if self._over else 0) | (0x20 if full else 0)
            return value | (0 if self._count else 0x10) | unread >> 8 & (15 if self.kind == "lsm6ds33" else 7)
        return self._phase if r == 0x3C else 0

    def _read_fifo(self, buf, i, end):
        """Bytes of the oldest words from the rolling data registers; what is not there reads as the last word."""
        size = self._word_b
        words = self._words
        while i < end:
            if not self._count:
                buf[i] = 0
                i += 1
                continue
            at = self._head * size
            while i < end and self._offset < size:
                buf[i] = words[at + self._offset]
                i += 1
                self._offset += 1
            if self._offset == size:
                self._offset = 0
                self._head = (self._head + 1) % self._capacity
                self._phase = (self._phase + 1) % self._per_sample
                self._count -= 1
                self._over = False
        return i
