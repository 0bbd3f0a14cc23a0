// Packs short pre-tokens and computes where they are looked up; see include/CTesseraKernels.h.

#include "CTesseraKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// A load under a mask reads nothing behind a pre-token, so the end of the text needs no care.
__attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2"))) static intptr_t find_slots_avx512(
    const uint8_t *text, intptr_t start, const intptr_t *ends, intptr_t count,
    const struct tk_slots *slots, struct tk_pending_pre_token *pending) {
  const char *entries = slots->entries;
  const uint64_t first_seed = slots->first_seed, second_seed = slots->second_seed;
  const uint64_t shift = slots->shift;
  for (intptr_t i = 0; i < count; i++) {
    const intptr_t end = ends[i];
    const uint64_t size = (uint64_t)(end - start);
    if (size > 15) return i;
    const __m128i bytes =
        _mm_maskz_loadu_epi8((__mmask16)_bzhi_u32(0xFFFF, (uint32_t)size), text + start);
    const uint64_t low = (uint64_t)_mm_cvtsi128_si64(bytes);
    const uint64_t high = (uint64_t)_mm_extract_epi64(bytes, 1) | size << 56;
    const unsigned __int128 product =
        (unsigned __int128)(low ^ first_seed) * (high ^ second_seed);
    const uint64_t slot = ((uint64_t)(product >> 64) ^ (uint64_t)product) >> shift;
    __builtin_prefetch(entries + slot * 32);
    pending[i] = (struct tk_pending_pre_token){low, high, (intptr_t)slot, end};
    start = end;
  }
  return count;
}

tk_slot_finder tk_slot_finder_for(enum tk_instruction_set set) {
  return set == TK_AVX512 && tk_best_instruction_set() == TK_AVX512 &&
                 __builtin_cpu_supports("bmi2")
             ? find_slots_avx512
             : 0;
}

#else

tk_slot_finder tk_slot_finder_for(enum tk_instruction_set set) {
  (void)set;
  return 0;
}

#endif
