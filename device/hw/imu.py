"""The LSM6DS by its FIFO: blocks instead of single readings.

One burst brings a block of _BLOCK samples of accelerometer and gyroscope, 12 bytes each, all of the same instants. The
FIFO holds 1.6 s (3TR-C), 3.3 s (33) or 1.2 s (SOX), so that a slow flash or radio loses nothing. When it did run
over, or its words are out of step, it is emptied and the samples between are told as lost.

Source   ST LSM6DS3TR-C DS12032 and AN5130 5-9, LSM6DS33 DS10742, LSM6DSOX DS12814 and AN5272: register tables
Differs  Adafruit's driver has no FIFO, and takes 16 KB of heap for what six registers do
         the pattern FIFO is emptied on overrun instead of being read on in step: simpler, 1.6 s are lost instead of 0
"""

import time

from adafruit_bus_device.i2c_device import I2CDevice
from gaitcore.compat import FLOAT, INT16, const, np, ticks_diff
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000
from supervisor import ticks_ms

RATE_HZ = const(208)
BLOCK_SAMPLES = const(52)
_CTRL1_XL = const(0x10)
_WAKE_SRC = const(0x1B)
_FIFO_STATUS1 = const(0x3A)
_ODR_208 = const(5)
_SILENT_MS = const(900)
_ETIMEDOUT = const(116)
_FULL_G = 32766.5 * ACC_G_PER_LSB_16G
_FULL_DPS = 32766.5 * GYR_DPS_PER_LSB_1000


class NoSensor(OSError):
    """The chip did not answer, or is another one. args: what was tried."""


