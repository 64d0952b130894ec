"""What the clip can measure of itself, for `formclip doctor --bench`: loaded when asked, then let go (hw/link.py)."""

import gc

from gaitcore.compat import ticks_diff

_MOST = 65535


def take(app, interval_ms):
    """The numbers of sync.MEASURE. The blocks' are those since the last time it was asked; the first time begins them.

    A page is written only where no session records: its place is then the settings' own.
    """
    parts, imu = app.parts, app.imu
    log = parts.log
    write_ms = 0
    if log is not None and not app.recording:
        config = app.config()
        began_ms = parts.ticks_ms()
        log.save(config)
        write_ms = ticks_diff(parts.ticks_ms(), began_ms)
    parts.tend()
    parts.collect()
    parts.tend()
    blocks, busy_ms, worst_ms = app.timing or (0, 0, 0)
    app.timing = [0, 0, 0]
    return (
        int(1000 * imu.rate_hz + 0.5) if imu is not None else 0,
        min(blocks, _MOST),
        busy_ms,
        min(worst_ms, _MOST),
        gc.mem_alloc(),  # type: ignore[attr-defined]  # not in CPython's stubs
        gc.mem_free(),  # type: ignore[attr-defined]
        min(write_ms, _MOST),
        min(int(100 * interval_ms + 0.5), _MOST),
        parts.power.battery_mv(),
        imu.CHIP_ID if imu is not None else 0,
    )
