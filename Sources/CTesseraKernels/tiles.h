// The tiles of AMX: eight registers of 16 rows of 64 bytes, for products of bytes and of bf16.
//
// Intel, "Architecture Instruction Set Extensions Programming Reference", chapter 3, AMX.

#pragma once

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// What tiles are multiplied as: bits of EDX of CPUID's leaf 7.
enum { TILES_OF_BF16 = 22, TILES_OF_BYTES = 25 };

// Whether the processor multiplies tiles of a kind, and the system lets this process use them.
static inline int request_tiles(int kind) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  // AMX-TILE.
  if (!(d >> 24 & 1) || !(d >> kind & 1)) return 0;
  // The state of tiles is large, so a process has to ask for it: ARCH_REQ_XCOMP_PERM, tile data.
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

// Makes all tiles whole. Whoever does calls _tile_release() when no tile is needed any more.
__attribute__((target("amx-tile"), always_inline)) static inline void make_tiles_whole(void) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_size[16];
    uint8_t row_count[16];
  } configuration __attribute__((aligned(64))) = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.row_size[tile] = 64;
    configuration.row_count[tile] = 16;
  }
  _tile_loadconfig(&configuration);
}

#endif
