// Merges up to sixteen tokens in two registers; see include/CTesseraKernels.h.
//
// One register has the tokens, the other one the rank of each token with the one behind it. A merge
// takes one place out of both. The table of pairs is the one of PairTable.swift, which says what its
// entries are.

#include "CTesseraKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,bmi,bmi2")))
#define INLINE_TARGET __attribute__((target("avx512f,avx512dq,bmi,bmi2"), always_inline))

enum { HASH_BITS = 48, RANK_BITS = 24, NO_RANK = (1 << RANK_BITS) - 1 };

INLINE_TARGET static inline uint32_t rank_from(const struct tk_pair_table *table, uint64_t hash) {
  const uint64_t bits = table->slot_bits;
  const uint64_t index = hash >> (HASH_BITS - 2 - bits);
  if (!(table->filter[index >> 6] >> (index & 63) & 1)) return NO_RANK;
  uint64_t slot = hash >> (HASH_BITS - bits);
  uint64_t key = hash << (16 + bits) >> RANK_BITS;
  const uint64_t farthest = key | ((1ull << (bits - 8)) - 1);
  for (;;) {
    const uint64_t entry = table->entries[slot];
    if (entry >> RANK_BITS == key || entry == ~0ull) return (uint32_t)entry & NO_RANK;
    if (key == farthest) return NO_RANK;
    slot = (slot + 1) & ((1ull << bits) - 1);
    key += 1;
  }
}

INLINE_TARGET static inline uint32_t rank_of(const struct tk_pair_table *table, uint32_t left,
                                             uint32_t right) {
  const uint64_t pair = (uint64_t)left << 24 | right;
  return rank_from(table, pair * table->multiplier & ((1ull << HASH_BITS) - 1));
}

// The ranks of eight pairs, of which those of `wanted` are looked up.
INLINE_TARGET static inline __m256i ranks_of(const struct tk_pair_table *table, __m256i left,
                                             __m256i right, __mmask8 wanted) {
  const uint64_t bits = table->slot_bits;
  const __m512i pair = _mm512_or_si512(_mm512_slli_epi64(_mm512_cvtepu32_epi64(left), 24),
                                       _mm512_cvtepu32_epi64(right));
  const __m512i hash =
      _mm512_and_si512(_mm512_mullo_epi64(pair, _mm512_set1_epi64((int64_t)table->multiplier)),
                       _mm512_set1_epi64((1ll << HASH_BITS) - 1));
  const __m512i none = _mm512_set1_epi64(NO_RANK);
  // The filter.
  const __m512i index = _mm512_srl_epi64(hash, _mm_cvtsi64_si128((int64_t)(HASH_BITS - 2 - bits)));
  const __m512i word = _mm512_mask_i64gather_epi64(
      _mm512_setzero_si512(), wanted, _mm512_srli_epi64(index, 6), table->filter, 8);
  const __m512i bit = _mm512_and_si512(index, _mm512_set1_epi64(63));
  const __mmask8 possible =
      _mm512_test_epi64_mask(_mm512_srlv_epi64(word, bit), _mm512_set1_epi64(1));
  // The entries where the search begins.
  const __m512i slot = _mm512_srl_epi64(hash, _mm_cvtsi64_si128((int64_t)(HASH_BITS - bits)));
  const __m512i key = _mm512_srli_epi64(
      _mm512_sll_epi64(hash, _mm_cvtsi64_si128((int64_t)(16 + bits))), RANK_BITS);
  const __m512i entry = _mm512_mask_i64gather_epi64(_mm512_set1_epi64(-1), possible, slot,
                                                    table->entries, 8);
  const __mmask8 found = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(entry, RANK_BITS), key);
  const __mmask8 free = _mm512_cmpeq_epi64_mask(entry, _mm512_set1_epi64(-1));
  __m512i ranks = _mm512_mask_and_epi64(none, found, entry, none);
  // What is neither there nor absent is further on.
  __mmask8 open = possible & (__mmask8)~(found | free);
  while (open) {
    const int lane = __builtin_ctz(open);
    uint64_t hashes[8];
    _mm512_storeu_si512(hashes, hash);
    ranks = _mm512_mask_mov_epi64(ranks, (__mmask8)(1 << lane),
                                  _mm512_set1_epi64(rank_from(table, hashes[lane])));
    open &= (__mmask8)(open - 1);
  }
  return _mm512_cvtepi64_epi32(ranks);
}

INLINE_TARGET static inline uint32_t lane_of(__m512i vector, int lane) {
  return (uint32_t)_mm_cvtsi128_si32(
      _mm512_castsi512_si128(_mm512_permutexvar_epi32(_mm512_set1_epi32(lane), vector)));
}

TARGET static int64_t merge_avx512(uint32_t *memory, int64_t count,
                                   const struct tk_pair_table *table) {
  if (count < 2) return count;
  const __m512i none = _mm512_set1_epi32(NO_RANK);
  __m512i tokens = _mm512_maskz_loadu_epi32((__mmask16)((1u << count) - 1), memory);
  const __m512i behind = _mm512_maskz_compress_epi32(0xFFFE, tokens);
  const uint32_t pairs = (1u << (count - 1)) - 1;
  __m512i ranks = _mm512_inserti64x4(
      none,
      ranks_of(table, _mm512_castsi512_si256(tokens), _mm512_castsi512_si256(behind),
               (__mmask8)pairs),
      0);
  if (pairs >> 8) {
    ranks = _mm512_inserti64x4(ranks,
                               ranks_of(table, _mm512_extracti64x4_epi64(tokens, 1),
                                        _mm512_extracti64x4_epi64(behind, 1),
                                        (__mmask8)(pairs >> 8)),
                               1);
  }
  for (;;) {
    const uint32_t best = _mm512_reduce_min_epu32(ranks);
    if (best == NO_RANK) break;
    const int at =
        __builtin_ctz(_mm512_cmpeq_epi32_mask(ranks, _mm512_set1_epi32((int32_t)best)));
    const uint32_t merged = table->results ? table->results[best] : best;
    const __mmask16 here = (__mmask16)(1u << at);
    const __mmask16 kept = (__mmask16)~(2u << at);
    tokens = _mm512_mask_mov_epi32(tokens, here, _mm512_set1_epi32((int32_t)merged));
    tokens = _mm512_maskz_compress_epi32(kept, tokens);
    ranks = _mm512_mask_compress_epi32(none, kept, ranks);
    count -= 1;
    uint32_t after = NO_RANK;
    if (at + 1 < count) after = rank_of(table, merged, lane_of(tokens, at + 1));
    if (at > 0) {
      const uint32_t before = rank_of(table, lane_of(tokens, at - 1), merged);
      ranks = _mm512_mask_mov_epi32(ranks, here >> 1, _mm512_set1_epi32((int32_t)before));
    }
    ranks = _mm512_mask_mov_epi32(ranks, here, _mm512_set1_epi32((int32_t)after));
  }
  _mm512_mask_storeu_epi32(memory, (__mmask16)((1u << count) - 1), tokens);
  return count;
}

tk_merge tk_merge_for(enum tk_instruction_set set) {
  if (set != TK_AVX512 || tk_best_instruction_set() != TK_AVX512) return 0;
  return __builtin_cpu_supports("bmi2") ? merge_avx512 : 0;
}

#else

tk_merge tk_merge_for(enum tk_instruction_set set) {
  (void)set;
  return 0;
}

#endif
