"""Truth against estimate: contact time, step by step, of several simulated runners, as a chart.

With recordings of your own that have a truth file (docs/lab/trace-format.md), fc.validate(folder) gives all figures.
"""

# %%
from pathlib import Path

import altair as alt
import formclip as fc
import numpy as np

out = Path("out/examples")
out.mkdir(parents=True, exist_ok=True)

# %% For each true step, the step that was found nearest to it.
points = []
for person, speed_mps in ((1, 2.6), (2, 3.1), (3, 3.6), (4, 4.1)):
    made = fc.simulate(minutes=1, speed_mps=speed_mps, person=person, seed=person)
    run = fc.replay(made)
    true_s = np.array([step["on_s"] for step in made.truth["steps"]])
    true_ms = np.array([1000 * (step["off_s"] - step["on_s"]) for step in made.truth["steps"]])
    nearest = np.abs(run.columns["on_s"][:, None] - true_s).argmin(axis=1)
    for k, found_ms in zip(nearest, run.columns["contact_ms"], strict=True):
        if np.isfinite(found_ms):
            points.append({"runner": f"{person}, {speed_mps} m/s", "truth": true_ms[k], "estimate": found_ms})

# %% How far off: contact time is a fitted model, so look at the runners one by one.
for runner in dict.fromkeys(point["runner"] for point in points):
    error = [point["estimate"] - point["truth"] for point in points if point["runner"] == runner]
    print(f"runner {runner}: {np.mean(error):+5.1f} ms on average, {np.std(error):4.1f} ms from step to step")

# %% The chart: on the line, the estimate is right.
axis = alt.Scale(domain=[180, 320])
dots = alt.Chart(alt.InlineData(points)).mark_circle(size=12, opacity=0.4).encode(
    x=alt.X("truth:Q", title="true contact time, ms", scale=axis),
    y=alt.Y("estimate:Q", title="estimated, ms", scale=axis),
    color="runner:N",
)  # fmt: skip
line = alt.Chart(alt.InlineData([{"ms": 180}, {"ms": 320}])).mark_line(color="grey").encode(x="ms:Q", y="ms:Q")
(dots + line).properties(width=360, height=360).save(out / "contact.svg")
print(f"drawn: {out / 'contact.svg'}")
