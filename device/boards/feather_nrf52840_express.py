"""Adafruit Feather nRF52840 Express with an LSM6DSOX breakout on its bus, INT1 on D5."""

import board

BUTTON = board.SWITCH
MOTOR = board.D9
IMU_ADDRESS = 0x6A
IMU_POWER = None
IMU_SCL = board.SCL
IMU_SDA = board.SDA
IMU_INT = board.D5
HAPTIC_SCL = board.SCL
HAPTIC_SDA = board.SDA
LEDS = (board.RED_LED, None, board.BLUE_LED)
LED_ON = True
BATTERY = board.VOLTAGE_MONITOR
BATTERY_FACTOR = 2.0
BATTERY_ENABLE = None
CHARGING = None
