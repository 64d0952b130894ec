"""The sensor found: which chip it is, the chip says; and its bus clocked free when something holds it.

    WHO_AM_I   0x69 LSM6DS33   0x6A LSM6DS3TR-C   0x6C LSM6DSOX

Boards of one name carry different ones: the Feather Sense has the second since 2022, the first before.
"""

import time

import digitalio

from hw.imufifo import Fifo33, PatternFifo

NAMES = ("lsm6ds33", "lsm6ds3trc", "lsm6dsox")
_SW_RESET = b"\x12\x01"  # CTRL3_C
_CLOCKS = 9  # a byte and its acknowledgement: the most that a chip can have left to say


class NoSensor(OSError):
    """No chip that is known answered as it should. args: what was tried or read."""


def _kind(number, name):
    if number == 0x69 or name == "lsm6ds33":
        return Fifo33
    if number == 0x6A or name == "lsm6ds3trc":
        return PatternFifo
    if number == 0x6C or name == "lsm6dsox":
        from hw.imutagged import TaggedFifo

        return TaggedFifo
    return None


def _who(i2c, address):
    """WHO_AM_I; a chip that gives none that is known is reset, in case it is one of them gone astray."""
    i2c.try_lock()
    try:
        buf = bytearray(b"\x0f")
        i2c.writeto_then_readfrom(address, buf, buf)
        if _kind(buf[0], "") is None:
            i2c.writeto(address, _SW_RESET)
        return buf[0]
    finally:
        i2c.unlock()


def make(name, i2c, address=0x6A, power=None):
    """The driver for the chip that answers, set up and stopped.

    In        name: None, or the chip that it must be, by Adafruit's module: lsm6ds3trc, lsm6ds33 or lsm6dsox;
              power: DigitalInOut of its supply, or None
    Errors    NoSensor when none answers or it is another one; ValueError for a name that is not known
    """
    if name and _kind(0, name) is None:
        raise ValueError("no such chip: " + name)
    reason = None
    for _ in range(3):
        try:
            number = _who(i2c, address)
            kind = _kind(0, name) if name else _kind(number, "")
            if kind is None:
                raise RuntimeError(number)
            imu = kind(i2c, address, power)
            imu.begin()
            return imu
        except (OSError, RuntimeError, ValueError) as error:
            reason = error
            time.sleep(0.03)
    raise NoSensor(name, address, reason)


def free_bus(scl, sda):
    """Clock a chip through what it has left to say, then a stop: False when SDA stays low all the same.

    A restart in mid-transfer leaves the chip waiting, with SDA low, for clocks that nobody gives: no bus can be made.

    In        the pins, which nothing owns
    Source    NXP UM10204, I2C-bus specification, 3.1.16 bus clear
    """
    with digitalio.DigitalInOut(scl) as clock, digitalio.DigitalInOut(sda) as data:
        data.switch_to_input(pull=digitalio.Pull.UP)
        clock.switch_to_output(True, drive_mode=digitalio.DriveMode.OPEN_DRAIN)
        for _ in range(_CLOCKS):
            if data.value:
                break
            clock.value = False
            time.sleep(0.00001)
            clock.value = True
            time.sleep(0.00001)
        free = data.value
        data.switch_to_output(False, drive_mode=digitalio.DriveMode.OPEN_DRAIN)  # a stop: SDA rises while SCL is high
        time.sleep(0.00001)
        data.value = True
        return free
