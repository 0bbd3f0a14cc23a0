// The kernels, written once over vectors of LANES floats. See include/CTesseraKernels.h for what
// each computes; included by instruction_sets.c once per instruction set.

#include "vectors.inc.h"

// Applies BODY to all lanes of a row: `i` is the index, LOAD and STORE move whole vectors, or the
// last few floats.
#define FOR_EACH_VECTOR(count, BODY)                                                      \
  do {                                                                                    \
    int64_t i = 0;                                                                        \
    for (; i + LANES <= (count); i += LANES) {                                            \
      BODY(NAME(load), NAME(store))                                                       \
    }                                                                                     \
    if (i < (count)) {                                                                    \
      const int64_t rest = (count) - i;                                                   \
      BODY(LOAD_REST, STORE_REST)                                                         \
    }                                                                                     \
  } while (0)
#define LOAD_REST(p) NAME(load_part)((p), rest, 0.0f)
#define STORE_REST(p, v) NAME(store_part)((p), (v), rest)

static float NAME(dot)(const float *a, const float *b, int64_t count) {
  VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  int64_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    s0 += NAME(load)(a + i) * NAME(load)(b + i);
    s1 += NAME(load)(a + i + LANES) * NAME(load)(b + i + LANES);
    s2 += NAME(load)(a + i + 2 * LANES) * NAME(load)(b + i + 2 * LANES);
    s3 += NAME(load)(a + i + 3 * LANES) * NAME(load)(b + i + 3 * LANES);
  }
  for (; i + LANES <= count; i += LANES) s0 += NAME(load)(a + i) * NAME(load)(b + i);
  if (i < count) {
    const int64_t rest = count - i;
    s1 += LOAD_REST(a + i) * LOAD_REST(b + i);
  }
  return NAME(sum)((s0 + s1) + (s2 + s3));
}

#include "norms.inc.h"

#include "activations.inc.h"

static void NAME(rotate)(float *values, int64_t stride, const float *cosines, const float *sines,
                         int64_t first, int64_t period, int64_t rows, int64_t heads,
                         int64_t head_width, int64_t half, float direction) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t position = (first + r) % period;
    const float *c = cosines + position * half, *s = sines + position * half;
    for (int64_t head = 0; head < heads; head++) {
      float *low = values + r * stride + head * head_width, *high = low + half;
#define BODY(LOAD, STORE)                                                \
  {                                                                      \
    const VECTOR a = LOAD(low + i), b = LOAD(high + i), cosine = LOAD(c + i); \
    const VECTOR sine = LOAD(s + i) * direction;                         \
    STORE(low + i, a * cosine - b * sine);                               \
    STORE(high + i, b * cosine + a * sine);                              \
  }
      FOR_EACH_VECTOR(half, BODY);
#undef BODY
    }
  }
}

#include "softmax.inc.h"

static void NAME(scale_rows)(float *values, int64_t stride, const float *factors, int64_t rows,
                             int64_t columns) {
  for (int64_t r = 0; r < rows; r++) NAME(scale_row)(values + r * stride, columns, factors[r]);
}

static void NAME(row_dots)(float *dots, const float *a, int64_t a_stride, const float *b,
                           int64_t b_stride, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) dots[r] = NAME(dot)(a + r * a_stride, b + r * b_stride, width);
}

// Four rows at a time, so that there is always a product to start while others finish.
static void NAME(matrix_vector)(float *output, const float *matrix, int64_t stride,
                                const float *vector, int64_t rows, int64_t width) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *m0 = matrix + r * stride, *m1 = m0 + stride, *m2 = m1 + stride, *m3 = m2 + stride;
    VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
#define BODY(LOAD, STORE)            \
  {                                  \
    const VECTOR v = LOAD(vector + i); \
    s0 += LOAD(m0 + i) * v;          \
    s1 += LOAD(m1 + i) * v;          \
    s2 += LOAD(m2 + i) * v;          \
    s3 += LOAD(m3 + i) * v;          \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
    output[r] = NAME(sum)(s0);
    output[r + 1] = NAME(sum)(s1);
    output[r + 2] = NAME(sum)(s2);
    output[r + 3] = NAME(sum)(s3);
  }
  for (; r < rows; r++) output[r] = NAME(dot)(matrix + r * stride, vector, width);
}

static void NAME(add_scaled)(float *target, const float *source, float factor, int64_t count) {
#define BODY(LOAD, STORE) STORE(target + i, LOAD(target + i) + LOAD(source + i) * factor);
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}

// Blocks of 64 vectors are summed in single precision, and the blocks in double.
static double NAME(sum_of_squares)(const float *values, int64_t count) {
  double total = 0;
  for (int64_t start = 0; start < count; start += 64 * LANES) {
    const int64_t length = count - start < 64 * LANES ? count - start : 64 * LANES;
    total += (double)NAME(dot)(values + start, values + start, length);
  }
  return total;
}