class _Fifo:
    """What both kinds of FIFO share.

    Settings  i2c, address; who: what WHO_AM_I must read; power: DigitalInOut of its supply, or None
    In        begin(): set up, FIFO empty and stopped; start(), stop(); read(): next block
              watch(): low power, INT1 rises on motion; moved(): whether it did, and clears it
    Out       read gives block (6, 52) FLOAT, rows ax ay az [g] gx gy gz [dps], sensor axes, the same array each time,
              or None while there is less than a block
              lost: samples lost since the last look, taken with take_lost()
              overruns, saturated (blocks with a reading at the end of the range), samples: counts since prepare
    Errors    OSError of the bus from any call; ValueError at first when nobody answers, RuntimeError for another chip
    """

    rate_hz = 208

    def __init__(self, i2c, address, who, power):
        self._device = I2CDevice(i2c, address)
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
        self._block = np.zeros((6, BLOCK_SAMPLES), dtype=FLOAT)
        self._acc, self._gyr = self._block[:3], self._block[3:]
        self._views()
        self.lost = self.overruns = self.saturated = self.samples = 0
        self._level = self._read_ms = 0  # samples left in the FIFO by the last block, and when
        self._missing = BLOCK_SAMPLES

    def begin(self):
        self._put(self._FIFO_MODE_REG, 0)
        self._put(0x5E, 0)  # MD1_CFG: no wake-up on INT1
        self._put(0x12, 0x44)  # CTRL3_C: values change between reads only, addresses count up
        self._put(0x15, 0)  # CTRL6_C: accelerometer in high performance
        self._put(_CTRL1_XL, _ODR_208 << 4 | 1 << 2)  # 16 g
        self._put(0x11, _ODR_208 << 4 | 2 << 2)  # CTRL2_G, 1000 dps
        self._fifo_setup(BLOCK_SAMPLES)

    def start(self):
        """Empty the FIFO and let it fill."""
        self._put(self._FIFO_MODE_REG, 0)
        self._put(self._FIFO_MODE_REG, self._FIFO_RUN)
        self._level = 0
        self._missing = BLOCK_SAMPLES
        self._read_ms = ticks_ms()

    def stop(self):
        self._put(self._FIFO_MODE_REG, 0)

    def read(self):
        self._get(_FIFO_STATUS1, self._status)
        status = self._status
        now_ms = ticks_ms()
        if status[1] & 0x40 or status[2] & self._PATTERN_MASK:
            return self._overrun(now_ms)
        level = (status[0] | (status[1] & self._LEVEL_MASK) << 8) // self._SAMPLE_WORDS
        if level < BLOCK_SAMPLES:
            if ticks_diff(now_ms, self._read_ms) > _SILENT_MS:
                raise OSError(_ETIMEDOUT)  # it answers but measures nothing: it lost its supply and came back
            self._missing = BLOCK_SAMPLES - level
            return None
        self._get(self._FIFO_DATA, self._raw)
        if not self._convert(self._block):
            return self._overrun(ticks_ms())
        self._read_ms = now_ms
        self._level = level - BLOCK_SAMPLES
        self._missing = BLOCK_SAMPLES - self._level
        self.samples += BLOCK_SAMPLES
        acc, gyr = self._acc, self._gyr
        if np.max(acc) >= _FULL_G or np.min(acc) <= -_FULL_G:
            self.saturated += 1
        elif np.max(gyr) >= _FULL_DPS or np.min(gyr) <= -_FULL_DPS:
            self.saturated += 1
        return self._block

    def _overrun(self, now_ms):
        self.overruns += 1
        self.lost += self._due(now_ms)
        self.start()

    def restarted(self):
        """After the bus failed or the chip was away: all since the last reading is lost."""
        lost = self._due(ticks_ms())
        if self.power is not None:  # a chip that holds the bus lets go without supply
            self.power.value = False
            time.sleep(0.005)
            self.power.value = True
            time.sleep(0.02)
        self.begin()
        self.start()
        self.lost += lost

    def take_lost(self):
        n, self.lost = self.lost, 0
        return n

    def watch(self, threshold=6):
        """Low power: accelerometer at 26 Hz and 4 g, gyroscope off; INT1 rises on motion: threshold/16 g."""
        self.stop()
        self._put(0x11, 0)
        self._put(0x15, 0x10)  # CTRL6_C: low power
        self._put(_CTRL1_XL, 2 << 4 | 2 << 2)
        self._put(0x5B, threshold)  # WAKE_UP_THS
        self._put(0x5C, 0)  # WAKE_UP_DUR
        self._wake_setup()
        self._put(0x5E, 0x20)  # MD1_CFG: wake-up on INT1
        self.moved()

    def moved(self):
        self._get(_WAKE_SRC, self._one)
        return bool(self._one[0] & 8)

    def sleep(self):
        """Everything off: microamperes."""
        self.stop()
        self._put(0x11, 0)
        self._put(_CTRL1_XL, 0)

    def due_ms(self):
        """Until the next block is in, at least."""
        return max(3, self._missing * 1000 // RATE_HZ + 2)

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

    def _put(self, register, value):
        self._reg[0] = register
        self._reg[1] = value
        with self._device as i2c:
            i2c.write(self._reg)

    def _get(self, register, buf):
        self._reg[0] = register
        with self._device as i2c:
            i2c.write_then_readinto(self._reg, buf, out_end=1)


class PatternFifo(_Fifo):
    """LSM6DS33 and LSM6DS3TR-C: words Gx Gy Gz XLx XLy XLz in turn."""

    _SAMPLE_B = 12
    _SAMPLE_WORDS = 6
    _FIFO_MODE_REG = 0x0A
    _FIFO_RUN = _ODR_208 << 3 | 6
    _FIFO_DATA = 0x3E
    _PATTERN_MASK = 0xFF
    _LEVEL_MASK = 7

    def _fifo_setup(self, samples):
        words = samples * 6
        self._put(0x06, words & 255)
        self._put(0x07, words >> 8)
        self._put(0x08, 1 << 3 | 1)  # FIFO_CTRL3: both, not decimated
        self._put(0x09, 0)
        self._put(0x0D, 0x08)  # INT1_CTRL: watermark

    def _wake_setup(self):
        self._put(0x0D, 0)
        self._put(0x58, 0x81)  # TAP_CFG: interrupts on, latched

    def _views(self):
        lsb = np.frombuffer(self._raw, dtype=INT16).reshape((BLOCK_SAMPLES, 6))
        self._columns = [lsb[:, k] for k in (3, 4, 5, 0, 1, 2)]

    def _convert(self, block):
        row = 0
        for column in self._columns:
            block[row] = column
            row += 1
        block[:3] *= ACC_G_PER_LSB_16G
        block[3:] *= GYR_DPS_PER_LSB_1000
        return True


class TaggedFifo(_Fifo):
    """LSM6DSOX: words of a tag and three values, gyroscope and accelerometer in turn."""

    _SAMPLE_B = 14
    _SAMPLE_WORDS = 2
    _FIFO_MODE_REG = 0x0A
    _FIFO_RUN = 6
    _FIFO_DATA = 0x78
    _PATTERN_MASK = 0
    _LEVEL_MASK = 3

    def _fifo_setup(self, samples):
        self._put(0x07, samples * 2)
        self._put(0x08, 0)
        self._put(0x09, _ODR_208 << 4 | _ODR_208)  # FIFO_CTRL3: batch both
        self._put(0x0D, 0x08)

    def _wake_setup(self):
        self._put(0x0D, 0)
        self._put(0x56, 0x01)  # TAP_CFG0: latched
        self._put(0x58, 0x80)  # TAP_CFG2: interrupts on

    def _views(self):
        low = np.frombuffer(self._raw, dtype=np.uint8).reshape((BLOCK_SAMPLES, 14))
        high = np.frombuffer(self._raw, dtype=np.int8).reshape((BLOCK_SAMPLES, 14))
        lsb = np.frombuffer(self._raw, dtype=INT16).reshape((BLOCK_SAMPLES, 7))
        self._tags = (low[:, 0], low[:, 7])
        self._columns = [lsb[:, k] for k in (4, 5, 6)]  # behind the second tag the values lie on even addresses
        self._odd = [(high[:, k + 1], low[:, k]) for k in (1, 3, 5)]

    def _convert(self, block):
        gyr_tag, acc_tag = self._tags
        if np.min(gyr_tag) < 8 or np.max(gyr_tag) > 15 or np.min(acc_tag) < 16 or np.max(acc_tag) > 23:
            return False  # tags 1, gyroscope, and 2, accelerometer, out of turn
        row = 0
        for column in self._columns:
            block[row] = column
            row += 1
        for high, low in self._odd:
            block[row] = high
            block[row] *= 256.0
            block[row] += low
            row += 1
        block[:3] *= ACC_G_PER_LSB_16G
        block[3:] *= GYR_DPS_PER_LSB_1000
        return True


def make(chip, i2c, address=0x6A, power=None):
    """The driver for the chip named as Adafruit's module: lsm6ds3trc, lsm6ds33 or lsm6dsox, set up and stopped.

    Errors    NoSensor when it does not answer or is another chip
    """
    who = {"lsm6ds3trc": 0x6A, "lsm6ds33": 0x69, "lsm6dsox": 0x6C}.get(chip)
    if who is None:
        raise ValueError("no such chip: " + chip)
    kind = TaggedFifo if chip == "lsm6dsox" else PatternFifo
    for attempt in (0, 1, 2):
        try:
            imu = kind(i2c, address, who, power)
            imu.begin()
            return imu
        except (OSError, ValueError, RuntimeError) as error:
            reason = error
            time.sleep(0.03)
    raise NoSensor(chip, address, reason)
