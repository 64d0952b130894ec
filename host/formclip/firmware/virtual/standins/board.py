"""CircuitPython's `board`: the pins of the board that stands in, and no others."""

import world as _world

_w = _world.world
board_id = _w.config["board"]["id"]
for _alias, _name in _w.config["board"]["pins"].items():
    globals()[_alias] = _w.pin(_name)

_i2c = []


def I2C():
    """The singleton bus on SCL and SDA."""
    import busio

    if not _i2c or _i2c[0]._deinited:
        _i2c.clear()
        _i2c.append(busio.I2C(globals()["SCL"], globals()["SDA"]))
    return _i2c[0]
