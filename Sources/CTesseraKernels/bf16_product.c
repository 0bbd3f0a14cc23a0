// Products of matrices in bf16, sums in f32: what training multiplies weights and activations with.
//
// A processor multiplies twice as many numbers in bf16 as in f32 with AVX-512 BF16, and up to sixteen times
// as many on the tiles of AMX. Both read factors in blocks of 16 rows by 32 components, 1 KiB, the blocks of 16
// rows one after the other:
//
//   left:    the components of the first row, those of the second row, ...
//   right:   components 0 and 1 of each row, components 2 and 3 of each row, ...
//
// Rows and components that do not fill a block are zero. Nobody reads a matrix across its rows then, wherever
// its numbers came from, and those of one product follow each other in memory.
//
// Intel, "Architecture Instruction Set Extensions Programming Reference", chapter 3, AMX; Goto and van de
// Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, for the order of the loops.

#include "CTesseraKernels.h"
#include "tiles.h"

// Rows of a block, its components, and its numbers.
#define ROWS TK_BF16_BLOCK_ROWS
#define COMPONENTS TK_BF16_BLOCK_WIDTH
#define BLOCK (ROWS * COMPONENTS)

#if defined(__x86_64__) && defined(__linux__)

#define UNROLL _Pragma("clang loop unroll(full)")
#define WITH_VECTORS __attribute__((target("avx512f,avx512bw,avx512bf16")))
#define WITH_TILES __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512bf16")))
#define ALWAYS_INLINE __attribute__((always_inline)) static inline

int tk_has_bf16_vectors(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
}

static int64_t block_count(int64_t count, int64_t size) { return (count + size - 1) / size; }

// The numbers of a packed row.
static int64_t packed_length(int64_t width) { return block_count(width, COMPONENTS) * COMPONENTS; }

// Factors are packed with AVX-512.
int tk_enable_bf16_tiles(void) { return tk_has_bf16_vectors() && request_tiles(TILES_OF_BF16); }

