#!/usr/bin/env bash
# Compares with the peers: merges, pre-tokens, IDs, checkpoints and logits. Makes its own Python
# environment. Takes corpora/ if `make corpora` made it; without it, builds the languages that it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/install-dependencies.sh --for interop
python=$(Scripts/peers.sh)
if ! [ -f corpora/MANIFEST.json ]; then make --silent corpora; fi

tessera=.build/release/tessera
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Three scripts, whole lines, six megabytes of each.
for language in en ru ja; do
  head --bytes=6500000 "corpora/$language.txt" | LC_ALL=C sed '$d' > "$work/$language.txt"
done

failed=0
section() { printf '\n== %s\n' "$1"; }

section "Trained merges: tokenizers, rustbpe"
"$python" Scripts/interop/compare-training.py "$tessera" "$work"/{en,ru,ja}.txt || failed=1

section "Pre-tokens: tokenizers"
swift build -c release --package-path Benchmarks --product bench >&2
"$python" Scripts/interop/compare-splitting.py --count 20000 Benchmarks/.build/release/bench \
  "$work"/{en,ru,ja}.txt || failed=1

section "IDs on whole corpora: tiktoken, tokenizers"
"$python" Scripts/interop/compare-encoding.py "$tessera" "$work"/{en,ru,ja}.txt || failed=1

section "SentencePiece models: sentencepiece, tokenizers"
"$python" Scripts/interop/compare-sentencepiece.py "$tessera" "$work"/{en,ru,ja}.txt || failed=1

section "Conversions: tokenizers, transformers, tiktoken, mistral-common"
"$python" Scripts/interop/compare-conversions.py "$tessera" --tokenizer models/base-en \
  --tokenizer Tests/Fixtures/tekken/tekken.json --tokenizer Tests/Fixtures/tokenizers/qwen2.json \
  "$work"/{en,ru,ja}.txt || failed=1

section "Shards of tokens: tokenizers, numpy"
"$python" Scripts/interop/compare-shards.py "$tessera" --tokenizer models/base-en \
  "$work"/{en,ru}.txt || failed=1

section "Parts of tokenizer.json: tokenizers"
"$python" Scripts/interop/compare-pipelines.py "$tessera" "$work"/{en,ru,ja}.txt || failed=1

section "Checkpoints: safetensors, transformers"
"$tessera" extend --quiet --model models/base-en --corpus corpora-samples/hi --paragraphs \
  --new-tokens 300 --output "$work/extended"
"$python" Scripts/interop/compare-checkpoints.py "$work/extended" --base models/base-en || failed=1
"$tessera" adapt --quiet --model models/base-en --corpus corpora-samples/hi --paragraphs \
  --replay corpora-samples/en --steps 20 --max-forget 1 --output "$work/adapted"
"$python" Scripts/interop/compare-checkpoints.py "$work/adapted" || failed=1

section "Merged models: the definitions, in torch"
"$python" Scripts/interop/compare-merging.py "$tessera" --model models/base-en || failed=1

section "Families: transformers"
"$python" Scripts/interop/compare-families.py "$tessera" "$work/en.txt" "$work/ru.txt" || failed=1

section "Encoders: transformers"
"$python" Scripts/interop/compare-encoders.py "$tessera" "$work/en.txt" "$work/ru.txt" || failed=1

section "Logits: transformers"
"$python" Scripts/interop/compare-logits.py "$tessera" --families "$work/en.txt" \
  models/base-en corpora-samples/en/nature-farming.txt \
  "$work/adapted" corpora-samples/hi/daily-life.txt || failed=1

section "Word vectors, WECHSEL, FOCUS: fasttext, wechsel, deepfocus"
head --bytes=6500000 corpora/hi.txt | LC_ALL=C sed '$d' > "$work/hi.txt"
vector_python=$(Scripts/vector-peers.sh)
"$vector_python" Scripts/interop/compare-vectors.py "$tessera" --model models/base-en \
  --source "$work/en.txt" --target "$work/hi.txt" || failed=1

exit "$failed"
