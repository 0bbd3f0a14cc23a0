// Finds the ends of pre-tokens in plain ASCII, 64 bytes at a time; see include/CTesseraKernels.h.
//
// Each class of characters is a number of 64 bits, one for each byte of a window that begins where a
// pre-token does. Whether two neighbors belong together depends on their classes and on at most the
// one before and the one behind them, so the ends of a window come out of a few shifts. The window
// stops at what is not plain, or asks for more than that; the ends before it stand.
//
//   L lower or upper   D digit   P other graphic   S space   T tab   B either   N line feed
//   plain: any of these

#include "CTesseraKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

struct window {
  uint64_t lower, upper, digit, graphic, space, tab, feed, apostrophe, slash;
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
      .tab = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\t')),
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
      .tab = equal256(low, high, '\t'),
      .feed = equal256(low, high, '\n'),
      .apostrophe = equal256(low, high, '\''),
      .slash = equal256(low, high, '/'),
  };
}

// Bits of a condition that is the same for the whole window.
#define ALL_IF(condition) ((condition) ? ~UINT64_C(0) : UINT64_C(0))

// What apostrophes do in a window, where a pattern has contractions ('s 't 're 've 'm 'll 'd).
struct contractions {
  uint64_t joined;  // bytes that belong together with the next one
  uint64_t last;    // the last bytes of contractions
  uint64_t unsure;  // apostrophes that need to be looked at otherwise
};

// There are few apostrophes, so each is looked at by itself. A contraction belongs to the cased word
// before it, or else is a pre-token if one begins at the apostrophe; the apostrophe is like other
// characters where neither is so.
static struct contractions contractions_in(uint64_t apostrophes, uint64_t letters, uint64_t others,
                                           uint64_t spaces, const uint8_t *text, int cased) {
  struct contractions found = {0, 0, 0};
  for (uint64_t rest = apostrophes; rest; rest &= rest - 1) {
    const uint64_t apostrophe = rest & -rest, before = apostrophe >> 1;
    if (cased ? !(before & letters) : (before & (others | spaces)) != 0) continue;
    const int index = __builtin_ctzll(rest);
    const uint8_t first = text[index + 1];
    int size = 0;
    switch (first | 0x20) {
      case 's': case 't': case 'm': case 'd': size = 1; break;
      case 'r': case 'v': size = 2; break;
      case 'l': size = 2; break;
      default: if (first < 0x80) continue;
    }
    // Two bytes behind the window's last one need not be there. Other than in lower case it depends
    // on the pattern, and so it does behind another contraction.
    if (index == 63 || first < 'a' || first > 'z' || (cased && before & found.last)) {
      found.unsure |= apostrophe;
      continue;
    }
    if (size == 2 && text[index + 2] != (first == 'l' ? 'l' : 'e')) {
      if ((text[index + 2] | 0x20) == (first == 'l' ? 'l' : 'e')) found.unsure |= apostrophe;
      continue;
    }
    found.joined |= apostrophe | (size == 2 ? apostrophe << 1 : 0) | (cased ? before : 0);
    found.last |= apostrophe << size;
  }
  return found;
}

// The ends in a window: bit i is set if a pre-token ends behind byte i. `*stopped` tells whether
// something in the window needs to be looked at otherwise.
__attribute__((always_inline)) static inline uint64_t ends_in(struct window w, const uint8_t *text,
                                                              uint32_t rules, int *stopped) {
  const uint64_t L = w.lower | w.upper, D = w.digit, S = w.space, N = w.feed, B = S | w.tab;
  const uint64_t W = B | N;
  struct contractions contractions = {0, 0, 0};
  if (!(rules & TK_APOSTROPHES) && w.apostrophe)
    contractions = contractions_in(w.apostrophe, L, w.graphic & ~L & ~D, S, text,
                                   (rules & TK_CASED) != 0);
  const uint64_t P = w.graphic & ~L & ~D & ~contractions.unsure;
  const uint64_t plain = L | D | P | W, solid = L | D | P;

  // White space must be followed by what is known, and the last bit is not.
  uint64_t stops = ~plain | (W & ~(plain >> 1));
  if (rules & TK_SLASHES) stops |= N & w.slash >> 1;
  if (rules & TK_NUMBERS_1_TO_3) {
    const uint64_t three = D & D >> 1 & D >> 2;
    stops |= rules & TK_NUMBERS_1_TO_2 ? three : three & D >> 3;
  }
  // A line feed ends a pre-token before spaces and tabs unless another one follows them. Adding the
  // first bits of such runs to the runs leaves a bit behind each.
  uint64_t edge = 0;
  if (rules & TK_SPLIT_AFTER_FEEDS) {
    uint64_t behind;
    if (__builtin_add_overflow(B, B & N << 1, &behind))
      edge = UINT64_C(1) << (63 - __builtin_clzll(~B));
    behind &= ~B & ~solid;
    for (; behind; behind &= behind - 1)
      stops |= UINT64_C(1) << (63 - __builtin_clzll(~B & ((behind & -behind) - 1)));
  }

  uint64_t joined = (L & L >> 1 & ~(ALL_IF(rules & TK_CASED) & w.lower & w.upper >> 1)) |
                    (P & P >> 1) | (S & (L | P) >> 1) |
                    (D & D >> 1 & ALL_IF(!(rules & TK_NUMBERS_SINGLE))) |
                    (S & D >> 1 & ALL_IF(rules & TK_SPACED_NUMBERS)) |
                    (P & N >> 1 & ALL_IF(rules & TK_FEEDS_BEHIND_OTHERS)) |
                    (((P & ~(P << 1) & ~(S << 1)) | w.tab) & L >> 1 & ALL_IF(rules & TK_ANY_LEAD));
  const uint64_t lead = rules & TK_NUMBERS_ARE_EDGES ? L | P : solid;
  // The last of several white-space characters is apart before what is not white space; where line
  // feeds split, only spaces and tabs come into question.
  if (rules & TK_SPLIT_AFTER_FEEDS)
    joined |= (B & B >> 1 & ~(lead >> 2)) | (W & N >> 1);
  else
    joined |= W & W >> 1 & ~(lead >> 2);

  joined = (joined | contractions.joined) & ~contractions.last;

  uint64_t ends = plain & ~joined & plain >> 1;
  stops |= edge;
  *stopped = stops != 0;
  if (!stops) return ends;
  const int stop = __builtin_ctzll(stops);
  // The last bit always stops after white space; that is no reason to look closer.
  *stopped = stop < 63 && UINT64_C(1) << stop != edge;
  ends &= (UINT64_C(1) << stop) - 1;
  // Before a character of ASCII that is not plain, words and numbers end, but for contractions.
  if (stop > 0 && !(plain >> stop & 1) && text[stop] < 0x80 &&
      !(rules & TK_CASED && text[stop] == '\''))
    ends |= (L | D) & UINT64_C(1) << (stop - 1);
  return ends;
}

