"""What was found doubtful about a recording when it was taken in: plain text beside its log, for whoever reads the log.

The log holds steps alone, so it cannot say that the recording's scale was off. `ground/log.py` reads what stands here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from formclip.ground.files import write_whole
from formclip.ground.log import told_beside, told_path
from formclip.runs.store.index import private
from formclip.runs.store.store import Store, Stored

_MADE_OF_IT = ("summary", "digest")  # what the index keeps of a log's figures


def keep_told(log: Path, told: dict[str, Any]) -> None:
    """Beside a log, whole or not at all; nothing where nothing was told.

    Errors    FileError
    """
    if not any(told.values()):
        return
    path = told_path(log)
    write_whole(path, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    private(path)


def tell_again(store: Store, stored: Stored, told: dict[str, Any]) -> None:
    """The same of a run that was in the store before; what was made of it without is made again."""
    before = told_beside(stored.path)
    keep_told(stored.path, told)
    if told_beside(stored.path) == before:
        return
    with store.index() as index:
        index.execute("BEGIN")
        for table in _MADE_OF_IT:
            index.execute(f"DELETE FROM {table} WHERE clip = ? AND number = ? AND crc32 = ?", stored.key)
        index.execute("COMMIT")
