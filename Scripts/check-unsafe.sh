#!/usr/bin/env bash
# Only the files in Docs/unsafe-files.txt may say `unsafe`; the list shows a reviewer where to look.
set -euo pipefail
cd "$(dirname "$0")/.."
found=$(git ls-files --cached --others --exclude-standard 'Sources/*.swift' \
  | xargs grep -lwE 'unsafe' | LC_ALL=C sort)
if ! difference=$(diff Docs/unsafe-files.txt <(echo "$found")); then
  echo "the files that say \`unsafe\` are not those of Docs/unsafe-files.txt:" >&2
  echo "$difference" >&2
  exit 1
fi
