"""What the wheel holds beside its modules: the firmware's files and the pinned libraries, taken along as it is built.

All else about the package is in pyproject.toml. `make wheel` builds it; in a clone nothing of this is needed, and an
editable install takes nothing along. `formclip.firmware.sources` knows where these files are, here and there.
"""

import importlib.metadata
import re
import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
CARRIED = Path("formclip") / "firmware" / "carried"
PINS = HERE / "requirements" / "firmware.txt"


def pinned():
    """The installed distributions that requirements/firmware.txt names; ends the build where one is not the pinned."""
    found = []
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)$", PINS.read_text("utf-8"), re.M):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            sys.exit(f"formclip: the wheel takes {name} {version} along, which is not installed here; run `make wheel`")
        if distribution.version != version:
            sys.exit(f"formclip: {name} {distribution.version} is here, {version} is pinned; run `make wheel`")
        found.append(distribution)
    return found


class Build(build_py):
    """The modules, and in a wheel what the firmware is made of."""

    def run(self):
        # What an earlier build left would travel along, modules that have gone since too.
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            self.carry(Path(self.build_lib) / CARRIED)

    def carry(self, to):
        device = HERE / "device"
        for path in sorted(device.rglob("*")):
            if path.suffix in (".py", ".toml"):
                self.take(path, to / "device" / path.relative_to(device))
        for distribution in pinned():
            licences = 0
            for file in distribution.files or ():
                if file.suffix == ".py":
                    self.take(Path(file.locate()), to / "libraries" / file)
                elif file.name.startswith("LICEN"):
                    self.take(Path(file.locate()), to / "licences" / distribution.name / file.name)
                    licences += 1
            if not licences:
                sys.exit(f"formclip: {distribution.name} came without its licence")

    def take(self, path, to):
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


setup(cmdclass={"build_py": Build})
