"""Power cuts at every erase and every program of the flash, and what must be on the clip afterwards.

A `Clip` runs the firmware's own log (hw/flashlog.py on the modelled flash and FAT) and writes down each erase and each
program that reaches the flash, and what had been promised when it began. The state after a cut at any of them, torn in
any way, is then made from the start's image, without running anything again: `image_after`. `boot` starts from an
image, and `check` holds what is found against what was promised before and after the call that was cut.

What a cut may do: the sector in its erase holds anything (a few bits set, anywhere or where the headers stand, each bit
old or 1, noise, nothing); of the program under way the 256 bytes in work hold anything (each bit as before or as told,
noise), those before it are done, those after it are not. Nothing else changes. What it can't do here: cells that read
one way now and another later.

What must hold: a finished session is there to the byte, no longer and no shorter, until it is deleted; of the session
under way every page that was complete, to the byte, and the page in work as it was staged last, or newer; the config as
it was or as it was being saved; no other file, no FAT, no directory is ever in a sector that is erased.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from gaitcore.drive import HOME_AT, LOG
from gaitcore.page import HEAD_B, PAGE_B

from formclip.firmware.sources import DEVICE, SHARED
from formclip.firmware.virtual.board import runner

SECTOR_B = 4096
BLOCK_B = 512
PROGRAM_B = 256
_MARKER = 17
_LIB = b"firmware"


class Broken(AssertionError):
    """A promise was broken. args: which, and how."""


class Op(NamedTuple):
    """One erase of a sector (data empty) or program, as it reached the flash."""

    at: int
    data: bytes


class Tear(NamedTuple):
    """How an op was cut: bytes of a program that were done, and what became of those in work."""

    done_b: int
    how: str


_ERASE_TEARS = tuple(Tear(0, how) for how in ("light", "heads", "half", "noise", "blank"))
_HEAD_OF_BLOCK_B = 32  # where headers, trailers and marks stand


def tears(op: Op) -> Iterator[Tear]:
    """The ways in which an op is cut: at each of its 256 bytes, in work or done."""
    if not op.data:
        yield from _ERASE_TEARS
        return
    for done_b in range(0, len(op.data), PROGRAM_B):
        for how in ("clean", "half", "noise"):
            yield Tear(done_b, how)


def _torn(image: bytearray, op: Op, tear: Tear, draw: random.Random) -> None:
    if op.data:
        _program(image, Op(op.at, op.data[: tear.done_b]))
        at = op.at + tear.done_b
        end = min(at + PROGRAM_B, op.at + len(op.data))
        told: bytes | None = op.data[tear.done_b : end - op.at]
    else:
        at, end, told = op.at, op.at + SECTOR_B, None
    old = int.from_bytes(image[at:end], "little")
    bits = 8 * (end - at)
    if tear.how == "clean":
        return
    if tear.how == "noise":
        new = draw.getrandbits(bits)
    elif told is not None:  # programming clears bits, each at its own moment
        new = old & (int.from_bytes(told, "little") | draw.getrandbits(bits))
    elif tear.how == "blank":
        new = (1 << bits) - 1
    elif tear.how == "half":
        new = old | draw.getrandbits(bits)
    elif tear.how == "heads":
        new = old
        for block in range(0, bits, 8 * BLOCK_B):
            for _ in range(draw.randrange(4)):
                new |= 1 << block + draw.randrange(8 * _HEAD_OF_BLOCK_B)
    else:
        new = old
        for _ in range(draw.randrange(1, 200)):
            new |= 1 << draw.randrange(bits)
    image[at:end] = new.to_bytes(end - at, "little")


def _program(image: bytearray, op: Op) -> None:
    end = op.at + len(op.data)
    both = int.from_bytes(image[op.at : end], "little") & int.from_bytes(op.data, "little")
    image[op.at : end] = both.to_bytes(len(op.data), "little")


def apply(image: bytearray, op: Op) -> None:
    if op.data:
        _program(image, op)
    else:
        image[op.at : op.at + SECTOR_B] = b"\xff" * SECTOR_B


def torn(image: bytes | bytearray, op: Op, tear: Tear, draw: random.Random) -> bytes:
    """The flash when the supply went in this op."""
    out = bytearray(image)
    _torn(out, op, tear, draw)
    return bytes(out)


def image_after(image: bytes, ops: list[Op], cut: int, tear: Tear, draw: random.Random) -> bytes:
    """The flash when the supply went in ops[cut]."""
    now = bytearray(image)
    for op in ops[:cut]:
        apply(now, op)
    return torn(now, ops[cut], tear, draw)


@dataclass(frozen=True)
class Truth:
    """What has been promised. done: pages of each finished session; number, pages, staged: of the one under way."""

    done: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)
    number: int = 0
    pages: Mapping[int, bytes] = field(default_factory=dict)
    staged: tuple[int, bytes] | None = None
    config: bytes | None = None

    def file(self) -> list[tuple[bytes, bool]]:
        """Pages of the session under way as they come home, and whether each is complete."""
        known = {number: (page, True) for number, page in self.pages.items()}
        if self.staged is not None and self.staged[0] not in known:
            known[self.staged[0]] = (self.staged[1], False)
        nothing = (bytes(PAGE_B), True)
        return [known.get(number, nothing) for number in range(max(known, default=-1) + 1)]


class Call(NamedTuple):
    """One call of the log: the ops that it did, and what was promised before and after it."""

    begin: int
    end: int
    before: Truth
    after: Truth


class Clip:
    """A drive with the log on it, its flash in memory.

    Settings  pages: of the ring; shift: blocks by which the log's file begins behind the sector, 0..7; was: what the
              flash held before; seed of what is written
    In        start() append(n) flush() raw(n) stop() discard() delete(session) save() restart() boot(image)
    Out       log, truth; ops, calls: since the start; image: of that start; new: image and ops of the first one
              blocks: the drive's, of the log's file
    Errors    Broken
    """

    def __init__(self, pages: int = 24, shift: int = 0, was: bytes = b"\xff", seed: int = 0) -> None:
        self.modules = runner().Importer([str(DEVICE), str(SHARED)])
        self.modules.builtins["open"] = lambda path, mode="r": self._open(path, mode)
        self.modules.own("world")
        self.ops: list[Op] = []
        self.calls: list[Call] = []
        self.truth = Truth()
        self.draw = random.Random(seed)
        self.writer: Any = None
        self._raw: Any = None
        self._t_ms = self._raw_index = 0
        self._first = True
        self._flash = self.modules.own("flash").Flash
        self.blocks: list[int] = []
        clip = self

        class Recorder(self._flash):  # type: ignore[misc, name-defined]
            def _erase(self, sector: int) -> None:
                clip._note(Op(sector * SECTOR_B, b""))
                super()._erase(sector)

            def _program(self, at: int, data: bytes) -> None:
                clip._note(Op(at, bytes(data)))
                super()._program(at, data)

        self._recorder = Recorder
        size_b = (pages + HOME_AT + 1 + 24) * PAGE_B
        self.image = (was * size_b)[:size_b]
        self._make(pages, shift)

    def _make(self, pages: int, shift: int) -> None:
        """A drive with a file of firmware and the log's, the first page of which begins where shift says."""
        blank = self._flash(io.BytesIO(self.image))
        self.modules.own("fat").make(blank)
        self._use(blank._file.getvalue())
        for length in range(shift + 1, shift + 9):
            self.lib = _LIB * (length * BLOCK_B // len(_LIB))
            with self.fs.open("/lib.txt", "wb") as file:
                file.write(self.lib)
            self.modules.load("hw.flashlog").create(LOG, (pages + HOME_AT + 1) * PAGE_B)
            with self.fs.open(LOG, "rb") as file:
                blocks = [file._at(number, False) for number in range((pages + HOME_AT + 1) * 8)]
            if blocks[0] % 8 == shift:
                break
            self.fs.remove(LOG)
            self.fs.remove("/lib.txt")
        assert blocks[0] % 8 == shift and blocks == list(range(blocks[0], blocks[-1] + 1)), "not in one piece"
        self.flash.flush()
        # code that the board lets go after each start: here it is kept, so that a start costs 3 ms
        self.modules.load("hw.flashlog").let_go = lambda name: None
        self.blocks = blocks
        self.boot(self.flash._file.getvalue(), True)
        self.new = self.image, self.ops
        self.restart()

    def _use(self, image: bytes) -> None:
        self.flash = self._recorder(io.BytesIO(image))
        self.fs = self.modules.own("fat").Fat(self.flash)
        self.fs.readonly = False
        self.modules.own("drive").fs = self.fs

    def _open(self, path: str, mode: str) -> Any:
        file = self.fs.open(path, mode)
        if path == LOG and self.blocks:
            blocks = self.blocks
            file._at = lambda number, grow: blocks[number]
        return file

    def _note(self, op: Op) -> None:
        if self.blocks and not self._first:
            first, last = op.at // BLOCK_B, (op.at + (len(op.data) or SECTOR_B) - 1) // BLOCK_B
            if not self.blocks[8] <= first <= last <= self.blocks[-1]:
                raise Broken("a sector of another file is written", op.at)
        self.ops.append(op)

    # -- life ---------------------------------------------------------------------------------------------------------

    def boot(self, image: bytes, first: bool = False) -> None:
        """Start from an image; ops are then those of the start. The first one marks the file's first page, which may
        share a sector with another file.
        """
        self._first = first
        self.image = image
        self.ops, self.calls = [], []
        self._use(image)
        self.writer = self._raw = None
        self.log = self.modules.load("hw.flashlog").FlashLog()
        self.log.mount()
        self.flash.flush()

    def with_log(self, log: bytes) -> bytes:
        """The image with this content of the log's file."""
        at = self.blocks[0] * BLOCK_B
        return self.image[:at] + log + self.image[at + len(log) :]

    def restart(self) -> None:
        """Power is cut while nothing is written, or switched off and on."""
        self.flash.flush()
        before = self.truth
        self.boot(self.flash._file.getvalue())
        self.check(before, before)
        self.adopt()

    def adopt(self) -> None:
        """What is there now is the truth; ops and calls begin here."""
        done = {run[0]: self.read(run[0]) for run in self.log.sessions}
        self.truth = Truth(done, config=self.log.config)
        self.image = self.flash._file.getvalue()
        self.ops, self.calls = [], []

    def cut(self, at: int, tear: Tear, draw: random.Random) -> tuple[bytes, Truth, Truth]:
        """The image after a cut in ops[at], and what was promised before and after the call it fell into."""
        for call in self.calls:
            if call.begin <= at < call.end:
                return image_after(self.image, self.ops, at, tear, draw), call.before, call.after
        raise IndexError(at)

    def _do(self, function: Callable[[], Any], after: Truth) -> Any:
        begin, before = len(self.ops), self.truth
        out = function()
        self.flash.flush()
        if out is not False:
            self.truth = after
        self.calls.append(Call(begin, len(self.ops), before, after))
        return out

    def start(self) -> None:
        number = self.log.begin(7)
        if number in self.truth.done:
            raise Broken("a session's number was given twice", number)
        room = self.log.free_pages
        self.truth = replace(self.truth, number=number, pages={}, staged=None)
        self.writer = self.modules.load("gaitcore.pages").LogWriter(self._sink, number, 7, room)

    def _sink(self, number: int, page: Any, complete: bool) -> bool:
        data, truth = bytes(page), self.truth
        if complete:
            staged = None if truth.staged and truth.staged[0] == number else truth.staged
            after = replace(truth, pages={**truth.pages, number: data}, staged=staged)
        else:
            after = replace(truth, staged=(number, data))
        took = self._do(lambda: self.log.sink(number, page, complete), after)
        if not took:
            raise Broken("a page that had room was refused", number)
        return bool(took)

    def append(self, n: int, size: int = 60) -> None:
        for _ in range(n):
            self._t_ms += 1
            self.writer.event(_MARKER, self._t_ms, (1,), self.draw.randbytes(size))

    def flush(self) -> None:
        self.writer.flush()

    def raw(self, n: int = 52) -> None:
        """n samples of raw capture; the first begins one."""
        if self._raw is None:
            self._raw = self.modules.load("gaitcore.rawpages").RawWriter(self.writer)
        self._raw.push(self._raw_index, self.draw.randbytes(12 * n))
        self._raw_index += n

    def stop(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None
        self.writer.close()
        self.log.end()
        truth = self.truth
        done = dict(truth.done)
        if truth.pages:
            done[truth.number] = tuple(page for page, _ in truth.file())
        self.truth = Truth(done, config=truth.config)
        self.writer = None

    def discard(self) -> None:
        config = self.draw.randbytes(110)
        after = Truth(self.truth.done, config=config)
        self._do(lambda: (self.log.discard(), self.log.save(config)), after)
        self.writer = self._raw = None

    def delete(self, session: int) -> None:
        config = self.draw.randbytes(110)
        done = {number: pages for number, pages in self.truth.done.items() if number != session}
        self._do(lambda: self.log.delete(session, config), replace(self.truth, done=done, config=config))

    def save(self) -> None:
        config = self.draw.randbytes(self.draw.choice((60, 110, 600)))
        self._do(lambda: self.log.save(config), replace(self.truth, config=config))

    # -- what must hold -----------------------------------------------------------------------------------------------

    def read(self, session: int) -> tuple[bytes, ...]:
        """Pages of a session's file as the radio would send them."""
        size = self.log.size_b(session)
        out, view = [], memoryview(bytearray(PAGE_B))
        for at in range(0, size, PAGE_B):
            if self.log.read_into(session, at, view) != PAGE_B:
                raise Broken("a session is shorter than it says", session, at, size)
            out.append(bytes(view))
        if self.log.read_into(session, size, view):
            raise Broken("a session is longer than it says", session, size)
        return tuple(out)

    def check(self, before: Truth, after: Truth) -> None:
        """Hold what the log has against what was promised before and after a call that was cut."""
        log = self.log
        have = {run[0]: self.read(run[0]) for run in log.sessions}
        for number, pages in before.done.items():
            if have.get(number, pages if number not in after.done else ()) != pages:
                got = have.get(number, ())
                wrong = [k for k, page in enumerate(pages) if k >= len(got) or got[k] != page]
                raise Broken("a finished session changed", number, f"{len(got)} of {len(pages)} pages", wrong)
        number = before.number or after.number
        for other in have:
            if other not in before.done and other not in after.done and other != number:
                raise Broken("a session that was deleted, or never was, is there", other)
        if number and number not in before.done:
            got = have.get(number, ())
            allowed = (before.file(), after.done.get(number) or after.file())
            if not any(_same(got, file) for file in allowed):
                raise Broken(
                    "of the session under way", number, [len(got), [len(file) for file in allowed]], log.sessions
                )
        if log.config not in (before.config, after.config) or (log.config_lost and before.config is not None):
            raise Broken("the config is neither the old nor the new one")
        taken = [(run[2] + k) % log._slots for run in log.sessions for k in range(run[3])]
        if len(set(taken)) != len(taken):
            raise Broken("two sessions in one slot", log.sessions)
        free = [(log._next + k) % log._slots for k in range(log.free_pages + 1)]
        if set(free) & set(taken):
            raise Broken("a slot that is taken counts as free", log.sessions, log._next)
        with self.fs.open("/lib.txt", "rb") as file:
            if file.read() != self.lib and not self._first:
                raise Broken("another file changed")


def _same(got: tuple[bytes, ...], file: Any) -> bool:
    """Whether pages read are those of a file; of a page that was only staged what is used of it counts."""
    if len(got) != len(file):
        return False
    for page, wanted in zip(got, file, strict=True):
        page_wanted, complete = wanted if isinstance(wanted, tuple) else (wanted, True)
        used = PAGE_B if complete else HEAD_B + int.from_bytes(page_wanted[20:22], "little")
        if page[:used] != page_wanted[:used]:
            return False
    return True
