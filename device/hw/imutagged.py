"""The LSM6DSOX's FIFO, of tagged words; everything else stands in imufifo.py."""

from gaitcore.compat import INT16, np, scale

from hw.imufifo import BLOCK_SAMPLES, Fifo


class TaggedFifo(Fifo):
    """LSM6DSOX: words of a tag and three values, gyroscope and accelerometer in turn, 512 at most."""

    CHIP_ID = 0x6C
    _ROOM = 512 // 2  # samples
    _SAMPLE_B = 14
    _SAMPLE_WORDS = 2
    _FIFO_RUN = 6
    _FIFO_DATA = 0x78
    _PATTERN_MASK = 0
    _LEVEL_MASK = 3
    # FIFO_CTRL1 and 2: watermark of 104 words; FIFO_CTRL3: batch both at 208 Hz; INT1_CTRL: watermark
    _FIFO = b"\x07\x68\x08\x00\x09\x55\x0d\x08"
    # INT1_CTRL; TAP_CFG0: latched; TAP_CFG2: interrupts on
    _WAKE = b"\x0d\x00\x56\x01\x58\x80"

    def _views(self):
        low = np.frombuffer(self._raw, dtype=np.uint8).reshape((BLOCK_SAMPLES, 14))
        high = np.frombuffer(self._raw, dtype=np.int8).reshape((BLOCK_SAMPLES, 14))
        lsb = np.frombuffer(self._raw, dtype=INT16).reshape((BLOCK_SAMPLES, 7))
        self._tags = (low[:, 0], low[:, 7])
        self._lsb = out = np.zeros((BLOCK_SAMPLES, 6), dtype=INT16)
        # behind the second tag the values lie on even addresses, behind the first on odd ones
        self._even = (out[:, 3:], lsb[:, 4:])
        self._odd = (out[:, :3], high[:, 2:7:2], low[:, 1:6:2])

    def _unpack(self):
        gyr_tag, acc_tag = self._tags
        if np.min(gyr_tag) < 8 or np.max(gyr_tag) > 15 or np.min(acc_tag) < 16 or np.max(acc_tag) > 23:
            return False  # tags 1, gyroscope, and 2, accelerometer, out of turn
        out, values = self._even
        scale(out, 0)
        out += values
        out, high, low = self._odd
        scale(out, 0)
        out += high
        scale(out, 256)
        out += low
        return True
