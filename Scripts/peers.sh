#!/usr/bin/env bash
# Prints the Python of an environment in .build/peers that has the peers we compare with, in the
# versions of Benchmarks/peers/requirements.txt. Makes it if it is missing or out of date.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=$PWD/.build/peers
requirements=Benchmarks/peers/requirements.txt
if ! [ -x "$environment/bin/python" ] || ! cmp -s "$requirements" "$environment/installed.txt"; then
  echo "Installing the peers in .build/peers" >&2
  python3 -m venv --clear "$environment" >&2
  "$environment/bin/pip" install --quiet --requirement "$requirements" >&2
  cp "$requirements" "$environment/installed.txt"
fi
echo "$environment/bin/python"
