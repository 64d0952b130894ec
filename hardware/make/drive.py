"""The sums of a circuit: what each part is asked for, beside what its data sheet allows.

Worst cases, not means: the fullest battery for what may be too much, the emptiest for what may be too little. Figures
of the parts come from parts.toml, the firmware's from its own files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gaitcore.settings import TABLE

from hardware.make.circuit import between, pins_file
from hardware.make.data import REPO, Circuit, DataError, Part

FLASH_LEAST_V = 2.7  # below this the board's flash chip is not promised to work; the nRF52840 itself goes down to 1.7 V
FULL_V = 4.2


@dataclass(frozen=True)
class Sum:
    """One sum: what, how it is reckoned, what comes out, what is allowed, whether that holds."""

    what: str
    how: str
    value: float
    unit: str
    limit: str
    good: bool

    @property
    def result(self) -> str:
        return f"{self.value:.3g} {self.unit}" if self.unit != "V" else f"{self.value:.2f} V"


def interpolate(table: list[list[float]], at: float) -> float:
    """A table of pairs, straight between them and level beyond."""
    for (x0, y0), (x1, y1) in zip(table, table[1:]):
        if at <= x1:
            return y0 if at <= x0 else y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return table[-1][1]


def setting(name: str) -> tuple[int, int, int]:
    """Default, least and most of a setting."""
    for number in range(len(TABLE)):
        row = TABLE[number]
        if row[0] == name:
            return row[1], row[2], row[3]
    raise KeyError(name)


def pwm_hz() -> int:
    found = re.search(r"PWMOut\(pin, frequency=(\d+)", (REPO / "device" / "hw" / "outputs.py").read_text("utf-8"))
    if found is None:
        raise DataError("device/hw/outputs.py no longer says how fast the motor is switched")
    return int(found[1])


def one(circuit: Circuit, kind: str) -> Part | None:
    return next((part for part in circuit.parts.values() if part.kind == kind), None)


def sums(circuit: Circuit) -> list[Sum]:
    found = [*_board(circuit), *_motor(circuit)]
    if one(circuit, "mosfet"):
        found += _stage(circuit)
    if one(circuit, "driver"):
        found += _driver(circuit)
    return found


def _board(circuit: Circuit) -> list[Sum]:
    board, cell = circuit.parts["A1"].limits, circuit.parts["BT1"].limits
    charge_ma, most_ma = board["charge_ma"], cell["charge_max_ma"]
    hours = 1.3 * cell["capacity_mah"] / charge_ma
    top, bottom = board["divider_top_ohm"], board["divider_bottom_ohm"]
    pin_max_v = board["vdd_v"] + board["pin_over_vdd_max_v"]
    read_v = FULL_V * bottom / (top + bottom)
    out = [
        Sum("charging", "the board's charger", charge_ma, "mA", f"at most {most_ma} mA, 1 C", charge_ma <= most_ma),
        Sum("time to full", f"1.3 x {cell['capacity_mah']} mAh / {charge_ma} mA", hours, "h", "a night", hours <= 8),
        Sum(
            "battery pin while it is read",
            f"{FULL_V} V x {bottom // 1000} k / {(top + bottom) // 1000} k",
            read_v,
            "V",
            f"at most {pin_max_v:.1f} V",
            read_v <= pin_max_v,
        ),
    ]
    if pins_file(circuit).get("BATTERY_ENABLE"):
        vdd_v = board["vdd_v"]
        high_v = vdd_v + (FULL_V - board["vdd_v"]) * bottom / (top + bottom)
        source = (REPO / "device" / "hw" / "power.py").read_text("utf-8")
        never = "switch_to_output(False)" in source and "_enable.value = True" not in source
        out.append(
            Sum(
                "the same, were P0.14 high",
                f"{vdd_v} V + ({FULL_V} - {vdd_v}) V x {bottom // 1000} k / {(top + bottom) // 1000} k",
                high_v,
                "V",
                f"{high_v:.3f} V is more than {pin_max_v:.1f} V: the firmware keeps it low",
                never or high_v <= pin_max_v,
            )
        )
        floating_ua = 1e6 * (FULL_V - pin_max_v) / top
        out.append(
            Sum(
                "the same, before the firmware runs",
                f"({FULL_V} - {pin_max_v:.1f}) V / {top // 1000} k into the pin's own diode",
                floating_ua,
                "uA",
                "a few uA do no harm",
                floating_ua <= 5,
            )
        )
    return out


def _motor(circuit: Circuit) -> list[Sum]:
    motor, cell, board = (circuit.parts[name].limits for name in ("M1", "BT1", "A1"))
    low_v = setting("low_battery_mv")[1] / 1000
    driver = one(circuit, "driver") is not None
    full_v = board["vdd_v"] if driver else FULL_V
    strength = setting("strength_pct")[0] / 100
    start_ma = 1000 * full_v / motor["resistance_ohm"][0]
    low_start_ma = 1000 * (board["vdd_v"] if driver else low_v) / motor["resistance_ohm"][0]
    sag_mv = (low_start_ma + 10) * cell["resistance_ohm"][2]
    left_v = low_v - sag_mv / 1000 - board["regulator_dropout_v"]
    out = [
        Sum(
            "motor voltage",
            f"{full_v} V x {100 * strength:.0f} %",
            full_v * strength,
            "V",
            f"at most {motor['v_max_v']} V",
            full_v * strength <= motor["v_max_v"],
        ),
        Sum("motor current, running", f"table at {full_v} V", interpolate(motor["i_ma_at_v"], full_v), "mA", "", True),
        Sum(
            "motor current, starting",
            f"{full_v} V / {motor['resistance_ohm'][0]:.0f} Ohm",
            start_ma,
            "mA",
            f"at most {cell['start_max_ma']} mA of this cell, for 0.1 s",
            start_ma + 10 <= cell["start_max_ma"],
        ),
        Sum(
            "3.3 V as the motor starts, battery at its lowest",
            f"{low_v} V - {sag_mv:.0f} mV in the cell - {board['regulator_dropout_v']} V in the regulator",
            left_v,
            "V",
            f"at least {FLASH_LEAST_V} V",
            left_v >= FLASH_LEAST_V,
        ),
    ]
    if not driver:
        soft = strength * setting("ok_strength_pct")[0] / 100
        low_default_v = setting("low_battery_mv")[0] / 1000
        out.append(
            Sum(
                SOFT,
                f"{FULL_V} V x {100 * soft:.0f} % full, {low_default_v} V x {100 * soft:.0f} % = "
                f"{low_default_v * soft:.2f} V low",
                FULL_V * soft,
                "V",
                f"at least {motor['v_start_v']} V to start for sure",
                FULL_V * soft >= motor["v_start_v"],
            )
        )
    return out


SOFT = "motor voltage of the soft pulse"
# What does not hold, is known and is told in the pages: nobody has felt it yet.
KNOWN = {SOFT}


def _stage(circuit: Circuit) -> list[Sum]:
    motor, board = circuit.parts["M1"].limits, circuit.parts["A1"].limits
    name, fet = next((name, part) for name, part in circuit.parts.items() if part.kind == "mosfet")
    limits = fet.limits
    gate, drain = circuit.net_of(f"{name}.G"), circuit.net_of(f"{name}.D")
    supply = circuit.net_of("M1.+")
    pull = between(circuit, "resistor", gate, "GND")[0][1].limits["ohm"]
    series = next(
        found[0][1].limits["ohm"]
        for net in circuit.nets
        if net != "GND" and (found := between(circuit, "resistor", gate, net))
    )
    diode = between(circuit, "diode", drain, supply)[0][1].limits
    low_v = setting("low_battery_mv")[1] / 1000
    vdd_v = min(board["vdd_v"], low_v - board["regulator_dropout_v"])
    gate_v = vdd_v * pull / (pull + series)
    on_ohm = interpolate(limits["rds_on_ohm_at_v"], gate_v)
    start_ma = 1000 * FULL_V / motor["resistance_ohm"][0]
    run_ma = interpolate(motor["i_ma_at_v"], FULL_V)
    hz = pwm_hz()
    charge_nc = limits["c_iss_pf"] * board["vdd_v"] / 1000
    switch_us = charge_nc / board["pin_source_ma"]
    loss_mw = start_ma / 1000 * FULL_V * 2 * switch_us * 1e-6 * hz * 1000
    heat_mw = (start_ma / 1000) ** 2 * on_ohm * 1000 + loss_mw
    pin_ma = 1000 * board["vdd_v"] / (series + pull)
    leak_mv = 1.0 * pull / 1000
    bulk = [part.limits for _, part in between(circuit, "capacitor", supply, "GND")]
    farad = sum(part["farad"] * part["left_at_bias"] for part in bulk)
    cell_ohm = circuit.parts["BT1"].limits["resistance_ohm"][2]
    ripple_mv = run_ma * 0.25 / (hz * farad) / (1 + 0.25 / (hz * farad) / cell_ohm)
    across_mw = 1000 * max(part["farad"] for part in bulk if part["farad"] < 1e-6) * FULL_V**2 * hz
    return [
        Sum(
            "gate, battery at its lowest",
            f"({low_v} - {board['regulator_dropout_v']}) V x {pull / 1000:.0f} k / {(pull + series) / 1000:.1f} k",
            gate_v,
            "V",
            f"threshold at most {limits['vgs_th_max_v']} V, and 1 V more",
            gate_v >= limits["vgs_th_max_v"] + 1,
        ),
        Sum(
            "lost in the transistor, running",
            f"{run_ma:.0f} mA x {on_ohm:.1f} Ohm",
            run_ma * on_ohm / 1000,
            "V",
            "0.3 V",
            run_ma * on_ohm / 1000 <= 0.3,
        ),
        Sum(
            "drain current, starting",
            f"{FULL_V} V / {motor['resistance_ohm'][0]:.0f} Ohm",
            start_ma,
            "mA",
            f"at most {limits['id_max_ma']} mA",
            start_ma <= limits["id_max_ma"],
        ),
        Sum(
            "heat in the transistor, motor held still",
            f"{start_ma:.0f} mA squared x {on_ohm:.1f} Ohm, and {loss_mw:.0f} mW of switching at {hz // 1000} kHz",
            heat_mw,
            "mW",
            f"at most {limits['power_max_mw']} mW",
            heat_mw <= limits["power_max_mw"],
        ),
        Sum(
            "drain voltage as it switches off",
            f"{FULL_V} V + {diode['vf_v']} V of the diode",
            FULL_V + diode["vf_v"],
            "V",
            f"at most {limits['vds_max_v']} V",
            FULL_V + diode["vf_v"] <= limits["vds_max_v"],
        ),
        Sum(
            "diode, its share of the motor's current",
            f"{start_ma:.0f} mA",
            start_ma,
            "mA",
            f"at most {diode['if_max_ma']} mA",
            start_ma <= diode["if_max_ma"],
        ),
        Sum(
            "switching of the gate",
            f"{limits['c_iss_pf']} pF x {board['vdd_v']} V / {board['pin_source_ma']} mA",
            switch_us,
            "us",
            f"a tenth of a period of {1e6 / hz:.0f} us",
            switch_us <= 1e5 / hz,
        ),
        Sum(
            "pin, while the motor runs",
            f"{board['vdd_v']} V / {(series + pull) / 1000:.1f} k",
            pin_ma,
            "mA",
            f"at most {board['pin_source_ma']} mA",
            pin_ma <= board["pin_source_ma"],
        ),
        Sum(
            "gate while the board starts",
            f"1 uA of leakage x {pull / 1000:.0f} k",
            leak_mv,
            "mV",
            "far below the threshold: 100 mV",
            leak_mv <= 100,
        ),
        Sum(
            "ripple of the battery's voltage",
            f"{run_ma:.0f} mA in pulses, {1e6 * farad:.0f} uF beside {cell_ohm} Ohm of the cell",
            ripple_mv,
            "mV",
            "100 mV",
            ripple_mv <= 100,
        ),
        Sum(
            "C2, were it across the motor",
            f"100 nF x ({FULL_V} V) squared x {hz // 1000} kHz, lost in the transistor",
            across_mw,
            "mW",
            "so it sits from BAT+ to ground",
            not _across(circuit),
        ),
    ]


def _across(circuit: Circuit) -> bool:
    return bool(between(circuit, "capacitor", circuit.net_of("M1.+"), circuit.net_of("M1.-")))


def _driver(circuit: Circuit) -> list[Sum]:
    board = circuit.parts["A1"].limits
    name, chip = next((name, part) for name, part in circuit.parts.items() if part.kind == "driver")
    supply = circuit.net_of(f"{name}.VIN")
    supply_v = FULL_V if "A1.BAT+" in circuit.nets[supply] else board["vdd_v"]
    pin_max_v = board["vdd_v"] + board["pin_over_vdd_max_v"]
    start_ma = 1000 * supply_v / circuit.parts["M1"].limits["resistance_ohm"][0]
    return [
        Sum(
            "supply of the DRV2605L",
            f"from {supply}",
            supply_v,
            "V",
            f"{chip.limits['vdd_min_v']} to {chip.limits['vdd_max_v']} V",
            chip.limits["vdd_min_v"] <= supply_v <= chip.limits["vdd_max_v"],
        ),
        Sum(
            "SDA and SCL, pulled up to its supply",
            f"from {supply}; from BAT+ it would be {FULL_V} V",
            supply_v,
            "V",
            f"at most {pin_max_v:.1f} V",
            supply_v <= pin_max_v,
        ),
        Sum(
            "3.3 V regulator, motor starting",
            f"{start_ma:.0f} mA and 15 mA of the board",
            start_ma + 15,
            "mA",
            f"at most {board['regulator_max_ma']} mA",
            start_ma + 15 <= board["regulator_max_ma"],
        ),
    ]
