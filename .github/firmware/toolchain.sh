#!/usr/bin/env bash
# toolchain.sh DIR: Arm's compiler into DIR, checked by Arm's own digest; prints the folder of its programs.
set -euo pipefail
. "$(dirname "$0")/versions.sh"
dir=${1:?toolchain.sh DIR}
name=arm-gnu-toolchain-$ARM-$(uname -m)-arm-none-eabi
if [ ! -x "$dir/$name/bin/arm-none-eabi-gcc" ]; then
  mkdir -p "$dir"
  cd "$dir"
  curl -fsSL --retry 3 -O "$ARM_URL/$name.tar.xz"
  curl -fsSL --retry 3 -O "$ARM_URL/$name.tar.xz.sha256asc"
  sha256sum --check --quiet "$name.tar.xz.sha256asc" >&2
  tar xf "$name.tar.xz"
  rm "$name.tar.xz" "$name.tar.xz.sha256asc"
  cd - >/dev/null
fi
echo "$(cd "$dir" && pwd)/$name/bin"
