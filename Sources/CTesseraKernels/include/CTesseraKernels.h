// Vector kernels with run-time dispatch: what Swift does not vectorize by itself, that is
// exponentials, reductions, the optimizer's pass, and (at the end) splitting and merging of text.
//
// Every function takes pointers and sizes, keeps no state, allocates nothing, and does not split
// its work: callers hand out rows to threads. Matrices are row-major. A `stride` is the distance
// between rows in floats. Results are the same bits for the same input and instruction set.

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The instruction sets that the kernels are compiled for, smallest first.
enum tk_instruction_set {
  TK_PORTABLE = 0,
  TK_AVX2 = 1,
  TK_AVX512 = 2,
};

/// The kernels, compiled for one instruction set.
struct tk_kernels {
  /// output[r,i] = input[r,i] * weight[i] * s[r], s[r] = 1 / sqrt(mean of squares + epsilon);
  /// s goes to `scale`. A row is `groups` groups of `width` floats, each normalized by itself with
  /// the same weights.
  void (*rms_norm)(float *output, int64_t output_stride, float *scale, const float *input,
                   int64_t input_stride, const float *weight, int64_t rows, int64_t groups,
                   int64_t width, float epsilon);

  /// dinput[r] = residual[r] + gradient of the norm, or the latter alone if `residual` is null;
  /// weight_gradient[i] += over rows and groups, unless null; normed (the forward output again) is
  /// written unless null. `dinput` may be `residual` or `doutput`. The first three have one stride,
  /// and `input` and `normed` another.
  void (*rms_norm_backward)(float *dinput, const float *residual, const float *doutput,
                            int64_t gradient_stride, const float *input, int64_t input_stride,
                            const float *weight, const float *scale, float *weight_gradient,
                            float *normed, int64_t rows, int64_t groups, int64_t width);

  /// output[r,i] = (input[r,i] - m[r]) * s[r] * weight[i] + bias[i], m the mean of the row and
  /// s = 1 / sqrt(variance + epsilon); they go to `mean` and `scale`.
  void (*layer_norm)(float *output, float *scale, float *mean, const float *input,
                     const float *weight, const float *bias, int64_t rows, int64_t width,
                     float epsilon);

  /// As rms_norm_backward; the gradients of weight and bias are added to unless the first is null.
  void (*layer_norm_backward)(float *dinput, const float *residual, const float *doutput,
                              const float *input, const float *weight, const float *bias,
                              const float *scale, const float *mean, float *weight_gradient,
                              float *bias_gradient, float *normed, int64_t rows, int64_t width);

  /// output[r,i] = silu(gate[r,i]) * up[r,i], gate_up[r] = gate[r] then up[r].
  void (*swiglu)(float *output, const float *gate_up, int64_t rows, int64_t width);

  /// On entry `hidden` is the gradient of the output; on exit it is the forward output, and
  /// `gate_up` holds the gradients of gate and up.
  void (*swiglu_backward)(float *hidden, float *gate_up, int64_t rows, int64_t width);

  /// output[r,i] = gelu(input[r,i]), gelu(x) = x P(X < x) for a normal X.
  void (*gelu)(float *output, const float *input, int64_t rows, int64_t width);

  /// On entry `hidden` is the gradient of the output; on exit it is the forward output, and
  /// `input` holds its own gradient.
  void (*gelu_backward)(float *hidden, float *input, int64_t rows, int64_t width);

  /// The same in place of silu, as in swiglu.
  void (*gated_gelu)(float *output, const float *gate_up, int64_t rows, int64_t width);
  void (*gated_gelu_backward)(float *hidden, float *gate_up, int64_t rows, int64_t width);

  /// The same four with gelu(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
  void (*gelu_tanh)(float *output, const float *input, int64_t rows, int64_t width);
  void (*gelu_tanh_backward)(float *hidden, float *input, int64_t rows, int64_t width);
  void (*gated_gelu_tanh)(float *output, const float *gate_up, int64_t rows, int64_t width);
  void (*gated_gelu_tanh_backward)(float *hidden, float *gate_up, int64_t rows, int64_t width);

  /// Rotates pairs (i, i + half), i < half, of each head by the angle of the row's position;
  /// `direction` is 1, or -1 for the transpose. Row r has position (first + r) mod period. Tables:
  /// [period, half].
  void (*rotate)(float *values, int64_t stride, const float *cosines, const float *sines,
                 int64_t first, int64_t period, int64_t rows, int64_t heads, int64_t head_width,
                 int64_t half, float direction);