// The first `count` of 16 numbers.
WITH_VECTORS ALWAYS_INLINE __mmask16 first(int64_t count) {
  return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

// Up to 32 components of a row.
WITH_VECTORS ALWAYS_INLINE __m512i components(const float *values, int64_t count) {
  const __m512 low = _mm512_maskz_loadu_ps(first(count), values);
  const __m512 high = _mm512_maskz_loadu_ps(first(count - 16), values + 16);
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// Two components of up to 16 rows, which are the columns of the matrix, pair by pair.
WITH_VECTORS ALWAYS_INLINE __m512i pairs(const float *values, int64_t stride, int64_t rows,
                                         int has_second) {
  const __m512 even = _mm512_maskz_loadu_ps(first(rows), values);
  const __m512 odd = _mm512_maskz_loadu_ps(has_second ? first(rows) : 0, values + stride);
  const __m512i interleaved =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                       21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(interleaved, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

// Turns 16 rows of 16 pairs into 16 pairs of 16 rows, and back.
WITH_VECTORS ALWAYS_INLINE void transpose(__m512i rows[ROWS]) {
  __m512i groups[ROWS];
  UNROLL for (int i = 0; i < ROWS; i += 4) {
    const __m512i a = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    const __m512i b = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    const __m512i c = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
    const __m512i d = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);
    // Quarter q of group i + j has column 4 q + j of rows i to i + 3.
    groups[i] = _mm512_unpacklo_epi64(a, c);
    groups[i + 1] = _mm512_unpackhi_epi64(a, c);
    groups[i + 2] = _mm512_unpacklo_epi64(b, d);
    groups[i + 3] = _mm512_unpackhi_epi64(b, d);
  }
  UNROLL for (int j = 0; j < 4; j++) {
    const __m512i a = _mm512_shuffle_i32x4(groups[j], groups[4 + j], 0x44);
    const __m512i b = _mm512_shuffle_i32x4(groups[j], groups[4 + j], 0xee);
    const __m512i c = _mm512_shuffle_i32x4(groups[8 + j], groups[12 + j], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(groups[8 + j], groups[12 + j], 0xee);
    rows[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    rows[4 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    rows[8 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    rows[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
}

// Blocks whose rows are rows of the matrix.
WITH_VECTORS ALWAYS_INLINE void pack_rows(const int is_right, uint16_t *packed, int64_t length,
                                          const float *values, int64_t stride, int64_t rows,
                                          int64_t width) {
  for (int64_t r = 0; r < rows; r += ROWS) {
    for (int64_t i = 0; i < width; i += COMPONENTS) {
      __m512i block[ROWS];
      UNROLL for (int j = 0; j < ROWS; j++)
        block[j] = r + j < rows ? components(values + (r + j) * stride + i, width - i)
                                : _mm512_setzero_si512();
      if (is_right) transpose(block);
      uint16_t *target = packed + r * length + i * ROWS;
      UNROLL for (int j = 0; j < ROWS; j++)
        _mm512_storeu_si512(target + j * COMPONENTS, block[j]);
    }
  }
}

// Blocks whose rows are columns of the matrix, which is still read row by row.
WITH_VECTORS ALWAYS_INLINE void pack_columns(const int is_right, uint16_t *packed, int64_t length,
                                             const float *values, int64_t stride, int64_t rows,
                                             int64_t width) {
  for (int64_t i = 0; i < width; i += COMPONENTS) {
    for (int64_t r = 0; r < rows; r += ROWS) {
      __m512i block[ROWS];
      UNROLL for (int j = 0; j < ROWS; j++) {
        const int64_t even = i + 2 * j;
        block[j] = even < width
                       ? pairs(values + even * stride + r, stride, rows - r, even + 1 < width)
                       : _mm512_setzero_si512();
      }
      if (!is_right) transpose(block);
      uint16_t *target = packed + r * length + i * ROWS;
      UNROLL for (int j = 0; j < ROWS; j++)
        _mm512_storeu_si512(target + j * COMPONENTS, block[j]);
    }
  }
}

WITH_VECTORS void tk_bf16_pack_left(uint16_t *packed, int64_t length, const float *values,
                                    int64_t stride, int64_t rows, int64_t width, int transposed) {
  if (transposed)
    pack_columns(0, packed, length, values, stride, rows, width);
  else
    pack_rows(0, packed, length, values, stride, rows, width);
}

WITH_VECTORS void tk_bf16_pack_right(uint16_t *packed, int64_t length, const float *values,
                                     int64_t stride, int64_t rows, int64_t width, int transposed) {
  if (transposed)
    pack_columns(1, packed, length, values, stride, rows, width);
  else
    pack_rows(1, packed, length, values, stride, rows, width);
}

// Part of a product: `rows` by `columns` numbers of the output and `width` components of the factors, whose
// blocks of rows are `length` * ROWS numbers apart.
struct part {
  float *output;
  int64_t stride;
  const uint16_t *left, *right;
  int64_t length, rows, columns, width;
  // Whether sums run on from the output.
  int keep;
};

// Up to some rows by some times 16 columns. The output is asked for early, since its rows may lie far apart.
WITH_VECTORS ALWAYS_INLINE void vector_part(const int rows, const int vectors, struct part p) {
  __m512 sums[8][3];
  __mmask16 masks[3];
  UNROLL for (int c = 0; c < vectors; c++) masks[c] = first(p.columns - c * ROWS);
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int c = 0; c < vectors; c++) {
      if (r < p.rows) __builtin_prefetch(p.output + r * p.stride + c * ROWS, 1);
      sums[r][c] = p.keep && r < p.rows
                       ? _mm512_maskz_loadu_ps(masks[c], p.output + r * p.stride + c * ROWS)
                       : _mm512_setzero_ps();
    }
  }
  const uint16_t *left = p.left, *right = p.right;
  for (int64_t i = 0; i < p.width; i += COMPONENTS) {
    _Pragma("clang loop unroll_count(4)") for (int pair = 0; pair < COMPONENTS; pair += 2) {
      __m512bh factors[3];
      UNROLL for (int c = 0; c < vectors; c++)
        factors[c] =
            (__m512bh)_mm512_loadu_si512(right + c * p.length * ROWS + pair * ROWS);
      UNROLL for (int r = 0; r < rows; r++) {
        int32_t bits;
        __builtin_memcpy(&bits, left + r * COMPONENTS + pair, 4);
        const __m512bh factor = (__m512bh)_mm512_set1_epi32(bits);
        UNROLL for (int c = 0; c < vectors; c++)
          sums[r][c] = _mm512_dpbf16_ps(sums[r][c], factor, factors[c]);
      }
    }
    left += BLOCK;
    right += BLOCK;
  }
  UNROLL for (int r = 0; r < rows; r++) {
    if (r >= p.rows) break;
    UNROLL for (int c = 0; c < vectors; c++)
      _mm512_mask_storeu_ps(p.output + r * p.stride + c * ROWS, masks[c], sums[r][c]);
  }
}

// 24 vectors of sums, three of one factor and one of the other leave four of the 32 registers. Factors are packed
// in blocks of 16 rows, so that a part has 8 rows or fewer of one block.
WITH_VECTORS ALWAYS_INLINE void vector_rows(const int rows, struct part p) {
  if (p.columns > 2 * ROWS)
    vector_part(rows, 3, p);
  else if (p.columns > ROWS)
    vector_part(rows, 2, p);
  else
    vector_part(rows, 1, p);
}

#define VECTOR_PART_ROWS 8
#define VECTOR_PART_COLUMNS 48
// Columns of so many components (288 KiB) stay in the second cache, which is fast enough: fewer, that would stay in
// the first one, took 5 % longer on a Zen 5, since sums are loaded and stored more often.
#define VECTOR_PART_WIDTH 3072

WITH_VECTORS static void multiply_by_vectors(struct part p) {
  if (p.rows > 4)
    vector_rows(8, p);
  else if (p.rows > 1)
    vector_rows(4, p);
  else
    vector_rows(1, p);
}

// Up to one or two tiles of rows by one or two of columns: 0 to 3 hold sums, 4 and 5 rows of the left
// factor, 6 and 7 rows of the right one.
WITH_TILES ALWAYS_INLINE void tile_part(const int tall, const int wide, struct part p) {
  // Tiles that reach beyond the output are copied.
  float copy[2 * ROWS][2 * ROWS] __attribute__((aligned(64)));
  const int rows = tall ? 2 * ROWS : ROWS, columns = wide ? 2 * ROWS : ROWS;
  const int is_whole = p.rows >= rows && p.columns >= columns;
  float *sums = is_whole ? p.output : copy[0];
  const int64_t stride = is_whole ? p.stride : 2 * ROWS, size = stride * (int64_t)sizeof(float);
  if (p.keep) {
    if (!is_whole)
      for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c += ROWS)
          _mm512_store_ps(copy[r] + c,
                          _mm512_maskz_loadu_ps(r < p.rows ? first(p.columns - c) : 0,
                                                p.output + r * p.stride + c));
    _tile_loadd(0, sums, size);
    if (wide) _tile_loadd(1, sums + ROWS, size);
    if (tall) _tile_loadd(2, sums + ROWS * stride, size);
    if (tall && wide) _tile_loadd(3, sums + ROWS * stride + ROWS, size);
  } else {
    _tile_zero(0);
    if (wide) _tile_zero(1);
    if (tall) _tile_zero(2);
    if (tall && wide) _tile_zero(3);
  }
  const uint16_t *left = p.left, *right = p.right;
  const int64_t next = p.length * ROWS;
  for (int64_t i = 0; i < p.width; i += COMPONENTS) {
    _tile_loadd(4, left, 64);
    _tile_loadd(6, right, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (wide) {
      _tile_loadd(7, right + next, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (tall) {
      _tile_loadd(5, left + next, 64);
      _tile_dpbf16ps(2, 5, 6);
    }
    if (tall && wide) _tile_dpbf16ps(3, 5, 7);
    left += BLOCK;
    right += BLOCK;
  }
  _tile_stored(0, sums, size);
  if (wide) _tile_stored(1, sums + ROWS, size);
  if (tall) _tile_stored(2, sums + ROWS * stride, size);
  if (tall && wide) _tile_stored(3, sums + ROWS * stride + ROWS, size);
  if (!is_whole)
    for (int r = 0; r < rows && r < p.rows; r++)
      for (int c = 0; c < columns; c += ROWS)
        _mm512_mask_storeu_ps(p.output + r * p.stride + c, first(p.columns - c),
                              _mm512_load_ps(copy[r] + c));
}

#define TILE_PART_ROWS 32
#define TILE_PART_COLUMNS 32
// Tiles read 64 bytes a cycle: columns of so many components (24 KiB) stay in the first cache. Not tuned yet.
#define TILE_PART_WIDTH 384

WITH_TILES static void multiply_by_tiles(struct part p) {
  const int tall = p.rows > ROWS, wide = p.columns > ROWS;
  if (tall && wide)
    tile_part(1, 1, p);
  else if (tall)
    tile_part(1, 0, p);
  else if (wide)
    tile_part(0, 1, p);
  else
    tile_part(0, 0, p);
}

// Rows and columns of the output that are computed together: those of the factors and of the output stay in the
// second cache.
#define OUTER_ROWS 256
#define OUTER_COLUMNS 192

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Calls `multiply` for parts of a product with some components at most: those of the same columns one after the
// other, then the next columns, then the next components.
ALWAYS_INLINE void for_each_part(void (*multiply)(struct part), int64_t part_rows,
                                 int64_t part_columns, int64_t part_width, struct part whole) {
  const int64_t pieces = block_count(whole.width, part_width);
  const int64_t depth = pieces > 0 ? packed_length(block_count(whole.width, pieces)) : 1;
  for (int64_t top = 0; top < whole.rows; top += OUTER_ROWS) {
    const int64_t bottom = smaller(top + OUTER_ROWS, whole.rows);
    for (int64_t start = 0; start < whole.columns; start += OUTER_COLUMNS) {
      const int64_t end = smaller(start + OUTER_COLUMNS, whole.columns);
      // Once without components, too: the sums are zero then.
      for (int64_t i = 0; i == 0 || i < whole.width; i += depth) {
        for (int64_t c = start; c < end; c += part_columns) {
          for (int64_t r = top; r < bottom; r += part_rows) {
            struct part part = whole;
            part.output += r * whole.stride + c;
            part.left += r / ROWS * ROWS * whole.length + i * ROWS + r % ROWS * COMPONENTS;
            part.right += c * whole.length + i * ROWS;
            part.rows = smaller(part_rows, bottom - r);
            part.columns = smaller(part_columns, end - c);
            part.width = smaller(depth, whole.width - i);
            part.keep = whole.keep || i > 0;
            multiply(part);
          }
        }
      }
    }
  }
}

WITH_VECTORS void tk_bf16_vector_product(float *output, int64_t output_stride,
                                         const uint16_t *left, int64_t rows, const uint16_t *right,
                                         int64_t columns, int64_t width, int keep) {
  const struct part whole = {output, output_stride, left, right, packed_length(width),
                             rows,   columns,       width, keep};
  for_each_part(multiply_by_vectors, VECTOR_PART_ROWS, VECTOR_PART_COLUMNS, VECTOR_PART_WIDTH,
                whole);
}

WITH_TILES void tk_bf16_tile_product(float *output, int64_t output_stride, const uint16_t *left,
                                     int64_t rows, const uint16_t *right, int64_t columns,
                                     int64_t width, int keep) {
  const struct part whole = {output, output_stride, left, right, packed_length(width),
                             rows,   columns,       width, keep};
  make_tiles_whole();
  for_each_part(multiply_by_tiles, TILE_PART_ROWS, TILE_PART_COLUMNS, TILE_PART_WIDTH, whole);
  _tile_release();
}

#else

int tk_has_bf16_vectors(void) { return 0; }

int tk_enable_bf16_tiles(void) { return 0; }

// Callers ask the functions above first.
void tk_bf16_pack_left(uint16_t *packed, int64_t length, const float *values, int64_t stride,
                       int64_t rows, int64_t width, int transposed) {
  __builtin_trap();
}

void tk_bf16_pack_right(uint16_t *packed, int64_t length, const float *values, int64_t stride,
                        int64_t rows, int64_t width, int transposed) {
  __builtin_trap();
}

void tk_bf16_vector_product(float *output, int64_t output_stride, const uint16_t *left,
                            int64_t rows, const uint16_t *right, int64_t columns, int64_t width,
                            int keep) {
  __builtin_trap();
}

void tk_bf16_tile_product(float *output, int64_t output_stride, const uint16_t *left,
                          int64_t rows, const uint16_t *right, int64_t columns, int64_t width,
                          int keep) {
  __builtin_trap();
}

#endif
