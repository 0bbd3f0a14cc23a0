// Products of matrices of bytes: rows of signed ones by rows of unsigned ones, sums in 32 bits.
//
// A processor multiplies four times as many bytes as numbers in f32 with AVX-512 VNNI, and many more on
// the tiles of AMX. Both read the right factor in the same order: of 16 rows four components each, then
// the next four.
//
// Intel, "Architecture Instruction Set Extensions Programming Reference", chapter 3, AMX.

#include "CTesseraKernels.h"
#include "tiles.h"

#include <math.h>

// Components of a row of a tile, its rows, and the rows of the right factor that are multiplied at once.
#define COMPONENTS 64
#define ROWS 16
#define COLUMNS 64

static int64_t padded(int64_t count, int64_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

int64_t tk_int8_length(int64_t width) { return padded(width, COMPONENTS); }

int64_t tk_int8_size(int64_t rows, int64_t width) {
  return padded(rows, COLUMNS) * tk_int8_length(width);
}

// Rounds a row to multiples of a scale, 127 of which are its largest number: returns the scale, and sets how
// far the rounded row is from the row. Four bytes follow one another, the next four are `stride` bytes behind.
static float quantize(uint8_t *bytes, int64_t stride, int offset, const float *values, int64_t width,
                      float *error, int32_t *sum) {
  float largest = 0;
  for (int64_t i = 0; i < width; i++) {
    const float size = fabsf(values[i]);
    largest = size > largest ? size : largest;
  }
  const float scale = largest / 127;
  // Rows whose scale is no normal number are as good as zero.
  const float inverse = scale >= 0x1p-126f ? 1 / scale : 0;
  double squares = 0;
  int32_t total = 0;
  const int64_t length = tk_int8_length(width);
  for (int64_t i = 0; i < length; i++) {
    const float value = i < width ? values[i] : 0;
    const float multiple = rintf(value * inverse);
    // False for what is no number.
    const float rounded = multiple >= -127 && multiple <= 127 ? multiple : 0;
    const double difference = (double)value - (double)rounded * scale;
    squares += difference * difference;
    total += (int32_t)rounded;
    bytes[i / 4 * stride + i % 4] = (uint8_t)((int32_t)rounded + offset);
  }
  // No smaller than it is, after rounding to a float.
  *error = (float)sqrt(squares) * (1 + 0x1p-20f);
  *sum = total;
  return scale;
}

void tk_int8_pack_left(int8_t *packed, float *scales, int32_t *sums, float *errors,
                       const float *values, int64_t stride, int64_t rows, int64_t width) {
  const int64_t length = tk_int8_length(width);
  for (int64_t r = 0; r < rows; r++)
    scales[r] = quantize((uint8_t *)packed + r * length, 4, 0, values + r * stride, width,
                         errors + r, sums + r);
  for (int64_t i = rows * length; i < tk_int8_size(rows, width); i++) packed[i] = 0;
}

void tk_int8_pack_right(uint8_t *packed, float *scales, float *errors, const float *values,
                        int64_t stride, int64_t rows, int64_t width) {
  const int64_t length = tk_int8_length(width);
  int32_t sum;
  for (int64_t i = rows / COLUMNS * COLUMNS * length; i < tk_int8_size(rows, width); i++)
    packed[i] = 0;
  for (int64_t r = 0; r < rows; r++) {
    uint8_t *row = packed + r / ROWS * ROWS * length + r % ROWS * 4;
    scales[r] = quantize(row, 4 * ROWS, 128, values + r * stride, width, errors + r, &sum);
  }
}

#if defined(__x86_64__) && defined(__linux__)

int tk_has_byte_vectors(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq");
}

int tk_enable_byte_tiles(void) {
  // Sums are stored with AVX-512.
  return tk_has_byte_vectors() && request_tiles(TILES_OF_BYTES);
}

// Sums to scaled numbers: 16 columns of a row.
__attribute__((target("avx512f,avx512bw,avx512dq"), always_inline)) static inline void store(
    float *output, __m512i sums, int32_t sum, float scale, const float *scales, int64_t columns) {
  if (columns <= 0) return;
  const __mmask16 mask = columns < ROWS ? (__mmask16)((1u << columns) - 1) : 0xffff;
  const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums, _mm512_set1_epi32(128 * sum)));
  const __m512 scaled =
      _mm512_mul_ps(_mm512_mul_ps(values, _mm512_set1_ps(scale)), _mm512_maskz_loadu_ps(mask, scales));
  _mm512_mask_storeu_ps(output, mask, scaled);
}