  /// Row r keeps the last `window` of its first `first + r + 1` scores and becomes
  /// softmax(scale * score) there and 0 in all other columns; its log of the sum of exponentials
  /// goes to `log_sums`.
  void (*causal_softmax)(float *scores, int64_t stride, float *log_sums, int64_t first,
                         int64_t window, int64_t rows, int64_t columns, float scale);

  /// As causal_softmax, with the log sums known.
  void (*causal_probabilities)(float *scores, int64_t stride, const float *log_sums,
                               int64_t first, int64_t window, int64_t rows, int64_t columns,
                               float scale);

  /// gradient[r,j] = probabilities[r,j] * (gradient[r,j] - dots[r]) * scale, in the columns that
  /// the row keeps, and 0 in all others.
  void (*causal_softmax_backward)(float *gradient, const float *probabilities, int64_t stride,
                                  const float *dots, int64_t first, int64_t window, int64_t rows,
                                  int64_t columns, float scale);

  /// values[r,j] = cap * tanh(values[r,j] * factor / cap).
  void (*soft_cap)(float *values, int64_t stride, int64_t rows, int64_t columns, float factor,
                   float cap);

  /// gradient[r,j] *= factor * (1 - (capped[r,j] / cap)^2), with `capped` what soft_cap gave.
  void (*soft_cap_backward)(float *gradient, const float *capped, int64_t stride, int64_t rows,
                            int64_t columns, float factor, float cap);

  /// Values e, which `exponentials` made of capped logits, become e * factors[r] *
  /// (1 - (logit / cap)^2), with logit = log e + maxima[r].
  void (*capped_exponentials_backward)(float *values, int64_t stride, const float *maxima,
                                       const float *factors, int64_t rows, int64_t columns,
                                       float cap);

  /// Each row becomes exp(value - maximum of the row); maximum and sum go to their arrays.
  void (*exponentials)(float *values, int64_t stride, float *maxima, float *sums, int64_t rows,
                       int64_t columns);

  /// values[r,j] *= factors[r].
  void (*scale_rows)(float *values, int64_t stride, const float *factors, int64_t rows,
                     int64_t columns);

  /// dots[r] = sum over i of a[r,i] * b[r,i].
  void (*row_dots)(float *dots, const float *a, int64_t a_stride, const float *b,
                   int64_t b_stride, int64_t rows, int64_t width);

  /// output[r] = sum over i of matrix[r,i] * vector[i].
  void (*matrix_vector)(float *output, const float *matrix, int64_t stride, const float *vector,
                        int64_t rows, int64_t width);

  /// target[i] += factor * source[i].
  void (*add_scaled)(float *target, const float *source, float factor, int64_t count);

  /// The sum of squares, in double precision.
  double (*sum_of_squares)(const float *values, int64_t count);

  /// The sum over i of a[i] * b[i] in double precision, the same bits for all instruction sets.
  double (*double_dot)(const float *a, const float *b, int64_t count);

  /// Writes the indices of values above a bound, of which there is room for `count`, in ascending order;
  /// returns their number.
  int64_t (*indices_above)(int32_t *found, const float *values, int64_t count, float bound);

  /// One AdamW update: g = gradient * gradient_scale; m = beta1 m + (1 - beta1) g;
  /// v = beta2 v + (1 - beta2) g^2; p = p * decay - rate * m / (sqrt(v) * root + epsilon).
  void (*adamw)(float *parameters, const float *gradient, float *first_moment,
                float *second_moment, int64_t count, float gradient_scale, float beta1,
                float beta2, float decay, float rate, float root, float epsilon);

  /// One Lion update: g = gradient * gradient_scale; p = p * decay - rate * sign(beta1 m + (1 - beta1) g);
  /// m = beta2 m + (1 - beta2) g.
  void (*lion)(float *parameters, const float *gradient, float *moment, int64_t count,
               float gradient_scale, float beta1, float beta2, float decay, float rate);

  /// Brain floats as floats, exactly.
  void (*brain_decode)(float *values, const uint16_t *brain, int64_t count);

  /// Each value becomes one of the two brain floats around it, the nearer one more often, so that the mean of
  /// many is the value. Which one, a hash of the element's index (`index` + i) and of `seed` decides.
  void (*brain_encode)(uint16_t *brain, const float *values, int64_t count, uint32_t index,
                       uint32_t seed);

  /// The largest magnitude; 0 for none.
  float (*largest_magnitude)(const float *values, int64_t count);

  /// values[i] = map[codes[i]] * scale.
  void (*code_decode)(float *values, const uint8_t *codes, const float *map, float scale,
                      int64_t count);

