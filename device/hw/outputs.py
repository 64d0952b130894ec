"""Motor and LED on their pins: made once at the start, then this code is let go (code.py)."""

import digitalio
from gaitcore.compat import const

from hw.led import Led

_DRV_MODE = const(0x01)
_DRV_STANDBY = const(0x45)  # real-time playback, standing by: 2 uA in place of 0.5 mA


def leds(pins):
    """The board's LEDs, dark."""
    outputs = [pin and digitalio.DigitalInOut(pin) for pin in pins.LEDS]
    for output in outputs:
        if output:
            output.switch_to_output(not pins.LED_ON)
    return Led(outputs, pins.LED_ON)


def pwm_motor(pin):
    """level(pct) for a coin motor on a transistor. 20 kHz: not to be heard.

    While the motor rests the pin is given back: a PWM unit keeps the fast clock running, which draws 0.2 mA day and
    night. The circuit holds the transistor's gate down then.
    """
    import pwmio

    out = None

    def level(pct):
        nonlocal out
        if pct:
            if out is None:
                out = pwmio.PWMOut(pin, frequency=20000)
            out.duty_cycle = 65535 * pct // 100
        elif out is not None:
            out.deinit()
            out = None

    return level


def drv2605l(bus):
    """level(pct) for a coin motor on a DRV2605L, in real-time playback; in standby while it rests.

    bus() gives its bus, which is another after a fault. While the chip does not answer its pulses are lost, no more.
    """
    import adafruit_drv2605

    chip = None

    def level(pct):
        nonlocal chip
        try:
            if chip is None:
                chip = adafruit_drv2605.DRV2605(bus())
            chip.realtime_value = 127 * pct // 100
            if pct:
                chip.mode = adafruit_drv2605.MODE_REALTIME
            else:
                chip._write_u8(_DRV_MODE, _DRV_STANDBY)  # its `mode` knows no standby
        except (OSError, RuntimeError, ValueError):  # RuntimeError of the bus, ValueError of one that was let go
            chip = None

    level(0)
    return level
