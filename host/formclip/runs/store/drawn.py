"""Where pictures and stories of runs are kept: a cache of the page, thrown away by `rebuild.forget`.

Its name begins with a dot, which no clip's folder does.
"""

from __future__ import annotations

import shutil
from pathlib import Path


def drawn_folder(store_folder: Path) -> Path:
    return store_folder / ".drawn"


def forget_drawn(store_folder: Path) -> None:
    shutil.rmtree(drawn_folder(store_folder), ignore_errors=True)
