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

common=(--steps 80 --context 32 --batch-tokens 128 --ema 0.95 --lawa 3 --lawa-interval 10
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
  # state.json tells the time that was taken, and differs.
  awk '/": [{]/ { name = $1 } /"sha256":/ && name !~ /state[.]json/ { print name, $2 }' "$manifest"
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

# Holds a run that was killed against the one that was not.
compare() {
  if ! diff <(digest "$folder/$1") <(digest "$folder/killed") > "$folder/difference"; then
    echo "$1: killed $killed times, and the result differs:" >&2
    head -n 5 "$folder/difference" >&2
    exit 1
  fi
}

for verb in pretrain continue adapt; do
  begin=$(date +%s%N)
  start "$verb" 2 "$folder/$verb"
  finish
  duration=$(( ($(date +%s%N) - begin) / 1000000 ))
  (( killed = 0, ended = 0 )) || true
  while (( killed < kills )); do
    start "$verb" $(( 1 << RANDOM % 3 )) "$folder/killed"
    # Moments from the program's start on, and early enough for several in one run.
    delay=$(( 50 + (RANDOM * 32768 + RANDOM) % (duration * 3 / 5 + 1) ))
    sleep "$(( delay / 1000 )).$(printf %03d $(( delay % 1000 )))"
    builtin kill -KILL "$pid" 2> /dev/null || true
    status=0
    wait "$pid" 2> /dev/null || status=$?
    if (( status == 137 )); then
      killed=$(( killed + 1 ))
    elif (( status == 0 )); then
      # It has come to its end before: that is one more to compare, and the next one begins anew.
      compare "$verb"
      ended=$(( ended + 1 ))
      rm -rf "$folder/killed"
    else
      cat "$folder/messages" >&2
      exit 1
    fi
  done
  start "$verb" 1 "$folder/killed"
  finish
  compare "$verb"
  echo "$verb: killed $killed times in $(( ended + 1 )) runs of $duration ms, and every byte is the same"
  rm -rf "$folder/killed"
done
