"""Motor and LED on their pins: made once at the start, then this code is let go (code.py)."""

import digitalio

from hw.led import Led


def leds(pins):
    """The board's LEDs, dark."""
    outputs = [pin and digitalio.DigitalInOut(pin) for pin in pins.LEDS]
    for output in outputs:
        if output:
            output.switch_to_output(not pins.LED_ON)
    return Led(outputs, pins.LED_ON)


def pwm_motor(pin):
    """level(pct) for a coin motor on a transistor. 20 kHz: not to be heard."""
    import pwmio

    out = pwmio.PWMOut(pin, frequency=20000)

    def level(pct):
        out.duty_cycle = 65535 * pct // 100

    return level


def drv2605l(i2c):
    """level(pct) for a coin motor on a DRV2605L, in real-time playback; in standby while it rests."""
    import adafruit_drv2605

    chip = adafruit_drv2605.DRV2605(i2c)
    chip.mode = adafruit_drv2605.MODE_REALTIME

    def level(pct):
        chip.realtime_value = 127 * pct // 100

    level(0)
    return level
