"""Adapters: each peer takes a trace and returns what formclip returns, in the same units.

Peers are given what they ask for and a little more: the standing gyroscope bias where they have no bias estimate of
their own, the running part cut out by truth and axes rotated to the body where they need a gait sequence in body axes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, find_peaks, sosfiltfilt

Floats = NDArray[np.float64]
G_MPS2 = 9.80665

Inclination = Callable[[Floats, Floats, float], Floats]
Contacts = Callable[[Floats, float], Floats]


def _up_of(quaternion: Floats) -> Floats:
    """Up in sensor axes (n, 3) from sensor-to-earth quaternions (n, 4), scalar first, earth z up."""
    w, x, y, z = quaternion.T
    return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)


def vqf(acc_g: Floats, gyr_dps: Floats, rate_hz: float) -> Floats:
    """VQF, default settings, 6D (Laidig & Seel 2023, Information Fusion 91:187): with its own bias estimation."""
    from vqf import VQF  # type: ignore[import-not-found, import-untyped, unused-ignore]

    quaternion = VQF(1 / rate_hz).updateBatch(
        np.ascontiguousarray(np.radians(gyr_dps)), np.ascontiguousarray(acc_g * G_MPS2)
    )["quat6D"]
    return _up_of(quaternion)


def madgwick(acc_g: Floats, gyr_dps: Floats, rate_hz: float) -> Floats:
    """Madgwick 2010 as in `ahrs`, default gain, the standing bias taken off first."""
    from ahrs.filters import Madgwick  # type: ignore[import-not-found, import-untyped, unused-ignore]

    gyr = np.radians(gyr_dps - _standing_bias(gyr_dps, rate_hz))
    return _up_of(np.asarray(Madgwick(gyr=gyr, acc=acc_g * G_MPS2, frequency=rate_hz).Q))


def mahony(acc_g: Floats, gyr_dps: Floats, rate_hz: float) -> Floats:
    """Mahony 2008 as in `ahrs`, default gains, the standing bias taken off first."""
    from ahrs.filters import Mahony

    gyr = np.radians(gyr_dps - _standing_bias(gyr_dps, rate_hz))
    return _up_of(np.asarray(Mahony(gyr=gyr, acc=acc_g * G_MPS2, frequency=rate_hz).Q))


def sensor_mean(acc_g: Floats, gyr_dps: Floats, rate_hz: float) -> Floats:
    """The plain way: the accelerometer's mean over 4 s in the sensor's own axes."""
    sos = butter(2, 0.25, fs=rate_hz, output="sos")
    smooth = sosfiltfilt(sos, acc_g, axis=0)
    return np.asarray(smooth / np.linalg.norm(smooth, axis=1, keepdims=True))


def _standing_bias(gyr_dps: Floats, rate_hz: float) -> Floats:
    """Mean rate over the stillest 3 s of the first 10 s; zero where nothing is still (a hand-moved trace)."""
    n, width = int(10 * rate_hz), int(3 * rate_hz)
    starts = range(0, max(1, min(n, len(gyr_dps)) - width), max(1, width // 6))
    best = min(starts, key=lambda i: float(gyr_dps[i : i + width].std(axis=0).max()))
    window = gyr_dps[best : best + width]
    return window.mean(axis=0) if float(window.std(axis=0).max()) < 2.0 else np.zeros(3)


INCLINATION: dict[str, Inclination] = {
    "VQF": vqf,
    "Madgwick": madgwick,
    "Mahony": mahony,
    "mean in sensor axes": sensor_mean,
}


def threshold_peaks(acc_g: Floats, rate_hz: float) -> Floats:
    """The plain way: peaks of the magnitude above 1.2 g, at least 0.2 s apart. Returns times in s."""
    peaks, _ = find_peaks(np.linalg.norm(acc_g, axis=1), height=1.2, distance=max(1, int(0.2 * rate_hz)))
    return np.asarray(peaks / rate_hz)


def mobgap_shin(acc_g: Floats, rate_hz: float) -> Floats:
    """mobgap's `IcdShinImproved` (magnitude), made for walking. Returns times in s."""
    import pandas as pd  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from mobgap.initial_contacts import IcdShinImproved  # type: ignore[import-not-found, import-untyped, unused-ignore]

    columns = ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]
    frame = pd.DataFrame(np.hstack([acc_g * G_MPS2, np.zeros_like(acc_g)]), columns=columns)
    frame.index.name = "samples"
    found = IcdShinImproved(axis="norm").detect(frame, sampling_rate_hz=rate_hz).ic_list_
    return np.asarray(found["ic"], dtype=float) / rate_hz


def mobgap_ionescu(acc_g: Floats, rate_hz: float) -> Floats:
    """mobgap's `IcdIonescu` (vertical axis), made for walking. Rows up, right, forward. Returns times in s."""
    import pandas as pd
    from mobgap.initial_contacts import IcdIonescu

    columns = ["acc_is", "acc_ml", "acc_pa", "gyr_is", "gyr_ml", "gyr_pa"]
    frame = pd.DataFrame(np.hstack([acc_g * G_MPS2, np.zeros_like(acc_g)]), columns=columns)
    frame.index.name = "samples"
    found = IcdIonescu().detect(frame, sampling_rate_hz=rate_hz).ic_list_
    return np.asarray(found["ic"], dtype=float) / rate_hz


def skdh_lumbar(acc_g: Floats, rate_hz: float) -> Floats:
    """scikit-digital-health's `GaitLumbar` (vertical CWT), told that all of it is gait. Returns times in s."""
    from skdh.gait import GaitLumbar  # type: ignore[import-not-found, import-untyped, unused-ignore]

    time_s = 1.6e9 + np.arange(len(acc_g)) / rate_hz
    found = GaitLumbar(gait_event_method="Vertical CWT").predict(
        time=time_s, accel=np.ascontiguousarray(acc_g), fs=rate_hz, gait_pred=True, v_axis=0, ap_axis=2
    )
    return np.asarray(found["IC Time"], dtype=float) - 1.6e9 if "IC Time" in found else np.array([])


CONTACTS: dict[str, Contacts] = {
    "threshold": threshold_peaks,
    "mobgap IcdShinImproved": mobgap_shin,
    "mobgap IcdIonescu": mobgap_ionescu,
    "scikit-digital-health GaitLumbar": skdh_lumbar,
}
