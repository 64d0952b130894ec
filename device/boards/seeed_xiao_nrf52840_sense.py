"""Seeed XIAO nRF52840 Sense: IMU on board, motor and button on free pins; see hardware/README.md."""

import board

BUTTON = board.D0  # to ground
MOTOR = board.D1  # gate of the motor's transistor
IMU_ADDRESS = 0x6A
IMU_POWER = board.IMU_PWR  # high before the bus exists: its pull-ups hang on it
IMU_SCL = board.IMU_SCL
IMU_SDA = board.IMU_SDA
IMU_INT = board.IMU_INT1
HAPTIC_SCL = board.SCL  # a DRV2605L, where settings.toml says so
HAPTIC_SDA = board.SDA
LEDS = (board.LED_RED, board.LED_GREEN, board.LED_BLUE)
LED_ON = False
BATTERY = board.VBATT
BATTERY_FACTOR = 2.961  # 1 M and 510 k
BATTERY_ENABLE = board.READ_BATT_ENABLE  # low all the time: high, the divider lifts the pin above its limit
CHARGING = board.CHARGE_STATUS  # low while charging
