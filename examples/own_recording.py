"""Your own recording: from arrays to a trace, and from the trace to figures.

What formclip needs is acceleration with gravity in g, and turning in deg/s, in the sensor's own axes; how the sensor
sat on the waist does not matter. Ten seconds of standing still at the start give tilt its zero. Files of common apps
and sensors are read as they are: fc.read("export.zip"), see docs/lab/import.md.
"""

# %%
from pathlib import Path

import formclip as fc
import numpy as np

out = Path("out/examples")
out.mkdir(parents=True, exist_ok=True)

# %% Put your own arrays here. A simulated recording stands in for them, at 100 Hz, in m/s² and rad/s as of a phone.
phone = fc.simulate(minutes=1.5, rate_hz=100, seed=7)
t_s = phone.t_s
acceleration_mps2 = phone.acc_g * 9.80665
turning_rps = np.radians(phone.gyr_dps)

# %% Into formclip's units, and into a file that the commands read too.
path = fc.write_trace(out / "mine.imu.csv.xz", t_s, acceleration_mps2 / 9.80665, np.degrees(turning_rps))

# %% Opened again: units are checked, time stamps looked at. `notes` say what had to be done.
trace = fc.read(path)
times, values = trace.arrays()
print(f"{trace.rate_hz} Hz, {times[-1]:.0f} s, gyroscope: {trace.has_gyro}, {trace.lost_samples} samples lost")
print(trace.notes)

# %% Wrong units are refused in one line that says what to do.
try:
    fc.read(fc.write_trace(out / "wrong.csv", t_s, acceleration_mps2))
except fc.FormclipError as error:
    print(error)

# %% Measured, and kept: the log is what the clip would have written of this run.
run = fc.replay(trace, {"height_cm": 172})
(out / "mine.fclog").write_bytes(run.log)
print(f"{len(run)} steps, cadence {np.nanmean(run.columns['cadence_spm']):.1f}, kept in {out / 'mine.fclog'}")
print(f"now: formclip report {out / 'mine.fclog'} -o mine.html")
