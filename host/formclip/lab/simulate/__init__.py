"""A synthetic runner with complete truth, in the trace format.

    trace = simulate(Scenario(minutes=1, speed_mps=3.2), seed=1)       # in memory: t_s, acc_g, gyr_dps, truth
    trace = simulate("demo", seed=1)                                   # a preset by name
    write("out/demo", "demo", seed=1)                                  # NAME.imu.csv.xz and NAME.truth.json, in chunks

The same scenario and seed give the same samples. What is modelled and what is not: docs/lab/simulate.md.
"""

from formclip.lab.simulate.make import Simulated, simulate, write
from formclip.lab.simulate.scenario import (
    PRESETS,
    Episode,
    Fatigue,
    Gap,
    Knock,
    Limp,
    Scenario,
    ScenarioError,
    Segment,
    Slip,
    Turn,
    from_mapping,
    preset,
    read_scenario,
)

__all__ = [
    "PRESETS",
    "Episode",
    "Fatigue",
    "Gap",
    "Knock",
    "Limp",
    "Scenario",
    "ScenarioError",
    "Segment",
    "Simulated",
    "Slip",
    "Turn",
    "from_mapping",
    "preset",
    "read_scenario",
    "simulate",
    "write",
]
