"""Sensor LSB -> project units, and samples -> milliseconds: the only scale factors."""

from gaitcore.compat import FLOAT, np

RAD = 0.017453293  # rad per degree
DEG = 57.295780  # degrees per rad
G = 9.80665  # m/s2 per g

ACC_G_PER_LSB_16G = 0.000488  # LSM6DS3TR-C datasheet table 3, +-16 g
GYR_DPS_PER_LSB_1000 = 0.035  # the same, +-1000 dps


def scale_into(raw_lsb, block, acc_g_per_lsb=ACC_G_PER_LSB_16G, gyr_dps_per_lsb=GYR_DPS_PER_LSB_1000):
    """Fill block (6, m) FLOAT, rows ax ay az gx gy gz, from raw_lsb (m, 6) int16, columns gx gy gz ax ay az.

    The FIFO of the LSM6DS gives the gyroscope first.
    """
    for row in range(3):
        block[row] = np.array(raw_lsb[:, row + 3], dtype=FLOAT) * acc_g_per_lsb
        block[row + 3] = np.array(raw_lsb[:, row], dtype=FLOAT) * gyr_dps_per_lsb


def index_to_ms(index, rate_hz):
    """Milliseconds of the sample clock, in ints that fit 31 bits for 24 days."""
    return index // rate_hz * 1000 + index % rate_hz * 1000 // rate_hz
