"""The LSM6DS by its FIFO: blocks instead of single readings.

One burst brings a block of BLOCK_SAMPLES of accelerometer and gyroscope, 12 bytes each, all of the same instants, and
leaves it as the words that came. The FIFO holds 1.6 s (3TR-C), 3.3 s (33) or 1.2 s (SOX), so that a slow flash or radio
loses nothing. When it did run over, or its words are out of step, it is emptied and the samples between are told as
lost.

A chip that answers nonsense is found out in three ways, each an OSError, after which `restarted` resets it: its control
registers are read back once they were set and every 16 s; the FIFO is out of step three times in a row; no block comes.

What each kind of FIFO sets is a table of registers and values; the SOX's stands in imutagged.py, loaded where it is.

Source   ST LSM6DS3TR-C DS12032 and AN5130 5-9, LSM6DS33 DS10742, LSM6DSOX DS12814 and AN5272: register tables
Differs  from adafruit_lsm6ds, which knows no FIFO: what the clip would take of its class is a reset and four setters,
         and its tables of ranges and rates cost 4 KB of heap. It waits 0.2 s in each setter of a range, and for a
         reset's end for ever; here 50 ms at most
         the pattern FIFO is emptied on overrun instead of being read on in step: simpler, 1.6 s are lost instead of 0
"""

import time

from adafruit_bus_device.i2c_device import I2CDevice
from gaitcore.compat import INT16, TICKS_MASK, const, np, ticks_diff
from supervisor import ticks_ms

RATE_HZ = const(208)
BLOCK_SAMPLES = const(52)
_FASTEST_HZ = const(219)  # a sensor's clock is off by 5 % at the most
_FIFO_MODE = const(0x0A)
_WHO_AM_I = const(0x0F)
_WAKE_SRC = const(0x1B)
_FIFO_STATUS1 = const(0x3A)
_CTRL1_XL = const(0x10)
_CTRL3_C = const(0x12)
_SILENT_MS = const(900)
_LOOK_MS = const(9)  # a look at the level takes 0.2 ms, and a turn of the radio between
_RESET_MS = const(50)
_CHECK_SAMPLES = const(52 * 64)  # between looks at the control registers: 16 s
_OUT_OF_STEP = const(3)  # so often in a row is no accident
_EIO = const(5)
_ETIMEDOUT = const(116)
# CTRL1_XL 208 Hz, 16 g; CTRL2_G 208 Hz, 1000 dps; CTRL3_C as set
_CONTROL = b"\x54\x58\x44"
_MEASURE = b"\x10\x54\x11\x58"
_ALL_OFF = b"\x10\x00\x11\x00"
# Register, value: FIFO stopped; MD1_CFG no wake-up on INT1; CTRL3_C values change between reads only, addresses count
# up; CTRL6_C accelerometer in high performance
_BEGIN = b"\x0a\x00\x5e\x00\x12\x44\x15\x00"
# CTRL6_C low power; WAKE_UP_THS 6/16 g; WAKE_UP_DUR; CTRL1_XL 26 Hz, 4 g; CTRL2_G off
_WATCH = b"\x15\x10\x5b\x06\x5c\x00\x10\x28\x11\x00"
_WATCH_XL = const(0x28)