// Writes the positions of the bits of `found`, which are counted from `base`. There is room for 64.
__attribute__((target("bmi"), always_inline)) static inline void write_each(int64_t *ends,
                                                                            uint64_t found,
                                                                            int64_t count,
                                                                            int64_t base) {
  // Four at a time; what is too much is written over.
  for (int64_t n = 0; n < count; n += 4) {
    for (int i = 0; i < 4; i++) {
      ends[n + i] = base + (found ? __builtin_ctzll(found) : 0);
      found &= found - 1;
    }
  }
}

#define TARGET_VBMI2 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,bmi2"), always_inline))

// As write_each. Hardly ever more than 24 of 64 bytes end a pre-token.
TARGET_VBMI2 static inline void write_compressed(int64_t *ends, uint64_t found, int64_t count,
                                                 int64_t base) {
  const __m512i first = _mm512_set1_epi64(base);
  const __m512i positions = _mm512_maskz_compress_epi8(
      found, _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46,
                             45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28,
                             27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
                             9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
#define WRITE_EIGHT(part)                                                                       \
  do {                                                                                         \
    const __m128i both = _mm512_extracti32x4_epi32(positions, (part) / 2);                      \
    const __m128i eight = (part) % 2 ? _mm_srli_si128(both, 8) : both;                          \
    _mm512_storeu_si512(ends + 8 * (part),                                                     \
                        _mm512_add_epi64(first, _mm512_cvtepu8_epi64(eight)));                 \
  } while (0)
  WRITE_EIGHT(0);
  WRITE_EIGHT(1);
  WRITE_EIGHT(2);
  if (count <= 24) return;
  WRITE_EIGHT(3);
  WRITE_EIGHT(4);
  WRITE_EIGHT(5);
  WRITE_EIGHT(6);
  WRITE_EIGHT(7);
#undef WRITE_EIGHT
}

#define SCANNER(name, load, write, features)                                                     \
  __attribute__((target(features))) static int64_t name(                                          \
      const uint8_t *text, int64_t position, int64_t count, uint32_t rules, int64_t *ends,       \
      int64_t room, int64_t *written) {                                                          \
    int64_t n = 0;                                                                               \
    int stopped = 0;                                                                             \
    while (!stopped && count - position > 64 && room - n >= 64) {                                \
      const struct window w = load(text + position);                                             \
      const uint64_t found = ends_in(w, text + position, rules, &stopped);                       \
      if (!found) break;                                                                         \
      const int64_t found_count = __builtin_popcountll(found);                                   \
      write(ends + n, found, found_count, position + 1);                                         \
      position += 64 - __builtin_clzll(found);                                                   \
      n += found_count;                                                                          \
    }                                                                                            \
    *written = n;                                                                                \
    return position;                                                                             \
  }

SCANNER(scan_vbmi2, window512, write_compressed,
        "avx512f,avx512bw,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")
SCANNER(scan_avx512, window512, write_each, "avx512f,avx512bw,bmi,bmi2,lzcnt,popcnt")
SCANNER(scan_avx2, window256, write_each, "avx2,bmi,bmi2,lzcnt,popcnt")

tk_word_scanner tk_word_scanner_at(int64_t index) {
  const enum tk_instruction_set best = tk_best_instruction_set();
  tk_word_scanner scanners[4] = {0, 0, 0, 0};
  int64_t count = 0;
  if (__builtin_cpu_supports("bmi2")) {
    if (best >= TK_AVX512 && __builtin_cpu_supports("avx512vbmi2")) scanners[count++] = scan_vbmi2;
    if (best >= TK_AVX512) scanners[count++] = scan_avx512;
    if (best >= TK_AVX2) scanners[count++] = scan_avx2;
  }
  return index < count ? scanners[index] : 0;
}

#else

tk_word_scanner tk_word_scanner_at(int64_t index) {
  (void)index;
  return 0;
}

#endif
