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

enum { HASH_BITS = 48, RANK_BITS = 24, NO_RANK = (1 << RANK_BITS) - 1, PLACE_BITS = 4 };

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

// The smallest of ranks above their places. Of equal ranks it is that of the first place.
INLINE_TARGET static inline uint32_t smallest_of_8(__m512i ranks) {
  const __m256i keys = _mm256_or_si256(_mm512_castsi512_si256(ranks),
                                       _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
  __m128i least = _mm_min_epu32(_mm256_castsi256_si128(keys), _mm256_extracti128_si256(keys, 1));
  least = _mm_min_epu32(least, _mm_shuffle_epi32(least, 0x4E));
  least = _mm_min_epu32(least, _mm_shuffle_epi32(least, 0xB1));
  return (uint32_t)_mm_cvtsi128_si32(least);
}

INLINE_TARGET static inline uint32_t smallest_of_16(__m512i ranks) {
  return _mm512_reduce_min_epu32(_mm512_or_si512(
      ranks, _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)));
}

// Merges the pair of the smallest rank, if it has one.
INLINE_TARGET static inline int merge_best(__m512i *tokens, __m512i *ranks, int64_t *count,
                                           const struct tk_pair_table *table, uint32_t smallest) {
  const uint32_t best = smallest >> PLACE_BITS;
  if (best == NO_RANK) return 0;
  const int at = smallest & ((1 << PLACE_BITS) - 1);
  const uint32_t merged = table->results ? table->results[best] : best;
  const __mmask16 here = (__mmask16)(1u << at);
  const __mmask16 kept = (__mmask16)~(2u << at);
  const uint32_t left = lane_of(*tokens, at - 1), right = lane_of(*tokens, at + 2);
  *tokens = _mm512_mask_mov_epi32(*tokens, here, _mm512_set1_epi32((int32_t)merged));
  *tokens = _mm512_maskz_compress_epi32(kept, *tokens);
  *ranks = _mm512_mask_compress_epi32(_mm512_set1_epi32(NO_RANK << PLACE_BITS), kept, *ranks);
  *count -= 1;
  uint32_t after = NO_RANK;
  if (at + 1 < *count) after = rank_of(table, merged, right);
  if (at > 0) {
    const uint32_t before = rank_of(table, left, merged);
    *ranks = _mm512_mask_mov_epi32(*ranks, here >> 1,
                                   _mm512_set1_epi32((int32_t)(before << PLACE_BITS)));
  }
  *ranks = _mm512_mask_mov_epi32(*ranks, here, _mm512_set1_epi32((int32_t)(after << PLACE_BITS)));
  return 1;
}

TARGET static int64_t merge_avx512(uint32_t *memory, int64_t count,
                                   const struct tk_pair_table *table) {
  if (count < 2) return count;
  __m512i tokens = _mm512_maskz_loadu_epi32((__mmask16)((1u << count) - 1), memory);
  const __m512i behind = _mm512_maskz_compress_epi32(0xFFFE, tokens);
  const uint32_t pairs = (1u << (count - 1)) - 1;
  __m512i ranks = _mm512_inserti64x4(
      _mm512_set1_epi32(NO_RANK),
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
  ranks = _mm512_slli_epi32(ranks, PLACE_BITS);
  // Eight pairs have their smallest one found sooner.
  while (count > 9 && merge_best(&tokens, &ranks, &count, table, smallest_of_16(ranks))) {
  }
  if (count <= 9) {
    while (merge_best(&tokens, &ranks, &count, table, smallest_of_8(ranks))) {
    }
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
