// Compiles the kernels for each instruction set and picks the best one at run time. The target is
// an attribute of the functions, so that no flag of the package decides what machines it runs on.

#include "CTesseraKernels.h"

// Four lanes: SSE2 on x86-64, NEON on arm64.
#define LANES 4
#define NAME(x) tk_portable_##x
#include "kernels.inc.h"
#undef NAME
#undef LANES

#if defined(__x86_64__)

#define LANES 8
#define NAME(x) tk_avx2_##x
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "kernels.inc.h"
#pragma clang attribute pop
#undef NAME
#undef LANES

#define LANES 16
#define NAME(x) tk_avx512_##x
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), \
                             apply_to = function)
#include "kernels.inc.h"
#pragma clang attribute pop
#undef NAME
#undef LANES

enum tk_instruction_set tk_best_instruction_set(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return TK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return TK_AVX2;
  return TK_PORTABLE;
}

#else

enum tk_instruction_set tk_best_instruction_set(void) { return TK_PORTABLE; }

#endif

const struct tk_kernels *tk_kernels_for(enum tk_instruction_set set) {
  if (set > tk_best_instruction_set()) return 0;
  switch (set) {
    case TK_PORTABLE:
      return &tk_portable_kernels;
#if defined(__x86_64__)
    case TK_AVX2:
      return &tk_avx2_kernels;
    case TK_AVX512:
      return &tk_avx512_kernels;
#endif
    default:
      return 0;
  }
}

const struct tk_kernels *tk_best_kernels(void) { return tk_kernels_for(tk_best_instruction_set()); }