// Products of floats are exact in double precision, and the sums are added in the same order by all
// instruction sets, so all give the same bits.
static double NAME(double_dot)(const float *a, const float *b, int64_t count) {
  typedef float floats __attribute__((vector_size(32)));
  typedef double doubles __attribute__((vector_size(64)));
  doubles s0 = {0}, s1 = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    floats x0, x1, y0, y1;
    __builtin_memcpy(&x0, a + i, 32);
    __builtin_memcpy(&x1, a + i + 8, 32);
    __builtin_memcpy(&y0, b + i, 32);
    __builtin_memcpy(&y1, b + i + 8, 32);
    s0 += __builtin_convertvector(x0, doubles) * __builtin_convertvector(y0, doubles);
    s1 += __builtin_convertvector(x1, doubles) * __builtin_convertvector(y1, doubles);
  }
  s0 += s1;
  double total = ((s0[0] + s0[4]) + (s0[1] + s0[5])) + ((s0[2] + s0[6]) + (s0[3] + s0[7]));
  for (; i < count; i++) total += (double)a[i] * (double)b[i];
  return total;
}

static int64_t NAME(indices_above)(int32_t *found, const float *values, int64_t count,
                                   float bound) {
  int64_t length = 0, i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    const INTEGERS above = (INTEGERS)(NAME(load)(values + i) > bound) |
                           (INTEGERS)(NAME(load)(values + i + LANES) > bound) |
                           (INTEGERS)(NAME(load)(values + i + 2 * LANES) > bound) |
                           (INTEGERS)(NAME(load)(values + i + 3 * LANES) > bound);
    if (!__builtin_reduce_or(above)) continue;
    for (int64_t j = i; j < i + 4 * LANES; j++)
      if (values[j] > bound) found[length++] = (int32_t)j;
  }
  for (; i < count; i++)
    if (values[i] > bound) found[length++] = (int32_t)i;
  return length;
}

static void NAME(adamw)(float *parameters, const float *gradient, float *first_moment,
                        float *second_moment, int64_t count, float gradient_scale, float beta1,
                        float beta2, float decay, float rate, float root, float epsilon) {
  const float one_minus_beta1 = 1.0f - beta1, one_minus_beta2 = 1.0f - beta2;
#define BODY(LOAD, STORE)                                                              \
  {                                                                                    \
    const VECTOR g = LOAD(gradient + i) * gradient_scale;                              \
    const VECTOR m = LOAD(first_moment + i) * beta1 + g * one_minus_beta1;             \
    const VECTOR v = LOAD(second_moment + i) * beta2 + g * g * one_minus_beta2;        \
    STORE(first_moment + i, m);                                                        \
    STORE(second_moment + i, v);                                                       \
    const VECTOR step = m / (__builtin_elementwise_sqrt(v) * root + epsilon);          \
    STORE(parameters + i, LOAD(parameters + i) * decay - step * rate);                 \
  }
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}

#include "moments.inc.h"

#define ENTRY(x) .x = NAME(x)
static const struct tk_kernels NAME(kernels) = {
    ENTRY(rms_norm),
    ENTRY(rms_norm_backward),
    ENTRY(layer_norm),
    ENTRY(layer_norm_backward),
    ENTRY(swiglu),
    ENTRY(swiglu_backward),
    ENTRY(gelu),
    ENTRY(gelu_backward),
    ENTRY(gated_gelu),
    ENTRY(gated_gelu_backward),
    ENTRY(gelu_tanh),
    ENTRY(gelu_tanh_backward),
    ENTRY(gated_gelu_tanh),
    ENTRY(gated_gelu_tanh_backward),
    ENTRY(rotate),
    ENTRY(causal_softmax),
    ENTRY(causal_probabilities),
    ENTRY(causal_softmax_backward),
    ENTRY(soft_cap),
    ENTRY(soft_cap_backward),
    ENTRY(capped_exponentials_backward),
    ENTRY(exponentials),
    ENTRY(scale_rows),
    ENTRY(row_dots),
    ENTRY(matrix_vector),
    ENTRY(add_scaled),
    ENTRY(sum_of_squares),
    ENTRY(double_dot),
    ENTRY(indices_above),
    ENTRY(adamw),
    ENTRY(lion),
    ENTRY(brain_decode),
    ENTRY(brain_encode),
    ENTRY(largest_magnitude),
    ENTRY(code_decode),
    ENTRY(code_encode),
};
#undef ENTRY
#undef FOR_EACH_VECTOR
#undef LOAD_REST
#undef STORE_REST
#undef VECTOR
#undef INTEGERS
