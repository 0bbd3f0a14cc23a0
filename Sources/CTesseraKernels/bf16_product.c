// Products of matrices in bfloat16 on the tiles of AMX: 16 rows of 64 bytes each, so one instruction
// multiplies 16 x 32 by 32 x 16 numbers and adds to 16 x 16 sums in f32.
//
// Intel, "Architecture Instruction Set Extensions Programming Reference", chapter 3, AMX.

#include "CTesseraKernels.h"

// Components in a row of a tile, rows of a tile, and words in a tile.
#define COMPONENTS 32
#define ROWS 16
#define WORDS 256

static inline uint32_t bf16(float value) {
  union {
    float number;
    uint32_t bits;
  } word = {value};
  // To the nearest, ties to even; a not-a-number stays one.
  if ((word.bits & 0x7fffffffu) > 0x7f800000u) return word.bits >> 16 | 0x40;
  return (word.bits + 0x7fff + (word.bits >> 16 & 1)) >> 16;
}

int64_t tk_bf16_blocks(int64_t width) { return (width + COMPONENTS - 1) / COMPONENTS; }

static int64_t padded(int64_t rows) { return (rows + 2 * ROWS - 1) / (2 * ROWS) * (2 * ROWS); }

int64_t tk_bf16_size(int64_t rows, int64_t width) {
  return padded(rows) * tk_bf16_blocks(width) * COMPONENTS;
}

void tk_bf16_pack_left(uint16_t *packed, const float *values, int64_t stride, int64_t rows,
                       int64_t width) {
  const int64_t length = tk_bf16_blocks(width) * COMPONENTS;
  for (int64_t r = 0; r < padded(rows); r++) {
    for (int64_t i = 0; i < length; i++)
      packed[r * length + i] = r < rows && i < width ? (uint16_t)bf16(values[r * stride + i]) : 0;
  }
}

void tk_bf16_pack_right(uint16_t *packed, const float *values, int64_t stride, int64_t rows,
                        int64_t width) {
  const int64_t blocks = tk_bf16_blocks(width);
  for (int64_t r = 0; r < padded(rows); r++) {
    // The tile of row r is [pairs of components][rows][2].
    uint16_t *tiles = packed + r / ROWS * blocks * WORDS * 2 + r % ROWS * 2;
    for (int64_t i = 0; i < blocks * COMPONENTS; i++) {
      const uint16_t value = r < rows && i < width ? (uint16_t)bf16(values[r * stride + i]) : 0;
      tiles[i / COMPONENTS * WORDS * 2 + i % COMPONENTS / 2 * ROWS * 2 + i % 2] = value;
    }
  }
}

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

int tk_enable_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  // AMX-BF16 and AMX-TILE.
  if (!(d >> 22 & 1) || !(d >> 24 & 1)) return 0;
  // The state of tiles is large, so a process has to ask for it: ARCH_REQ_XCOMP_PERM, tile data.
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

__attribute__((target("amx-tile,amx-bf16"))) void tk_bf16_product(
    float *output, int64_t output_stride, const uint16_t *left, int64_t rows,
    const uint16_t *right, int64_t columns, int64_t width) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_size[16];
    uint8_t row_count[16];
  } configuration __attribute__((aligned(64))) = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.row_size[tile] = 4 * ROWS;
    configuration.row_count[tile] = ROWS;
  }
  _tile_loadconfig(&configuration);
  const int64_t blocks = tk_bf16_blocks(width);
  const int64_t length = blocks * COMPONENTS;
  const int64_t left_size = 2 * length;
  for (int64_t c = 0; c < columns; c += 2 * ROWS) {
    const uint16_t *b0 = right + c * length, *b1 = b0 + ROWS * length;
    for (int64_t r = 0; r < rows; r += 2 * ROWS) {
      const uint16_t *a0 = left + r * length, *a1 = a0 + ROWS * length;
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      for (int64_t k = 0; k < blocks; k++) {
        _tile_loadd(4, a0 + k * COMPONENTS, left_size);
        _tile_loadd(6, b0 + k * WORDS * 2, 4 * ROWS);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b1 + k * WORDS * 2, 4 * ROWS);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a1 + k * COMPONENTS, left_size);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
      }
      if (r + 2 * ROWS <= rows && c + 2 * ROWS <= columns) {
        float *o = output + r * output_stride + c;
        _tile_stored(0, o, 4 * output_stride);
        _tile_stored(1, o + ROWS, 4 * output_stride);
        _tile_stored(2, o + ROWS * output_stride, 4 * output_stride);
        _tile_stored(3, o + ROWS * output_stride + ROWS, 4 * output_stride);
      } else {
        float edge[4 * ROWS * ROWS];
        _tile_stored(0, edge, 8 * ROWS);
        _tile_stored(1, edge + ROWS, 8 * ROWS);
        _tile_stored(2, edge + 2 * ROWS * ROWS, 8 * ROWS);
        _tile_stored(3, edge + 2 * ROWS * ROWS + ROWS, 8 * ROWS);
        for (int64_t i = r; i < rows && i < r + 2 * ROWS; i++)
          for (int64_t j = c; j < columns && j < c + 2 * ROWS; j++)
            output[i * output_stride + j] = edge[(i - r) * 2 * ROWS + j - c];
      }
    }
  }
  _tile_release();
}

#else

int tk_enable_tiles(void) { return 0; }

void tk_bf16_product(float *output, int64_t output_stride, const uint16_t *left, int64_t rows,
                     const uint16_t *right, int64_t columns, int64_t width) {
  // Callers ask tk_enable_tiles first.
  __builtin_trap();
}

#endif
