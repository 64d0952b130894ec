"""What all tests share: Hypothesis profiles, where recorded traces are, where the repository is."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPO = Path(__file__).resolve().parent.parent

# Same examples on every run in CI, so that a red run can be repeated; fresh ones on a developer's machine.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def data_dir():
    """Folder of the recorded traces, or None: FORMCLIP_DATA, else ../shared/data beside the repository."""
    path = Path(os.environ.get("FORMCLIP_DATA") or REPO.parent / "shared" / "data")
    return path if path.is_dir() else None


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory):
    """No test touches the runs of the person who runs it, and no two test processes share a data folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data-home")))
        yield


@pytest.fixture(scope="session")
def repo():
    return REPO


@pytest.fixture(scope="session")
def traces():
    """The folder of recorded traces; the test is skipped where there is none."""
    path = data_dir()
    if path is None:
        pytest.skip("recorded traces are not here (FORMCLIP_DATA or ../shared/data)")
    return path
