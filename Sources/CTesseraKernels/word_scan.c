// Finds the ends of pre-tokens in plain ASCII, 64 bytes at a time; see include/CTesseraKernels.h.
//
// Each class of characters is a number of 64 bits, one for each byte of a window that begins where a
// pre-token does. Whether two neighbors belong together depends on their classes and on at most the
// one before and the one behind them, so the ends of a window come out of a few shifts. The window
// stops at what is not plain, or asks for more than that; the ends before it stand.
//
//   L lower or upper   D digit   P other graphic   S space   N line feed   plain: any of these

#include "CTesseraKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

struct window {
  uint64_t lower, upper, digit, graphic, space, feed, apostrophe, slash;
};

// The bytes from `first` to `first + span` are those that are at most `span` after subtracting.
#define TARGET512 __attribute__((target("avx512f,avx512bw,bmi,bmi2"), always_inline))
#define TARGET256 __attribute__((target("avx2,bmi,bmi2"), always_inline))

TARGET512 static inline uint64_t within512(__m512i bytes, char first, char span) {
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(first)),
                                _mm512_set1_epi8(span));
}

TARGET512 static inline struct window window512(const uint8_t *text) {
  const __m512i bytes = _mm512_loadu_si512(text);
  return (struct window){
      .lower = within512(bytes, 'a', 25),
      .upper = within512(bytes, 'A', 25),
      .digit = within512(bytes, '0', 9),
      .graphic = within512(bytes, '!', '~' - '!'),
      .space = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(' ')),
      .feed = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')),
      .apostrophe = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\'')),
      .slash = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('/')),
  };
}

TARGET256 static inline uint64_t mask256(__m256i low, __m256i high) {
  return (uint32_t)_mm256_movemask_epi8(low) |
         (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

TARGET256 static inline __m256i half_within256(__m256i bytes, char first, char span) {
  const __m256i moved = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(moved, _mm256_set1_epi8(span)), moved);
}

TARGET256 static inline uint64_t within256(__m256i low, __m256i high, char first, char span) {
  return mask256(half_within256(low, first, span), half_within256(high, first, span));
}

TARGET256 static inline uint64_t equal256(__m256i low, __m256i high, char byte) {
  const __m256i wanted = _mm256_set1_epi8(byte);
  return mask256(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

TARGET256 static inline struct window window256(const uint8_t *text) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)text);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(text + 32));
  return (struct window){
      .lower = within256(low, high, 'a', 25),
      .upper = within256(low, high, 'A', 25),
      .digit = within256(low, high, '0', 9),
      .graphic = within256(low, high, '!', '~' - '!'),
      .space = equal256(low, high, ' '),
      .feed = equal256(low, high, '\n'),
      .apostrophe = equal256(low, high, '\''),
      .slash = equal256(low, high, '/'),
  };
}

// Bits of a condition that is the same for the whole window.
#define ALL_IF(condition) ((condition) ? ~UINT64_C(0) : UINT64_C(0))

