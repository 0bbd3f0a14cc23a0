#!/usr/bin/env bash
# Measures Tessera against its peers, all in one run; `Benchmarks/run.sh --help` lists the options.
set -euo pipefail
cd "$(dirname "$0")/.."

# An inherited pin makes OpenBLAS use older kernels at half the speed.
unset OPENBLAS_CORETYPE

Scripts/install-dependencies.sh --for bench
python=$(Scripts/peers.sh)
swift build -c release --product tessera >&2
swift build -c release --package-path Benchmarks --product bench >&2
exec "$python" Benchmarks/compare.py --date "$(date +%F)" \
  --tessera .build/release/tessera --bench Benchmarks/.build/release/bench "$@"