class Fifo:
    """What both kinds of FIFO share.

    Settings  i2c, address; power: DigitalInOut of its supply, or None
    In        begin(): set up, FIFO empty and stopped; start(), stop(); read(): next block
              watch(): low power, INT1 rises on motion; moved(): whether it did, and clears it; watching()
    Out       read gives lsb (52, 6) INT16, gx gy gz ax ay az as they came, the same array each time, or None while
              there is less than a block
              lost: samples lost since the last look, taken with take_lost()
              level, read_ms: samples that the last look at the FIFO left in it, and the ticks of that look; missing:
              how many the next block lacked then
              overruns, samples: counts since it was made
    Errors    OSError of the bus from any call; RuntimeError at first for another chip, ValueError for none
    """

    rate_hz = 208

    def __init__(self, i2c, address, power):
        self.i2c_device = I2CDevice(i2c, address)
        self.power = power
        self._reg = bytearray(2)
        self._one = bytearray(1)
        self._get(_WHO_AM_I, self._one)
        if self._one[0] != self.CHIP_ID:
            raise RuntimeError(self._one[0])
        self.reset()
        self._status = bytearray(4)
        self._raw = bytearray(BLOCK_SAMPLES * self._SAMPLE_B)
        self._views()  # made once: a new array costs more than the work on it
        self._control = bytearray(3)
        self.lost = self.overruns = self.samples = 0
        self.level = self.read_ms = self._wrong = 0
        self.missing = BLOCK_SAMPLES

    def reset(self):
        """Every register at its default."""
        self._put(_CTRL3_C, 1)
        for _ in range(_RESET_MS):
            time.sleep(0.001)
            self._get(_CTRL3_C, self._one)
            if not self._one[0] & 1:
                return
        raise OSError(_ETIMEDOUT)

    def begin(self):
        self._put_all(_BEGIN + self._FIFO + _MEASURE)
        self._check()
        self._wrong = 0

    def _check(self):
        """OSError when the control registers are not as they were set."""
        self._get(_CTRL1_XL, self._control)
        if self._control != _CONTROL:
            raise OSError(_EIO)

    def start(self):
        """Empty the FIFO and let it fill."""
        self._put(_FIFO_MODE, 0)
        self._put(_FIFO_MODE, self._FIFO_RUN)
        self.level = 0
        self.missing = BLOCK_SAMPLES
        self.read_ms = ticks_ms()

    def stop(self):
        self._put(_FIFO_MODE, 0)

    def read(self):
        status = self._status
        asked_ms = ticks_ms()
        self._get(_FIFO_STATUS1, status)
        now_ms = ticks_ms()
        if (now_ms - asked_ms) & TICKS_MASK > _LOOK_MS:
            self.missing = 0  # something held the processor up within the look: what it saw is old
            return None
        if status[1] & 0x40 or status[2] & self._PATTERN_MASK:
            return self._overrun(now_ms)
        level = (status[0] | (status[1] & self._LEVEL_MASK) << 8) // self._SAMPLE_WORDS
        self.missing = BLOCK_SAMPLES - level
        if level < BLOCK_SAMPLES:
            if ticks_diff(now_ms, self.read_ms) > _SILENT_MS:
                raise OSError(_ETIMEDOUT)  # it answers but measures nothing: it lost its supply and came back
            return None
        self._get(self._FIFO_DATA, self._raw)
        # Whatever held the processor up between the look and the burst may have let the FIFO run over: that look did
        # not see it, and the next one finds a FIFO that is no longer full. 2 samples are _LOOK_MS.
        came = ((ticks_ms() - now_ms) & TICKS_MASK) * _FASTEST_HZ // 1000 + 2
        if level + came > self._ROOM or not self._unpack():
            return self._overrun(ticks_ms())
        self._wrong = 0
        self.read_ms = now_ms
        self.level = level = level - BLOCK_SAMPLES
        self.missing = BLOCK_SAMPLES - level
        self.samples = samples = self.samples + BLOCK_SAMPLES
        if not samples % _CHECK_SAMPLES:
            self._check()
        return self._lsb

    def _overrun(self, now_ms):
        self.overruns += 1
        self._wrong += 1
        if self._wrong > _OUT_OF_STEP:
            raise OSError(_EIO)
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
        else:
            self.reset()
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
        self.stop()
        self._put_all(_WATCH)
        self._put_all(self._WAKE + b"\x5e\x20")  # MD1_CFG: wake-up on INT1
        self.moved()

    def watching(self):
        """False when the chip has forgotten it."""
        self._get(_CTRL1_XL, self._one)
        return self._one[0] == _WATCH_XL

    def moved(self):
        self._get(_WAKE_SRC, self._one)
        return bool(self._one[0] & 8)

    def sleep(self):
        """Everything off: microamperes."""
        self.stop()
        self._put_all(_ALL_OFF)

    def due_ms(self):
        """Until the next block is in, at least."""
        due_ms = self.missing * 1000 // RATE_HZ + 2
        return due_ms if due_ms > 3 else 3

    def frames(self):
        """The last block as raw capture stores it: 12 bytes a sample, ax ay az gx gy gz in LSB."""
        out = np.zeros((BLOCK_SAMPLES, 6), dtype=INT16)
        out[:, :3] = self._lsb[:, 3:]
        out[:, 3:] = self._lsb[:, :3]
        return out.tobytes()

    def _due(self, now_ms):
        """Samples since the last reading, by the clock."""
        return max(0, self.level + int(ticks_diff(now_ms, self.read_ms) * self.rate_hz) // 1000)

    def _put_all(self, pairs):
        for i in range(0, len(pairs), 2):
            self._put(pairs[i], pairs[i + 1])

    def _put(self, register, value):
        reg = self._reg
        reg[0] = register
        reg[1] = value
        with self.i2c_device as i2c:
            i2c.write(reg)

    def _get(self, register, buf):
        reg = self._reg
        reg[0] = register
        with self.i2c_device as i2c:
            i2c.write_then_readinto(reg, buf, out_end=1)


class PatternFifo(Fifo):
    """LSM6DS3TR-C: words Gx Gy Gz XLx XLy XLz in turn, 2,048 of them at most: DIFF_FIFO has 11 bits."""

    CHIP_ID = 0x6A
    _ROOM = 2048 // 6  # samples
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
        self._lsb = np.frombuffer(self._raw, dtype=INT16).reshape((BLOCK_SAMPLES, 6))

    def _unpack(self):
        """Words to samples; False when they are out of step."""
        return True


class Fifo33(PatternFifo):
    """LSM6DS33: the same, of 4,096 words: 12 bits."""

    CHIP_ID = 0x69
    _ROOM = 4096 // 6
    _LEVEL_MASK = 15
