#!/usr/bin/env bash
# Kills a training twenty times at random moments with SIGKILL, resumes it each time, and compares what it leaves
# with a run that was never stopped: the weights, all arrays of the last state, and every line of the metrics, to
# the byte. Does so for `pretrain`, `continue` and `adapt`, with another number of threads after every kill.
#
#   Scripts/kill-and-resume.sh [KILLS] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE

kills=${1:-20}
RANDOM=${2:-1}
tessera=${TESSERA:-.build/release/tessera}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

common=(--steps 200 --context 64 --batch-tokens 256 --ema 0.95 --lawa 3 --lawa-interval 20
  --lookahead 5 --save-every 3 --quiet)
pretrain=(pretrain --size tiny --tokenizer models/base-en --corpus corpora-samples/en --paragraphs)
continue=(continue --run "$folder/pretrain" --corpus corpora-samples/sw --paragraphs)
adapt=(adapt --model models/base-en --corpus corpora-samples/sw --paragraphs --replay corpora-samples/en
  --init subword-mean --new-tokens 200 --max-forget 100)

# What has to be the same: hashes of the arrays, the weights, and the metrics without speeds.
digest() {
  local manifest
  manifest=$(ls -d "$1"/state/step-* | tail -n 1)/MANIFEST.json
  sha256sum < "$1/model.safetensors"
  grep -o '"sha256": "[0-9a-f]*"\|"[a-z0-9-]*\.[a-z0-9]*": {' "$manifest" | grep -v -A 1 state.json
  sed -E 's/"[a-z]+_per_second":[0-9]+,?//g' "$1/metrics.jsonl"
}

# Runs a verb with a number of threads in a folder; sets `pid`.
start() {
  local verb=$1 threads=$2 output=$3
  local -n arguments=$verb
  "$tessera" "${arguments[@]}" "${common[@]}" --threads "$threads" --output "$output" --resume \
    > /dev/null 2> "$folder/messages" &
  pid=$!
}

finish() {
  wait "$pid" || { cat "$folder/messages" >&2; exit 1; }
}

for verb in pretrain continue adapt; do
  begin=$(date +%s%N)
  start "$verb" 2 "$folder/$verb"
  finish
  duration=$(( ($(date +%s%N) - begin) / 1000000 ))
  killed=0
  for (( kill = 1; kill <= kills; kill++ )); do
    start "$verb" $(( 1 << RANDOM % 3 )) "$folder/killed"
    # Moments from the program's start on; a share of the run, for else it would be done after a few.
    delay=$(( 50 + (RANDOM * 32768 + RANDOM) % (duration / 4 + 1) ))
    sleep "$(( delay / 1000 )).$(printf %03d $(( delay % 1000 )))"
    if builtin kill -KILL "$pid" 2> /dev/null; then killed=$(( killed + 1 )); fi
    wait "$pid" 2> /dev/null || true
  done
  start "$verb" 1 "$folder/killed"
  finish
  if ! diff <(digest "$folder/$verb") <(digest "$folder/killed") > "$folder/difference"; then
    echo "$verb: killed $killed times, and the result differs:" >&2
    head -n 5 "$folder/difference" >&2
    exit 1
  fi
  echo "$verb: killed $killed times in a run of $duration ms, and every byte is the same"
  rm -rf "$folder/killed"
done
