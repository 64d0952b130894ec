"""First steps: a run is made, the clip's own code measures it, and what was found is looked at.

Run it whole (`python examples/first_steps.py`) or cell by cell in an editor that knows `# %%`.
"""

# %%
import formclip as fc
import numpy as np

# %% A simulated runner of two minutes, whose form is known exactly. The same seed gives the same run.
made = fc.simulate(minutes=2, speed_mps=3.2, person=4, seed=1)
print(f"{len(made.t_s)} samples at {made.rate_hz} Hz, {len(made.truth['steps'])} true steps")

# %% The clip's own code over it: the steps as columns, one value a step.
run = fc.replay(made)
print(f"{len(run)} steps, {run.running_s():.0f} s of running, columns: {', '.join(run.columns)}")

# %% Means beside the truth. NaN is what could not be measured, as in the seconds of standing.
for name, known in (("cadence_spm", "cadence_spm"), ("contact_ms", "contact_ms"), ("vo_cm", "vo_cm")):
    print(f"{name:12} {np.nanmean(run.columns[name]):7.1f}   truth {made.truth[known]:7.1f}")

# %% The summary has the means as `formclip replay` prints them, and notes on the data.
print(run.summary["mean"])
print(run.summary["notes"])

# %% What happened: cues with their reason, and events of the session.
for cue in run.cues:
    print(f"{cue.t_s:6.1f} s  {cue.kind}: {cue.reason}")
for t_s, text in run.events[:4]:
    print(f"{t_s:6.1f} s  {text}")

# %% As a table, where pandas is installed: pip install "formclip[lab]"
try:
    print(run.to_frame().describe().loc[["mean", "std"]].round(2).T)
except fc.FormclipError as error:
    print(error)
