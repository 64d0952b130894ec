"""Runs a file of blocks through a Session and prints figures, one `name value` a line. Device Python: any interpreter.

`on_device.py FILE`  microseconds a block, bytes a block with the collector off, growth of the live heap

Growth compares the most that lived in two quarters, always looked at in the same place: what a variable holds, a number
or nothing, changes by 100 bytes from block to block, and what an old frame of the C stack still points to by 700.
"""

import gc
import struct
import sys
import time

try:
    now_us = time.ticks_us
    since_us = time.ticks_diff
except AttributeError:

    def now_us():
        return time.perf_counter_ns() // 1000

    def since_us(later, earlier):
        return later - earlier


allocated = getattr(gc, "mem_alloc", None)


def run(path):
    from gaitcore.compat import INT16, np
    from gaitcore.session import Session

    pages = [0]

    def sink(number, page, complete):
        pages[0] += 1
        return True

    stream = open(path, "rb")
    rate_hz, has_gyro, m, count = struct.unpack("<4I", stream.read(16))
    session = Session(rate_hz, None, bool(has_gyro), "bench", sink=sink)
    session.start()
    total = worst = 0
    heap_total = heap_worst = heap_blocks = 0
    early = late = 0  # most that lived in the second quarter, and in the last
    raw = bytearray(12 * m)
    lsb = np.frombuffer(raw, dtype=INT16).reshape((m, 6))
    for k in range(count):
        stream.readinto(raw)
        gc.collect()
        if allocated:
            gc.disable()
            before = allocated()
            if 4 * k >= 3 * count:
                late = max(late, before)
            elif count <= 4 * k < 2 * count:
                early = max(early, before)
        start = now_us()
        session.push_frames(lsb)
        took = since_us(now_us(), start)
        if allocated:
            used = allocated() - before
            gc.enable()
            heap_blocks += 1
            heap_total += used
            if used > heap_worst:
                heap_worst = used
        total += took
        if took > worst:
            worst = took
    gc.collect()
    print("blocks", count)
    print("mean_us", total / count)
    print("worst_us", worst)
    print("steps", session.steps)
    print("pages", pages[0])
    if allocated:
        print("alloc_b", heap_total / heap_blocks)
        print("alloc_worst_b", heap_worst)
        print("live_b", allocated())
        print("growth_b", late - early)


run(sys.argv[1])