// Some rows of the left factor by 64 rows of the right one.
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vnni"), always_inline)) static inline void
vector_tile(const int rows, float *output, int64_t output_stride, const int8_t *left,
            const float *left_scales, const int32_t *left_sums, const uint8_t *right,
            const float *right_scales, int64_t columns, int64_t length, int64_t width) {
  __m512i sums[6][4];
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 4; c++) sums[r][c] = _mm512_setzero_si512();
  for (int64_t i = 0; i < width; i += 4) {
    __m512i keys[4];
    for (int c = 0; c < 4; c++) keys[c] = _mm512_loadu_si512(right + (c * length + i) * ROWS);
    for (int r = 0; r < rows; r++) {
      int32_t quad;
      __builtin_memcpy(&quad, left + r * length + i, 4);
      const __m512i query = _mm512_set1_epi32(quad);
      for (int c = 0; c < 4; c++) sums[r][c] = _mm512_dpbusd_epi32(sums[r][c], keys[c], query);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 4; c++)
      store(output + r * output_stride + c * ROWS, sums[r][c], left_sums[r], left_scales[r],
            right_scales + c * ROWS, columns - c * ROWS);
}

__attribute__((target("avx512f,avx512bw,avx512dq,avx512vnni"))) void tk_int8_vector_product(
    float *output, int64_t output_stride, const int8_t *left, const float *left_scales,
    const int32_t *left_sums, int64_t rows, const uint8_t *right, const float *right_scales,
    int64_t columns, int64_t width) {
  const int64_t length = tk_int8_length(width);
  for (int64_t c = 0; c < columns; c += COLUMNS) {
    for (int64_t r = 0; r < rows; r += 6) {
#define TILE(count)                                                                              \
  vector_tile(count, output + r * output_stride + c, output_stride, left + r * length,           \
              left_scales + r, left_sums + r, right + c * length, right_scales + c, columns - c, \
              length, width)
      switch (rows - r) {
        case 1: TILE(1); break;
        case 2: TILE(2); break;
        case 3: TILE(3); break;
        case 4: TILE(4); break;
        case 5: TILE(5); break;
        default: TILE(6);
      }
#undef TILE
    }
  }
}

__attribute__((target("amx-tile,amx-int8,avx512f,avx512bw,avx512dq"))) void tk_int8_tile_product(
    float *output, int64_t output_stride, const int8_t *left, const float *left_scales,
    const int32_t *left_sums, int64_t rows, const uint8_t *right, const float *right_scales,
    int64_t columns, int64_t width) {
  make_tiles_whole();
  const int64_t length = tk_int8_length(width);
  for (int64_t c = 0; c < columns; c += 2 * ROWS) {
    const uint8_t *b0 = right + c * length, *b1 = b0 + ROWS * length;
    for (int64_t r = 0; r < rows; r += 2 * ROWS) {
      const int8_t *a0 = left + r * length, *a1 = a0 + ROWS * length;
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      for (int64_t i = 0; i < length; i += COMPONENTS) {
        _tile_loadd(4, a0 + i, length);
        _tile_loadd(6, b0 + i * ROWS, COMPONENTS);
        _tile_dpbsud(0, 4, 6);
        _tile_loadd(7, b1 + i * ROWS, COMPONENTS);
        _tile_dpbsud(1, 4, 7);
        _tile_loadd(5, a1 + i, length);
        _tile_dpbsud(2, 5, 6);
        _tile_dpbsud(3, 5, 7);
      }
      int32_t sums[2 * ROWS][2 * ROWS] __attribute__((aligned(64)));
      _tile_stored(0, sums[0], 8 * ROWS);
      _tile_stored(1, sums[0] + ROWS, 8 * ROWS);
      _tile_stored(2, sums[ROWS], 8 * ROWS);
      _tile_stored(3, sums[ROWS] + ROWS, 8 * ROWS);
      for (int64_t i = 0; i < 2 * ROWS && r + i < rows; i++)
        for (int64_t j = 0; j < 2 * ROWS; j += ROWS)
          store(output + (r + i) * output_stride + c + j, _mm512_load_si512(&sums[i][j]),
                left_sums[r + i], left_scales[r + i], right_scales + c + j, columns - c - j);
    }
  }
  _tile_release();
}

#else

int tk_has_byte_vectors(void) { return 0; }

int tk_enable_byte_tiles(void) { return 0; }

// Callers ask the functions above first.
void tk_int8_vector_product(float *output, int64_t output_stride, const int8_t *left,
                            const float *left_scales, const int32_t *left_sums, int64_t rows,
                            const uint8_t *right, const float *right_scales, int64_t columns,
                            int64_t width) {
  __builtin_trap();
}

void tk_int8_tile_product(float *output, int64_t output_stride, const int8_t *left,
                          const float *left_scales, const int32_t *left_sums, int64_t rows,
                          const uint8_t *right, const float *right_scales, int64_t columns,
                          int64_t width) {
  __builtin_trap();
}

#endif
