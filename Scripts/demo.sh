#!/usr/bin/env bash
# The main job on the built-in model: two languages in two scripts, then one table.
# `--small` trains a few steps only: it shows that everything runs, not what it can do.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE

tessera=.build/release/tessera
output=demo-output
budget=()
if [ "${1:-}" = --small ]; then budget=(--steps 12 --max-forget 1); fi
# So many threads, and the result is the same for any number of them.
echo "Teaching models/base-en (English) two languages, on $(getconf _NPROCESSORS_ONLN) processors."

for language in hi sw; do
  echo
  echo "== $language: corpora-samples/$language, with replay of corpora-samples/en"
  # Status 1: the model is there, and has forgotten more English than it should, as it says itself.
  "$tessera" adapt --model models/base-en --corpus "corpora-samples/$language" --paragraphs \
    --replay corpora-samples/en --output "$output/$language" --force "${budget[@]}" >/dev/null \
    || [ $? -eq 1 ]
done

echo
echo "On paragraphs that the training has never seen, before and after (lower bits/byte is better):"
echo
"$tessera" report "$output/hi" "$output/sw"
echo
echo "The adapted models write:"
"$tessera" generate --quiet --model "$output/hi" --prompt "सुबह" --tokens 40
"$tessera" generate --quiet --model "$output/sw" --prompt "Asubuhi" --tokens 40
echo
echo "Try next:"
echo "  $tessera adapt --model models/base-en --corpus corpora-samples/ko --paragraphs \\"
echo "    --replay corpora-samples/en --output $output/ko"
