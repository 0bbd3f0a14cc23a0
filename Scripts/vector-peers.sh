#!/usr/bin/env bash
# Prints the Python of an environment in .build/vector-peers that has, on top of the peers of peers.sh,
# those for methods that go by word vectors. Their metadata ask for a package that only the sources of
# fasttext-wheel are called, so nothing but what is listed is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

peers=$(Scripts/peers.sh)
environment=$PWD/.build/vector-peers
requirements=Benchmarks/peers/vector-requirements.txt
if ! [ -x "$environment/bin/python" ] || ! cmp -s "$requirements" "$environment/installed.txt"; then
  echo "Installing the peers for word vectors in .build/vector-peers" >&2
  "$peers" -m venv --clear "$environment" >&2
  where='import sysconfig; print(sysconfig.get_path("purelib"))'
  "$peers" -c "$where" > "$("$environment/bin/python" -c "$where")/peers.pth"
  "$environment/bin/pip" install --quiet --no-deps --requirement "$requirements" >&2
  cp "$requirements" "$environment/installed.txt"
fi
echo "$environment/bin/python"
