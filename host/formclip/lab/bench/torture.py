"""Power cuts at every erase and program of the log, in every way that a cut can tear, on every alignment of its file.

    python -m formclip.lab.bench.torture              all single cuts of five scenarios, and double and triple cuts
    python -m formclip.lab.bench.torture --lives 2000 and so many random lives beside, each with cuts in a row

What a cut may do and what must hold after it stands in formclip.firmware.virtual.cuts. The scenarios: a run; a run with
raw capture; a small ring that is filled to its last page and goes on round its end; sessions deleted in any order, and
one discarded; a run behind one that a cut ended. Each is cut at every op, each op in every way; then, for the cuts that
leave something to mend, the start that mends it is cut at each of its ops, and the next start too. Last, the first
start of a drive is cut, and lives are made up at random.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from formclip.firmware.virtual import cuts
from formclip.firmware.virtual.cuts import Broken, Clip, Op, Truth
from formclip.ground.progress import count_progress

SHIFTS = range(8)  # blocks from the flash's sector to the file's first: all there are


def _write(clip: Clip, batches: int, each: int = 24, raw: int = 0) -> None:
    clip.start()
    for _ in range(batches):
        clip.append(each)
        for _ in range(raw):
            clip.raw()
        clip.flush()
    clip.stop()


def run(clip: Clip) -> None:
    """A finished run, then one of three pages that is staged every few records."""
    _write(clip, 4, 40)
    clip.restart()
    _write(clip, 8)
    clip.save()


def capture(clip: Clip) -> None:
    """A run with raw capture, five pages between two stagings: pages come in another order than their numbers."""
    _write(clip, 3, 30)
    clip.restart()
    _write(clip, 4, 12, raw=32)


def wrap(clip: Clip) -> None:
    """A ring that is filled to its last page, emptied in the middle of it, and goes on round its end."""
    _write(clip, 5, 60)
    _write(clip, 2)
    clip.delete(min(clip.truth.done))
    clip.restart()
    clip.start()
    clip.append(40 * clip.log.free_pages + 400)  # more than there is room for
    clip.flush()
    clip.stop()
    clip.save()


def order(clip: Clip) -> None:
    """Sessions deleted in any order, one discarded, each space used again."""
    for batches in (2, 1, 3, 1):
        _write(clip, batches, 40)
    clip.restart()
    first, second, third, fourth = clip.truth.done
    clip.delete(third)
    clip.delete(first)
    clip.start()
    clip.append(10)
    clip.flush()
    clip.discard()
    clip.delete(fourth)
    _write(clip, 3, 40)
    clip.delete(second)
    _write(clip, 2, 40)


def recovered(clip: Clip) -> None:
    """A run that goes on behind one whose last page came home from its staging place."""
    clip.start()
    clip.append(24)
    clip.flush()
    clip.restart()
    _write(clip, 5, 40)


SCENARIOS: tuple[tuple[Callable[[Clip], None], int], ...] = (
    (run, 24),
    (capture, 40),
    (wrap, 9),
    (order, 24),
    (recovered, 16),
)


class Torture:
    """Counts what was tried; raises Broken with what leads there."""

    def __init__(self, seed: int = 1) -> None:
        self.tried: Counter[str] = Counter()
        self.draw = random.Random(seed)

    def scenario(
        self, what: Callable[[Clip], None], pages: int, shift: int, every: int = 1, doubles: int = 0
    ) -> Iterator[int]:
        """Every tear of every op, or every `every`th; of those that leave something to mend, double cuts.

        doubles: of the cuts of a start that mends, each `doubles`th; 0: none. Yields as it goes on.
        """
        clip = Clip(pages, shift, seed=self.draw.randrange(1 << 30), was=self.draw.choice((b"\xff", b"\0", b"FCL1")))
        what(clip)
        ops, calls = clip.ops, clip.calls
        image = bytearray(clip.image)
        count = 0
        for number, op in enumerate(ops):
            call = next(call for call in calls if call.begin <= number < call.end)
            for tear in cuts.tears(op):
                count += 1
                if count % every == 0:
                    torn = cuts.torn(image, op, tear, self.draw)
                    where = (what.__name__, pages, shift, number, tear)
                    mending = self._boot(clip, torn, call.before, call.after, where)
                    self.tried["single"] += 1
                    if doubles and mending:
                        self._again(clip, torn, mending, call.before, call.after, where, doubles)
                    yield count
            cuts.apply(image, op)

    def _boot(
        self, clip: Clip, image: bytes, before: Truth, after: Truth, where: object, first: bool = False
    ) -> list[Op]:
        try:
            clip.boot(image, first)
            clip.check(before, after)
        except Broken as broken:
            raise Broken(*broken.args, where) from None
        except Exception as error:
            raise Broken("the log does not start", repr(error), where) from error
        return clip.ops

    def _again(
        self, clip: Clip, image: bytes, ops: list[Op], before: Truth, after: Truth, where: object, every: int
    ) -> None:
        """Cut the start that mends, at its ops; a few times the start after that too."""
        now = bytearray(image)
        for number, op in enumerate(ops):
            for tear in cuts.tears(op):
                if self.draw.randrange(every) == 0:
                    torn = cuts.torn(now, op, tear, self.draw)
                    mending = self._boot(clip, torn, before, after, (where, number, tear))
                    self.tried["double"] += 1
                    if mending and self.draw.randrange(4) == 0:
                        third = self.draw.randrange(len(mending))
                        tear3 = self.draw.choice(list(cuts.tears(mending[third])))
                        image3 = cuts.image_after(torn, mending, third, tear3, self.draw)
                        self._boot(clip, image3, before, after, (where, number, tear, third, tear3))
                        self.tried["triple"] += 1
            cuts.apply(now, op)

    def first_start(self, shift: int, every: int = 1) -> Iterator[int]:
        """A new file over old pages, its first start cut: it is made in the end, and holds nothing of before."""
        clip = Clip(12, shift, was=b"FCL1", seed=self.draw.randrange(1 << 30))
        image, ops = clip.new
        now = bytearray(image)
        count = 0
        for number, op in enumerate(ops):
            for tear in cuts.tears(op):
                count += 1
                if count % every == 0:
                    torn = cuts.torn(now, op, tear, self.draw)
                    self._boot(clip, torn, Truth(), Truth(), ("first start", shift, number, tear), True)
                    self.tried["first start"] += 1
                    yield count
            cuts.apply(now, op)

    def life(self, seed: int) -> None:
        """A life at random: sessions, raw capture, deletes, settings, and cuts in a row, until the log is old."""
        draw = random.Random(seed)
        pages, shift = draw.choice((8, 9, 12, 13, 24, 40)), draw.randrange(8)
        clip = Clip(pages, shift, was=draw.choice((b"\xff", b"\0", b"FCL1")), seed=seed)
        told: list[object] = [seed, pages, shift]
        for _ in range(draw.randrange(3, 10)):
            for _ in range(draw.randrange(1, 8)):
                self._act(clip, draw)
            if not clip.ops or draw.random() < 0.1:
                clip.restart()
                continue
            cut = (
                draw.randrange(len(clip.ops))
                if draw.random() < 0.5
                else len(clip.ops) - 1 - draw.randrange(3) % len(clip.ops)
            )
            tear = draw.choice(list(cuts.tears(clip.ops[cut])))
            told.append((cut, tear))
            image, before, after = clip.cut(cut, tear, draw)
            mending = self._boot(clip, image, before, after, told)
            self.tried["cuts in lives"] += 1
            while mending and draw.random() < 0.6:
                cut = draw.randrange(len(mending))
                tear = draw.choice(list(cuts.tears(mending[cut])))
                told.append((cut, tear))
                image = cuts.image_after(clip.image, mending, cut, tear, draw)
                mending = self._boot(clip, image, before, after, told)
                self.tried["cuts in a row"] += 1
            clip.adopt()
        self.tried["lives"] += 1

    def _act(self, clip: Clip, draw: random.Random) -> None:
        kind = draw.random()
        if clip.writer is not None:
            if kind < 0.5:
                clip.append(draw.choice((1, 8, 24, 70)), draw.choice((0, 8, 60, 150)))
            elif kind < 0.7:
                clip.flush()
            elif kind < 0.85:
                clip.raw(draw.choice((13, 52, 400)))
            elif kind < 0.9:
                clip.save()
            elif kind < 0.93:
                clip.discard()
            else:
                clip.stop()
        elif kind < 0.55 and clip.log.free_pages > 1:
            clip.start()
        elif kind < 0.8 and clip.truth.done:
            clip.delete(min(clip.truth.done) if draw.random() < 0.5 else draw.choice(list(clip.truth.done)))
        else:
            clip.save()


def torture(torture: Torture, every: int, doubles: int, lives: int) -> None:
    """All of it, with counts on stderr."""
    for what, pages in SCENARIOS:
        for shift in SHIFTS:
            name = f"{what.__name__}, file {shift} blocks behind a sector"
            with count_progress(name, 0) as progress:
                for count in torture.scenario(what, pages, shift, every, doubles):
                    if progress is not None:
                        progress(count)
        print(f"{what.__name__}: {_counts(torture.tried)}", file=sys.stderr, flush=True)
    for shift in SHIFTS:
        for _ in torture.first_start(shift, every):
            pass
    with count_progress("random lives", lives) as progress:
        for seed in range(lives):
            torture.life(seed)
            if progress is not None:
                progress(seed + 1)


def _counts(tried: Counter[str]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in tried.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--every", type=int, default=1, help="of the single cuts each so many-th")
    parser.add_argument("--doubles", type=int, default=250, help="of the cuts of a start that mends each so many-th")
    parser.add_argument("--lives", type=int, default=500, help="random lives")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    done = Torture(given.seed)
    try:
        torture(done, given.every, given.doubles, given.lives)
    except Broken as broken:
        print(f"LOST: {broken.args}\nafter {_counts(done.tried)}", file=sys.stderr)
        sys.exit(1)
    print(f"power cuts: {_counts(done.tried)}; 0 lost; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
