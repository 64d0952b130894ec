"""The LSM6DS by its FIFO: blocks instead of single readings.

One burst brings a block of _BLOCK samples of accelerometer and gyroscope, 12 bytes each, all of the same instants. The
FIFO holds 1.6 s (3TR-C), 3.3 s (33) or 1.2 s (SOX), so that a slow flash or radio loses nothing. When it did run
over, or its words are out of step, it is emptied and the samples between are told as lost.

What each kind of FIFO sets is a table of registers and values; the SOX's stands in imutagged.py, loaded where it is.

Source   ST LSM6DS3TR-C DS12032 and AN5130 5-9, LSM6DS33 DS10742, LSM6DSOX DS12814 and AN5272: register tables
Differs  Adafruit's driver has no FIFO, and takes 16 KB of heap for what six registers do
         the pattern FIFO is emptied on overrun instead of being read on in step: simpler, 1.6 s are lost instead of 0
"""

import time

from gaitcore.compat import FLOAT, INT16, const, np, scale, ticks_diff
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000
from supervisor import ticks_ms

RATE_HZ = const(208)
BLOCK_SAMPLES = const(52)
_FIFO_MODE = const(0x0A)
_WAKE_SRC = const(0x1B)
_FIFO_STATUS1 = const(0x3A)
_SILENT_MS = const(900)
_ETIMEDOUT = const(116)
# Register, value: FIFO stopped; MD1_CFG no wake-up on INT1; CTRL3_C values change between reads only, addresses count
# up; CTRL6_C accelerometer in high performance; CTRL1_XL 208 Hz, 16 g; CTRL2_G 208 Hz, 1000 dps
_BEGIN = b"\x0a\x00\x5e\x00\x12\x44\x15\x00\x10\x54\x11\x58"
# FIFO stopped; CTRL2_G off
_REST = b"\x0a\x00\x11\x00"
# CTRL6_C low power; CTRL1_XL 26 Hz, 4 g; WAKE_UP_THS 6/16 g; WAKE_UP_DUR
_WATCH = b"\x15\x10\x10\x28\x5b\x06\x5c\x00"


class NoSensor(OSError):
    """The chip did not answer, or is another one. args: what was tried."""


