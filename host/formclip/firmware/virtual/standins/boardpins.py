"""The boards that can be had: names of their pins as CircuitPython has them, and what is soldered on.

Source  board.pyi of circuitpython-stubs 10.3.1 and the boards' schematics; tests compare the names with the stubs
"""

_XIAO = {
    "D0": "P0_02", "D1": "P0_03", "D2": "P0_28", "D3": "P0_29", "D4": "P0_04", "D5": "P0_05", "D6": "P1_11",
    "D7": "P1_12", "D8": "P1_13", "D9": "P1_14", "D10": "P1_15", "A0": "P0_02", "A1": "P0_03", "A2": "P0_28",
    "A3": "P0_29", "A4": "P0_04", "A5": "P0_05", "NFC1": "P0_09", "NFC2": "P0_10", "SCK": "P1_13", "MOSI": "P1_15",
    "MISO": "P1_14", "TX": "P1_11", "RX": "P1_12", "SCL": "P0_05", "SDA": "P0_04", "LED": "P0_26",
    "LED_RED": "P0_26", "LED_BLUE": "P0_06", "LED_GREEN": "P0_30", "IMU_PWR": "P1_08", "IMU_SCL": "P0_27",
    "IMU_SDA": "P0_07", "IMU_INT1": "P0_11", "MIC_PWR": "P1_10", "PDM_CLK": "P1_00", "PDM_DATA": "P0_16",
    "READ_BATT_ENABLE": "P0_14", "VBATT": "P0_31", "CHARGE_STATUS": "P0_17", "CHARGE_RATE": "P0_13",
}  # fmt: skip

_FEATHER_SENSE = {
    "A0": "P0_04", "A1": "P0_05", "A2": "P0_30", "A3": "P0_28", "A4": "P0_02", "A5": "P0_03", "AREF": "P0_31",
    "VOLTAGE_MONITOR": "P0_29", "BATTERY": "P0_29", "SWITCH": "P1_02", "NFC1": "P0_09", "NFC2": "P0_10",
    "D2": "P0_10", "D3": "P1_11", "D5": "P1_08", "D6": "P0_07", "D9": "P0_26", "D10": "P0_27", "D11": "P0_06",
    "D12": "P0_08", "D13": "P1_09", "NEOPIXEL": "P0_16", "SCK": "P0_14", "MOSI": "P0_13", "MISO": "P0_15",
    "TX": "P0_25", "RX": "P0_24", "SCL": "P0_11", "SDA": "P0_12", "L": "P1_09", "LED": "P1_09", "RED_LED": "P1_09",
    "BLUE_LED": "P1_10", "MICROPHONE_CLOCK": "P0_01", "MICROPHONE_DATA": "P0_00",
    "PROXIMITY_LIGHT_INTERRUPT": "P1_00", "ACCELEROMETER_GYRO_INTERRUPT": "P1_11",
}  # fmt: skip

_FEATHER = {
    "A0": "P0_04", "A1": "P0_05", "A2": "P0_30", "A3": "P0_28", "A4": "P0_02", "A5": "P0_03", "AREF": "P0_31",
    "VOLTAGE_MONITOR": "P0_29", "BATTERY": "P0_29", "SWITCH": "P1_02", "NFC1": "P0_09", "NFC2": "P0_10",
    "D2": "P0_10", "D3": "P1_15", "D5": "P1_08", "D6": "P0_07", "D9": "P0_26", "D10": "P0_27", "D11": "P0_06",
    "D12": "P0_08", "D13": "P1_09", "NEOPIXEL": "P0_16", "NEOPIXEL_POWER": "P1_14", "SCK": "P0_14",
    "MOSI": "P0_13", "MISO": "P0_15", "TX": "P0_25", "RX": "P0_24", "SCL": "P0_11", "SDA": "P0_12", "L": "P1_15",
    "LED": "P1_15", "RED_LED": "P1_15", "BLUE_LED": "P1_10",
}  # fmt: skip

# imu: kind of chip, its supply pin or None, its interrupt pin; bus: the pins that have pull-ups once powered.
# battery: pin of the divider, its factor, pin that switches it on (low) or None; charge: pin, low while charging.
BOARDS = {
    "xiao": {
        "id": "Seeed_XIAO_nRF52840_Sense", "pins": _XIAO, "nvm_b": 8192,
        "imu": "lsm6ds3trc", "imu_power": "IMU_PWR", "imu_int": "IMU_INT1", "imu_bus": ["IMU_SCL", "IMU_SDA"],
        "battery": ["VBATT", 2961, "READ_BATT_ENABLE"], "charge": "CHARGE_STATUS",
        "button": "D0", "motor": "D1", "leds": ["LED_RED", "LED_GREEN", "LED_BLUE"], "led_inverted": True,
    },
    "feather": {
        "id": "feather_bluefruit_sense", "pins": _FEATHER_SENSE, "nvm_b": 4096,
        "imu": "lsm6ds33", "imu_power": None, "imu_int": "D3", "imu_bus": ["SCL", "SDA"],
        "battery": ["VOLTAGE_MONITOR", 2000, None], "charge": None,
        "button": "SWITCH", "motor": "D9", "leds": ["LED", None, "BLUE_LED"], "led_inverted": False,
    },
    "sox": {
        "id": "feather_nrf52840_express", "pins": _FEATHER, "nvm_b": 4096,
        "imu": "lsm6dsox", "imu_power": None, "imu_int": "D5", "imu_bus": ["SCL", "SDA"],
        "battery": ["VOLTAGE_MONITOR", 2000, None], "charge": None,
        "button": "SWITCH", "motor": "D9", "leds": ["LED", None, "BLUE_LED"], "led_inverted": False,
    },
}  # fmt: skip