  /// Each value becomes the place of one of the two numbers around value / scale in an ascending map of 256,
  /// as brain_encode rounds; one above zero never becomes less than `least`. The scale is not zero.
  void (*code_encode)(uint8_t *codes, const float *values, const float *map, float scale,
                      int32_t least, int64_t count, uint32_t index, uint32_t seed);
};

/// The best instruction set of this processor that the kernels are compiled for.
enum tk_instruction_set tk_best_instruction_set(void);

/// The kernels for an instruction set, or null where they are not compiled or cannot run.
const struct tk_kernels *tk_kernels_for(enum tk_instruction_set set);

/// The kernels for the best instruction set of this processor.
const struct tk_kernels *tk_best_kernels(void);

/// Whether this processor has tk_int8_vector_product (AVX-512 VNNI).
int tk_has_byte_vectors(void);

/// Whether this processor has tk_int8_tile_product (AMX), which the process is then allowed to.
int tk_enable_byte_tiles(void);

/// The bytes of a packed row.
int64_t tk_int8_length(int64_t width);

/// The bytes of a packed matrix.
int64_t tk_int8_size(int64_t rows, int64_t width);

/// Rounds each row of a matrix to 255 multiples of a scale of its own, and packs it as the left factor of a
/// product. Sets for each row the scale, the sum of the multiples, and the length of what rounding took.
void tk_int8_pack_left(int8_t *packed, float *scales, int32_t *sums, float *errors,
                       const float *values, int64_t stride, int64_t rows, int64_t width);

/// The same for the right factor.
void tk_int8_pack_right(uint8_t *packed, float *scales, float *errors, const float *values,
                        int64_t stride, int64_t rows, int64_t width);

/// output[r,c] = the product of rounded rows, for packed factors with `rows` and `columns` rows of up to 2^16
/// numbers. Only where tk_has_byte_vectors is not 0. An element has the same bits wherever it is.
void tk_int8_vector_product(float *output, int64_t output_stride, const int8_t *left,
                            const float *left_scales, const int32_t *left_sums, int64_t rows,
                            const uint8_t *right, const float *right_scales, int64_t columns,
                            int64_t width);

/// The same bits, where tk_enable_byte_tiles was not 0.
void tk_int8_tile_product(float *output, int64_t output_stride, const int8_t *left,
                          const float *left_scales, const int32_t *left_sums, int64_t rows,
                          const uint8_t *right, const float *right_scales, int64_t columns,
                          int64_t width);

/// Whether this processor has tk_bf16_vector_product (AVX-512 BF16), and what packs its factors.
int tk_has_bf16_vectors(void);

/// Whether this processor has tk_bf16_tile_product (AMX), which the process is then allowed to.
int tk_enable_bf16_tiles(void);

/// The rows of a block of a factor in bf16, and their numbers: packed rows are padded to whole blocks.
enum { TK_BF16_BLOCK_ROWS = 16, TK_BF16_BLOCK_WIDTH = 32 };

/// Rounds a matrix to bf16, to the nearest and ties to even, and packs it as the left factor of products:
/// its rows, or its columns if it is `transposed`, become `rows` packed rows of `width` numbers.
///
/// Subnormal numbers become zero, and not-a-numbers stay. Packed rows have `length` numbers, a multiple of 32.
/// Part of a matrix goes to `packed + row * length + 16 * number`, where it begins at a row that is a multiple of
/// 16 and a number that is one of 32; it ends at such multiples or where the whole does. Only where
/// tk_has_bf16_vectors is not 0.
void tk_bf16_pack_left(uint16_t *packed, int64_t length, const float *values, int64_t stride,
                       int64_t rows, int64_t width, int transposed);

/// The same for the right factor.
void tk_bf16_pack_right(uint16_t *packed, int64_t length, const float *values, int64_t stride,
                        int64_t rows, int64_t width, int transposed);

/// output[r,c] = the sum over i of left[r,i] * right[c,i], or is added to if `keep` is not 0, for packed
/// factors with rows of `width` numbers. Only where tk_has_bf16_vectors is not 0.
///
/// Sums run in the order of i from what the output holds or from 0, two products at a time and in f32, so an
/// element has the same bits wherever it is. Subnormal numbers count as zero, in sums as well.
void tk_bf16_vector_product(float *output, int64_t output_stride, const uint16_t *left,
                            int64_t rows, const uint16_t *right, int64_t columns, int64_t width,
                            int keep);

/// The same but for rounding, since 32 products are added at a time; where tk_enable_bf16_tiles was not 0.
void tk_bf16_tile_product(float *output, int64_t output_stride, const uint16_t *left,
                          int64_t rows, const uint16_t *right, int64_t columns, int64_t width,
                          int keep);

