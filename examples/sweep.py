"""A sweep: how many cues would each of several thresholds have given, over many runs?

A run is replayed once; the cue engine then decides anew over its log, which takes a moment. So a season of synced runs
can be asked: fc.open_store().sessions() lists them, and their .path is what is replayed here.
"""

# %%
from pathlib import Path

import formclip as fc

out = Path("out/examples")
out.mkdir(parents=True, exist_ok=True)

# %% Three simulated runners who arch their backs more and more; your own logs do as well.
logs = []
for person in (1, 2, 3):
    arch = {"kind": "arch", "start_s": 220, "end_s": 300, "tilt_deg": 4.0 + 2.0 * person}
    run = fc.replay(fc.simulate(minutes=5.5, person=person, seed=person, episodes=[arch]))
    path = out / f"runner_{person}.fclog"
    path.write_bytes(run.log)
    logs.append(path)

# %% The setting, its values, and the cues that each gives.
setting, values = "tilt_cue_deg", (3, 5, 7, 9, 11)
print(f"{setting:14}" + "".join(f"{path.stem:>12}" for path in logs))
for value in values:
    counts = []
    for path in logs:
        cues = fc.replay(path, {setting: value}).cues
        counts.append(sum(cue.kind == "arch" for cue in cues))
    print(f"{value:14}" + "".join(f"{count:12}" for count in counts))
