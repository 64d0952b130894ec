"""Write traces in the same form as they are read."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import from_os_error
from formclip.ground.fixed import fixed_lines
from formclip.ground.trace.sources.ours import ACC, GYR

_DECIMALS = (5, 5, 5, 5, 4, 4, 4)


class TraceWriter:
    """A trace file, written a block at a time; packed as its name ends (.xz, .gz, else plain).

    In        write(t_s (m,), samples (6 | 3, m)): rows ax ay az [g] and, where there is one, gx gy gz [dps]
    Errors    FileError
    """

    def __init__(self, path: str | Path, has_gyro: bool = True) -> None:
        self.path = Path(path)
        self._columns = 7 if has_gyro else 4
        names = ("t_s", *ACC, *GYR)[: self._columns]
        try:
            self._file: IO[bytes] = self._open()
            self._file.write((",".join(names) + "\n").encode())
        except OSError as error:
            raise from_os_error(error, path, "write") from None

    def _open(self) -> IO[bytes]:
        if self.path.suffix == ".xz":
            return lzma.open(self.path, "wb", preset=1)
        if self.path.suffix == ".gz":
            return cast(IO[bytes], gzip.GzipFile(self.path, "wb", compresslevel=6, mtime=0))
        return self.path.open("wb")

    def write(self, t_s: NDArray[np.floating[Any]], samples: NDArray[np.floating[Any]]) -> None:
        table = np.vstack((t_s, samples[: self._columns - 1])).T
        try:
            self._file.write(fixed_lines(table, _DECIMALS[: self._columns]))
        except OSError as error:
            raise from_os_error(error, self.path, "write") from None

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write_trace(
    path: str | Path,
    rate_hz: float,
    blocks: Iterable[NDArray[np.floating[Any]]],
    start_s: float = 0.0,
    has_gyro: bool = True,
) -> None:
    """Blocks (6 | 3, m) as a trace with even stamps."""
    index = 0
    with TraceWriter(path, has_gyro) as writer:
        for block in blocks:
            count = block.shape[1]
            writer.write(start_s + np.arange(index, index + count) / rate_hz, block)
            index += count
