#!/usr/bin/env bash
# build.sh DIR BOARD OUT: formclip frozen into the checkout in DIR, built for xiao, feather or sox, and put into OUT as
# formclip-BOARD-BUILD.uf2 with its digest beside it. FORMCLIP is the command, formclip when not given.
set -euo pipefail
. "$(dirname "$0")/versions.sh"
dir=${1:?build.sh DIR BOARD OUT} board=${2:?build.sh DIR BOARD OUT} out=${3:?build.sh DIR BOARD OUT}
gcc=$(arm-none-eabi-gcc -dumpversion)
if [ "${gcc%%.*}" -lt "$LEAST_GCC" ]; then
  echo "arm-none-eabi-gcc is $gcc, CircuitPython $CIRCUITPYTHON needs $LEAST_GCC: toolchain.sh fetches one" >&2
  exit 1
fi
told=$("${FORMCLIP:-formclip}" freeze "$dir" --board "$board" --json)
field() { printf '%s' "$told" | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
printf '%s' "$told" | python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["commands"]))' |
  while read -r command; do
    echo "+ $command"
    $command </dev/null
  done
mkdir -p "$out"
name=formclip-$board-$(field build).uf2
cp "$(field firmware)" "$out/$name"
cd "$out"
sha256sum "$name" >"$name.sha256"
echo "$out/$name"