// The ends in a window: bit i is set if a pre-token ends behind byte i. `*stopped` tells whether
// something in the window needs to be looked at otherwise.
__attribute__((always_inline)) static inline uint64_t ends_in(struct window w, const uint8_t *text,
                                                              uint32_t rules, int *stopped) {
  const uint64_t L = w.lower | w.upper, D = w.digit, S = w.space, N = w.feed, W = S | N;
  const uint64_t P = w.graphic & ~L & ~D & ~(rules & TK_APOSTROPHES ? 0 : w.apostrophe);
  const uint64_t plain = L | D | P | W, solid = L | D | P;

  // White space must be followed by what is known, and the last bit is not.
  uint64_t stops = ~plain | (W & ~(plain >> 1));
  if (rules & TK_SLASHES) stops |= N & w.slash >> 1;
  if (rules & TK_NUMBERS_1_TO_3) {
    const uint64_t three = D & D >> 1 & D >> 2;
    stops |= rules & TK_NUMBERS_1_TO_2 ? three : three & D >> 3;
  }
  // A line feed ends a pre-token before spaces unless another one follows them.
  if (rules & TK_SPLIT_AFTER_FEEDS) {
    for (uint64_t rest = N & S >> 1; rest; rest &= rest - 1) {
      const int feed = __builtin_ctzll(rest);
      const uint64_t behind = ~S & ~UINT64_C(0) << (feed + 1);
      if ((behind & -behind & solid) == 0) stops |= UINT64_C(1) << feed;
    }
  }

  uint64_t joined = (L & L >> 1 & ~(ALL_IF(rules & TK_CASED) & w.lower & w.upper >> 1)) |
                    (P & P >> 1) | (S & (L | P) >> 1) |
                    (D & D >> 1 & ALL_IF(!(rules & TK_NUMBERS_SINGLE))) |
                    (S & D >> 1 & ALL_IF(rules & TK_SPACED_NUMBERS)) |
                    (P & N >> 1 & ALL_IF(rules & TK_FEEDS_BEHIND_OTHERS)) |
                    (P & L >> 1 & ~(P << 1) & ~(S << 1) & ALL_IF(rules & TK_ANY_LEAD));
  const uint64_t lead = rules & TK_NUMBERS_ARE_EDGES ? L | P : solid;
  // The last of several white-space characters is apart before what is not white space; where line
  // feeds split, only spaces come into question.
  if (rules & TK_SPLIT_AFTER_FEEDS)
    joined |= (S & S >> 1 & ~(lead >> 2)) | (W & N >> 1);
  else
    joined |= W & W >> 1 & ~(lead >> 2);

  uint64_t ends = plain & ~joined & plain >> 1;
  *stopped = stops != 0;
  if (!stops) return ends;
  const int stop = __builtin_ctzll(stops);
  // The last bit always stops after white space; that is no reason to look closer.
  *stopped = stop < 63;
  ends &= (UINT64_C(1) << stop) - 1;
  // Before a character of ASCII that is not plain, words and numbers end, but for contractions.
  if (stop > 0 && !(plain >> stop & 1) && text[stop] < 0x80 &&
      !(rules & TK_CASED && text[stop] == '\''))
    ends |= (L | D) & UINT64_C(1) << (stop - 1);
  return ends;
}

#define SCANNER(name, load, features)                                                            \
  __attribute__((target(features))) static int64_t name(                                          \
      const uint8_t *text, int64_t position, int64_t count, uint32_t rules, int64_t *ends,       \
      int64_t room, int64_t *written) {                                                          \
    int64_t n = 0;                                                                               \
    int stopped = 0;                                                                             \
    while (!stopped && count - position > 64 && room - n >= 64) {                                \
      const struct window w = load(text + position);                                             \
      uint64_t found = ends_in(w, text + position, rules, &stopped);                             \
      if (!found) break;                                                                         \
      const int64_t base = position + 1;                                                         \
      position = base + 63 - __builtin_clzll(found);                                             \
      const int64_t last = n + __builtin_popcountll(found);                                      \
      /* Four at a time: there is room for 64, and what is too much is written over. */          \
      while (n < last) {                                                                         \
        for (int i = 0; i < 4; i++) {                                                            \
          ends[n + i] = base + (found ? __builtin_ctzll(found) : 0);                             \
          found &= found - 1;                                                                    \
        }                                                                                        \
        n += 4;                                                                                  \
      }                                                                                          \
      n = last;                                                                                  \
    }                                                                                            \
    *written = n;                                                                                \
    return position;                                                                             \
  }

SCANNER(scan_avx512, window512, "avx512f,avx512bw,bmi,bmi2,lzcnt,popcnt")
SCANNER(scan_avx2, window256, "avx2,bmi,bmi2,lzcnt,popcnt")

tk_word_scanner tk_word_scanner_for(enum tk_instruction_set set) {
  if (set > tk_best_instruction_set() || !__builtin_cpu_supports("bmi2")) return 0;
  return set == TK_AVX512 ? scan_avx512 : set == TK_AVX2 ? scan_avx2 : 0;
}

#else

tk_word_scanner tk_word_scanner_for(enum tk_instruction_set set) {
  (void)set;
  return 0;
}

#endif