class Fifo:
    """What both kinds of FIFO share.

    Settings  i2c, address; who: what WHO_AM_I must read; power: DigitalInOut of its supply, or None
    In        begin(): set up, FIFO empty and stopped; start(), stop(); read(): next block
              watch(): low power, INT1 rises on motion; moved(): whether it did, and clears it
    Out       read gives block (6, 52) FLOAT, rows ax ay az [g] gx gy gz [dps], sensor axes, the same array each time,
              or None while there is less than a block
              lost: samples lost since the last look, taken with take_lost()
              overruns, samples: counts since prepare
    Errors    OSError of the bus from any call; RuntimeError at first for another chip
    """

    rate_hz = 208

    def __init__(self, i2c, address, who, power):
        self._bus = i2c
        self._address = address
        self.power = power
        self._reg = bytearray(2)
        self._one = bytearray(1)
        self._get(0x0F, self._one)
        if self._one[0] != who:
            raise RuntimeError("another chip")
        self._put(0x12, 1)  # CTRL3_C: all registers as after power-up
        time.sleep(0.01)
        self._status = bytearray(4)
        self._raw = bytearray(BLOCK_SAMPLES * self._SAMPLE_B)
        # Views into the one buffer and the one block, made once: a new array costs more than the work on it.
        self._block = block = np.zeros((6, BLOCK_SAMPLES), dtype=FLOAT)
        self._acc, self._gyr = block[:3], block[3:]
        self._views()
        self.lost = self.overruns = self.samples = 0
        self._level = self._read_ms = 0  # samples left in the FIFO by the last block, and when
        self._missing = BLOCK_SAMPLES

    def begin(self):
        self._put_all(_BEGIN + self._FIFO)

    def start(self):
        """Empty the FIFO and let it fill."""
        self._put(_FIFO_MODE, 0)
        self._put(_FIFO_MODE, self._FIFO_RUN)
        self._level = 0
        self._missing = BLOCK_SAMPLES
        self._read_ms = ticks_ms()

    def stop(self):
        self._put(_FIFO_MODE, 0)

    def read(self):
        status = self._status
        self._get(_FIFO_STATUS1, status)
        now_ms = ticks_ms()
        if status[1] & 0x40 or status[2] & self._PATTERN_MASK:
            return self._overrun(now_ms)
        level = (status[0] | (status[1] & self._LEVEL_MASK) << 8) // self._SAMPLE_WORDS
        self._missing = BLOCK_SAMPLES - level
        if level < BLOCK_SAMPLES:
            if ticks_diff(now_ms, self._read_ms) > _SILENT_MS:
                raise OSError(_ETIMEDOUT)  # it answers but measures nothing: it lost its supply and came back
            return None
        self._get(self._FIFO_DATA, self._raw)
        block = self._block
        if not self._unpack(block):
            return self._overrun(ticks_ms())
        self._read_ms = now_ms
        self._level = level = level - BLOCK_SAMPLES
        self._missing = BLOCK_SAMPLES - level
        self.samples += BLOCK_SAMPLES
        scale(self._acc, ACC_G_PER_LSB_16G)
        scale(self._gyr, GYR_DPS_PER_LSB_1000)
        return block

    def _overrun(self, now_ms):
        self.overruns += 1
        self.lost += self._due(now_ms)
        self.start()

    def restarted(self):
        """After the bus failed or the chip was away: all since the last reading is lost."""
        lost = self._due(ticks_ms())
        power = self.power
        if power is not None:  # a chip that holds the bus lets go without supply
            power.value = False
            time.sleep(0.005)
            power.value = True
            time.sleep(0.02)
        self.begin()
        self.start()
        self.lost += lost

    def take_lost(self):
        n = self.lost
        if n:
            self.lost = 0
        return n

    def watch(self):
        """Low power: accelerometer at 26 Hz and 4 g, gyroscope off; INT1 rises on motion of 6/16 g."""
        self._put_all(_REST + _WATCH + self._WAKE + b"\x5e\x20")  # MD1_CFG: wake-up on INT1
        self.moved()

    def moved(self):
        self._get(_WAKE_SRC, self._one)
        return bool(self._one[0] & 8)

    def sleep(self):
        """Everything off: microamperes."""
        self._put_all(_REST + b"\x10\x00")

    def due_ms(self):
        """Until the next block is in, at least."""
        due_ms = self._missing * 1000 // RATE_HZ + 2
        return due_ms if due_ms > 3 else 3

    def frames(self):
        """The last block as raw capture stores it: 12 bytes a sample, ax ay az gx gy gz in LSB."""
        out = np.zeros((BLOCK_SAMPLES, 6), dtype=INT16)
        for row in range(6):
            lsb = self._block[row] * (1 / (ACC_G_PER_LSB_16G if row < 3 else GYR_DPS_PER_LSB_1000))
            out[:, row] = np.array(np.around(lsb, decimals=0), dtype=INT16)
        return out.tobytes()

    def _due(self, now_ms):
        """Samples since the last reading, by the clock."""
        return max(0, self._level + ticks_diff(now_ms, self._read_ms) * RATE_HZ // 1000)

    def _put_all(self, pairs):
        for i in range(0, len(pairs), 2):
            self._put(pairs[i], pairs[i + 1])

    def _put(self, register, value):
        bus, reg = self._bus, self._reg
        reg[0] = register
        reg[1] = value
        while not bus.try_lock():
            pass
        try:
            bus.writeto(self._address, reg)
        finally:
            bus.unlock()

    def _get(self, register, buf):
        bus, reg = self._bus, self._reg
        reg[0] = register
        while not bus.try_lock():
            pass
        try:
            bus.writeto_then_readfrom(self._address, reg, buf, out_end=1)
        finally:
            bus.unlock()


class PatternFifo(Fifo):
    """LSM6DS33 and LSM6DS3TR-C: words Gx Gy Gz XLx XLy XLz in turn."""

    _SAMPLE_B = 12
    _SAMPLE_WORDS = 6
    _FIFO_RUN = 5 << 3 | 6  # 208 Hz
    _FIFO_DATA = 0x3E
    _PATTERN_MASK = 0xFF
    _LEVEL_MASK = 7
    # FIFO_CTRL1 and 2: watermark of 312 words; FIFO_CTRL3: both, not decimated; FIFO_CTRL4; INT1_CTRL: watermark
    _FIFO = b"\x06\x38\x07\x01\x08\x09\x09\x00\x0d\x08"
    # INT1_CTRL; TAP_CFG: interrupts on, latched
    _WAKE = b"\x0d\x00\x58\x81"

    def _views(self):
        lsb = np.frombuffer(self._raw, dtype=INT16).reshape((BLOCK_SAMPLES, 6))
        self._columns = [lsb[:, k] for k in (3, 4, 5, 0, 1, 2)]

    def _unpack(self, block):
        """Fill the block with LSB; False when the words are out of step."""
        row = 0
        for column in self._columns:
            block[row] = column
            row += 1
        return True


def make(chip, i2c, address=0x6A, power=None):
    """The driver for the chip named as Adafruit's module: lsm6ds3trc, lsm6ds33 or lsm6dsox, set up and stopped.

    Errors    NoSensor when it does not answer or is another chip
    """
    who = {"lsm6ds3trc": 0x6A, "lsm6ds33": 0x69, "lsm6dsox": 0x6C}.get(chip)
    if who is None:
        raise ValueError("no such chip: " + chip)
    kind = PatternFifo
    if who == 0x6C:
        from hw.imutagged import TaggedFifo as kind
    for attempt in (0, 1, 2):
        try:
            imu = kind(i2c, address, who, power)
            imu.begin()
            return imu
        except (OSError, RuntimeError) as error:
            reason = error
            time.sleep(0.03)
    raise NoSensor(chip, address, reason)