/// How a pattern splits plain ASCII, which is what tk_word_scanner looks at.
enum tk_word_rules {
  /// Words end where an upper-case letter follows a lower-case one.
  TK_CASED = 1 << 0,
  /// A word may begin with one other character, not with a space only.
  TK_ANY_LEAD = 1 << 1,
  /// Line feeds behind other characters belong to them.
  TK_FEEDS_BEHIND_OTHERS = 1 << 2,
  /// So do slashes behind those.
  TK_SLASHES = 1 << 3,
  /// White space ends behind its last line feed.
  TK_SPLIT_AFTER_FEEDS = 1 << 4,
  /// A space belongs to the numbers behind it.
  TK_SPACED_NUMBERS = 1 << 5,
  /// White space before a number is whole, as at the end of the text.
  TK_NUMBERS_ARE_EDGES = 1 << 6,
  /// Each digit is a pre-token, or up to two or three of them are; else all.
  TK_NUMBERS_SINGLE = 1 << 7,
  TK_NUMBERS_1_TO_3 = 1 << 8,
  /// With TK_NUMBERS_1_TO_3: only two.
  TK_NUMBERS_1_TO_2 = 1 << 9,
  /// There are no contractions: apostrophes are like other characters.
  TK_APOSTROPHES = 1 << 10,
};

/// Writes the ends of pre-tokens as long as the text is letters, digits, other graphic characters,
/// spaces, tabs and line feeds of ASCII, and what they mean is plain from their neighbors.
///
/// A pre-token begins at `position`. There is room for `room` ends; nothing is written if it is less
/// than 64. How many were written goes to `written`; the last one is returned, or `position`.
typedef int64_t (*tk_word_scanner)(const uint8_t *text, int64_t position, int64_t count,
                                   uint32_t rules, int64_t *ends, int64_t room, int64_t *written);

/// The scanners that can run here, the best one first; null behind the last one.
tk_word_scanner tk_word_scanner_at(int64_t index);

/// A pre-token or a part of one on its way to its tokens: its key if it is short, else its hash.
struct tk_pending_pre_token {
  /// The first eight bytes of the key, or the hash.
  uint64_t low;
  /// The other bytes of the key, the size in the last one; zero if it is long.
  uint64_t high;
  /// The slot of the key; if it is long, whether it is a part.
  intptr_t slot;
  intptr_t end;
};

/// Where keys of 16 bytes are looked up: in entries of 32 bytes, by the first bits of a hash.
struct tk_slots {
  const void *entries;
  uint64_t first_seed, second_seed;
  /// 64 less the number of bits of a slot.
  uint64_t shift;
};

/// Computes keys and slots of pre-tokens and has their entries fetched, until one has more than 15
/// bytes; returns how many there were before it.
///
/// The first pre-token begins at `start`; `ends` are `count` ends of pre-tokens.
typedef intptr_t (*tk_slot_finder)(const uint8_t *text, intptr_t start, const intptr_t *ends,
                                   intptr_t count, const struct tk_slots *slots,
                                   struct tk_pending_pre_token *pending);

/// The function for an instruction set, or null where there is none or it cannot run.
tk_slot_finder tk_slot_finder_for(enum tk_instruction_set set);

/// The memory of a table of pairs, and what its ranks make.
struct tk_pair_table {
  /// 2^slot_bits entries.
  const uint64_t *entries;
  /// Four bits for each entry.
  const uint64_t *filter;
  uint64_t multiplier;
  uint64_t slot_bits;
  /// The token that each rank makes, or null where it is the rank.
  const uint32_t *results;
};

/// Merges at most 16 tokens in their place and returns how many are left.
typedef int64_t (*tk_merge)(uint32_t *tokens, int64_t count, const struct tk_pair_table *table);

/// The function for an instruction set, or null where there is none or it cannot run.
tk_merge tk_merge_for(enum tk_instruction_set set);

/// Reads a word that other threads publish, and everything that they wrote before it.
static inline uint64_t tk_load_acquire(const void *word) {
  return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
}

/// Publishes a word and what was written before it.
static inline void tk_store_release(void *word, uint64_t value) {
  __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
}

/// Replaces a word if it is what is expected; returns whether it was.
static inline int tk_exchange_if_equal(void *word, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n((uint64_t *)word, &expected, value, 0, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

/// Reads a word that other threads set bits of.
static inline uint32_t tk_load_relaxed(const uint32_t *word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/// Sets bits of a word that other threads read and set bits of.
static inline void tk_or_relaxed(uint32_t *word, uint32_t bits) {
  __atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
}

/// Has the processor fetch memory that will be read soon.
static inline void tk_prefetch(const void *address) { __builtin_prefetch(address); }

#ifdef __cplusplus
}
#endif
