#!/usr/bin/env bash
# attach.sh TAG DIR: the files in DIR to the release of TAG on GitHub, which is made where there is none.
set -euo pipefail
tag=${1:?attach.sh TAG DIR} dir=${2:?attach.sh TAG DIR}
gh release view "$tag" >/dev/null 2>&1 || gh release create "$tag" --verify-tag --title "$tag" --generate-notes
gh release upload "$tag" "$dir"/formclip-*.uf2 "$dir"/formclip-*.uf2.sha256 --clobber
