"""Sensor LSB -> project units, and samples -> milliseconds: the only scale factors."""

RAD = 0.017453293  # rad per degree
DEG = 57.295780  # degrees per rad
G = 9.80665  # m/s2 per g

ACC_G_PER_LSB_16G = 0.000488  # LSM6DS3TR-C datasheet table 3, +-16 g
GYR_DPS_PER_LSB_1000 = 0.035  # the same, +-1000 dps


def index_to_ms(index, rate_hz):
    """Milliseconds of the sample clock, in ints that fit 31 bits for 24 days."""
    return index // rate_hz * 1000 + index % rate_hz * 1000 // rate_hz
