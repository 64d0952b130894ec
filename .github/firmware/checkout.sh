#!/usr/bin/env bash
# checkout.sh DIR: CircuitPython's source at the pinned tag into DIR, with what its nordic port needs.
set -euo pipefail
. "$(dirname "$0")/versions.sh"
dir=${1:?checkout.sh DIR}
if [ ! -d "$dir/.git" ]; then
  # the tag itself comes along: a build asks git for it to know its own version
  git clone --quiet --depth 1 --branch "$CIRCUITPYTHON" https://github.com/adafruit/circuitpython "$dir"
fi
make -C "$dir/ports/nordic" fetch-port-submodules
python3 -m pip install --quiet -r "$dir/requirements-dev.txt"
