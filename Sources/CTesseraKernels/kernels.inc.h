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

static void NAME(rms_norm)(float *output, int64_t output_stride, float *scale, const float *input,
                           int64_t input_stride, const float *weight, int64_t rows,
                           int64_t groups, int64_t width, float epsilon) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t g = 0; g < groups; g++) {
      const float *x = input + r * input_stride + g * width;
      float *y = output + r * output_stride + g * width;
      const float s = 1.0f / __builtin_sqrtf(NAME(dot)(x, x, width) / (float)width + epsilon);
      scale[r * groups + g] = s;
#define BODY(LOAD, STORE) STORE(y + i, LOAD(x + i) * s * LOAD(weight + i));
      FOR_EACH_VECTOR(width, BODY);
#undef BODY
    }
  }
}

// One row, or one group of a row.
static void NAME(rms_norm_row_backward)(float *dx, const float *base, const float *dy,
                                        const float *x, const float *weight, float s,
                                        float *weight_gradient, float *n, int64_t width) {
  VECTOR total = {0};
#define BODY(LOAD, STORE) total += LOAD(dy + i) * LOAD(weight + i) * LOAD(x + i);
  FOR_EACH_VECTOR(width, BODY);
#undef BODY
  const float mean = NAME(sum)(total) * s * s / (float)width;
  if (n) {
#define BODY(LOAD, STORE) STORE(n + i, LOAD(x + i) * s * LOAD(weight + i));
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
  if (weight_gradient) {
#define BODY(LOAD, STORE) \
  STORE(weight_gradient + i, LOAD(weight_gradient + i) + LOAD(dy + i) * (LOAD(x + i) * s));
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
  if (base) {
#define BODY(LOAD, STORE) \
  STORE(dx + i, LOAD(base + i) + (LOAD(dy + i) * LOAD(weight + i) - LOAD(x + i) * mean) * s);
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  } else {
#define BODY(LOAD, STORE) \
  STORE(dx + i, (LOAD(dy + i) * LOAD(weight + i) - LOAD(x + i) * mean) * s);
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

static void NAME(rms_norm_backward)(float *dinput, const float *residual, const float *doutput,
                                    int64_t gradient_stride, const float *input,
                                    int64_t input_stride, const float *weight,
                                    const float *scale, float *weight_gradient, float *normed,
                                    int64_t rows, int64_t groups, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t g = 0; g < groups; g++) {
      const int64_t at = r * gradient_stride + g * width, from = r * input_stride + g * width;
      NAME(rms_norm_row_backward)(dinput + at, residual ? residual + at : 0, doutput + at,
                                  input + from, weight, scale[r * groups + g], weight_gradient,
                                  normed ? normed + from : 0, width);
    }
  }
}

static float NAME(total)(const float *values, int64_t count) {
  VECTOR total = {0};
#define BODY(LOAD, STORE) total += LOAD(values + i);
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
  return NAME(sum)(total);
}

// The sum of squares of the distances from a number.
static float NAME(square_distance)(const float *values, float center, int64_t count) {
  VECTOR total = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const VECTOR d = NAME(load)(values + i) - center;
    total += d * d;
  }
  if (i < count) {
    // The lanes behind the end count for nothing.
    const VECTOR d = NAME(load_part)(values + i, count - i, center) - center;
    total += d * d;
  }
  return NAME(sum)(total);
}

static void NAME(layer_norm)(float *output, float *scale, float *mean, const float *input,
                             const float *weight, const float *bias, int64_t rows, int64_t width,
                             float epsilon) {
  for (int64_t r = 0; r < rows; r++) {
    const float *x = input + r * width;
    float *y = output + r * width;
    const float m = NAME(total)(x, width) / (float)width;
    const float variance = NAME(square_distance)(x, m, width) / (float)width;
    const float s = 1.0f / __builtin_sqrtf(variance + epsilon);
    scale[r] = s;
    mean[r] = m;
#define BODY(LOAD, STORE) STORE(y + i, (LOAD(x + i) - m) * s * LOAD(weight + i) + LOAD(bias + i));
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

static void NAME(layer_norm_backward)(float *dinput, const float *residual, const float *doutput,
                                      const float *input, const float *weight, const float *bias,
                                      const float *scale, const float *mean,
                                      float *weight_gradient, float *bias_gradient, float *normed,
                                      int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    const float *x = input + r * width, *dy = doutput + r * width;
    const float *base = residual ? residual + r * width : 0;
    float *dx = dinput + r * width;
    const float s = scale[r], m = mean[r];
    VECTOR plain = {0}, weighted = {0};
#define BODY(LOAD, STORE)                                 \
  {                                                       \
    const VECTOR d = LOAD(dy + i) * LOAD(weight + i);     \
    plain += d;                                           \
    weighted += d * (LOAD(x + i) - m);                    \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
    const float first = NAME(sum)(plain) / (float)width;
    const float second = NAME(sum)(weighted) * s * s / (float)width;
    if (normed) {
      float *n = normed + r * width;
#define BODY(LOAD, STORE) STORE(n + i, (LOAD(x + i) - m) * s * LOAD(weight + i) + LOAD(bias + i));
      FOR_EACH_VECTOR(width, BODY);
#undef BODY
    }
    if (weight_gradient) {
#define BODY(LOAD, STORE)                                                                      \
  STORE(weight_gradient + i, LOAD(weight_gradient + i) + LOAD(dy + i) * ((LOAD(x + i) - m) * s)); \
  STORE(bias_gradient + i, LOAD(bias_gradient + i) + LOAD(dy + i));
      FOR_EACH_VECTOR(width, BODY);
#undef BODY
    }
#define GRADIENT(LOAD) \
  (LOAD(dy + i) * LOAD(weight + i) - first - (LOAD(x + i) - m) * second) * s
    if (base) {
#define BODY(LOAD, STORE) STORE(dx + i, LOAD(base + i) + GRADIENT(LOAD));
      FOR_EACH_VECTOR(width, BODY);
#undef BODY
    } else {
#define BODY(LOAD, STORE) STORE(dx + i, GRADIENT(LOAD));
      FOR_EACH_VECTOR(width, BODY);
#undef BODY
    }
#undef GRADIENT
  }
}

static void NAME(swiglu)(float *output, const float *gate_up, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    const float *gate = gate_up + 2 * r * width, *up = gate + width;
    float *out = output + r * width;
#define BODY(LOAD, STORE)                                 \
  {                                                       \
    const VECTOR g = LOAD(gate + i);                      \
    const VECTOR sigmoid = 1.0f / (NAME(exp)(-g) + 1.0f); \
    STORE(out + i, g * sigmoid * LOAD(up + i));           \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

static void NAME(swiglu_backward)(float *hidden, float *gate_up, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    float *gate = gate_up + 2 * r * width, *up = gate + width, *h = hidden + r * width;
#define BODY(LOAD, STORE)                                           \
  {                                                                 \
    const VECTOR g = LOAD(gate + i), u = LOAD(up + i), d = LOAD(h + i); \
    const VECTOR sigmoid = 1.0f / (NAME(exp)(-g) + 1.0f);           \
    const VECTOR silu = g * sigmoid;                                \
    STORE(h + i, silu * u);                                         \
    STORE(up + i, d * silu);                                        \
    STORE(gate + i, d * u * (sigmoid + silu * (1.0f - sigmoid)));   \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

// A function of one vector that also gives its slope.
typedef VECTOR NAME(activation)(VECTOR x, VECTOR *slope);

// x P(X < x) for a normal X, and the derivative P(X < x) + x times the density.
static inline VECTOR NAME(gelu_value)(VECTOR x, VECTOR *slope) {
  const VECTOR density = NAME(exp)(x * x * -0.5f);
  const VECTOR probability = NAME(normal_probability)(x, density);
  *slope = probability + x * density * 0.3989422804f;
  return x * probability;
}

// x / (1 + e^-2u) with u = sqrt(2 / pi) (x + 0.044715 x^3), which is x (1 + tanh u) / 2.
static inline VECTOR NAME(gelu_tanh_value)(VECTOR x, VECTOR *slope) {
  const VECTOR square = x * x;
  const VECTOR u = x * (square * 0.0713548163f + 1.5957691216f);
  const VECTOR sigmoid = 1.0f / (NAME(exp)(-u) + 1.0f);
  *slope = sigmoid + x * sigmoid * (1.0f - sigmoid) * (square * 0.2140644488f + 1.5957691216f);
  return x * sigmoid;
}

// These four are made for each function by inlining it.
static inline __attribute__((always_inline)) void NAME(activate)(
    float *output, const float *input, int64_t count, NAME(activation) *value) {
#define BODY(LOAD, STORE)                      \
  {                                            \
    VECTOR slope;                              \
    STORE(output + i, value(LOAD(input + i), &slope)); \
  }
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}

static inline __attribute__((always_inline)) void NAME(activate_backward)(
    float *hidden, float *input, int64_t count, NAME(activation) *value) {
#define BODY(LOAD, STORE)                                \
  {                                                      \
    VECTOR slope;                                        \
    const VECTOR y = value(LOAD(input + i), &slope);     \
    STORE(input + i, LOAD(hidden + i) * slope);          \
    STORE(hidden + i, y);                                \
  }
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}

static inline __attribute__((always_inline)) void NAME(gate)(
    float *output, const float *gate_up, int64_t rows, int64_t width, NAME(activation) *value) {
  for (int64_t r = 0; r < rows; r++) {
    const float *gate = gate_up + 2 * r * width, *up = gate + width;
    float *out = output + r * width;
#define BODY(LOAD, STORE)                                      \
  {                                                            \
    VECTOR slope;                                              \
    STORE(out + i, value(LOAD(gate + i), &slope) * LOAD(up + i)); \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

static inline __attribute__((always_inline)) void NAME(gate_backward)(
    float *hidden, float *gate_up, int64_t rows, int64_t width, NAME(activation) *value) {
  for (int64_t r = 0; r < rows; r++) {
    float *gate = gate_up + 2 * r * width, *up = gate + width, *h = hidden + r * width;
#define BODY(LOAD, STORE)                             \
  {                                                   \
    VECTOR slope;                                     \
    const VECTOR y = value(LOAD(gate + i), &slope);   \
    const VECTOR u = LOAD(up + i), d = LOAD(h + i);   \
    STORE(h + i, y * u);                              \
    STORE(up + i, d * y);                             \
    STORE(gate + i, d * u * slope);                   \
  }
    FOR_EACH_VECTOR(width, BODY);
#undef BODY
  }
}

#define ACTIVATION(name)                                                                       \
  static void NAME(name)(float *output, const float *input, int64_t rows, int64_t width) {     \
    NAME(activate)(output, input, rows * width, NAME(name##_value));                           \
  }                                                                                            \
  static void NAME(name##_backward)(float *hidden, float *input, int64_t rows, int64_t width) { \
    NAME(activate_backward)(hidden, input, rows * width, NAME(name##_value));                  \
  }                                                                                            \
  static void NAME(gated_##name)(float *output, const float *gate_up, int64_t rows,            \
                                 int64_t width) {                                              \
    NAME(gate)(output, gate_up, rows, width, NAME(name##_value));                              \
  }                                                                                            \
  static void NAME(gated_##name##_backward)(float *hidden, float *gate_up, int64_t rows,       \
                                            int64_t width) {                                   \
    NAME(gate_backward)(hidden, gate_up, rows, width, NAME(name##_value));                     \
  }
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
#undef ACTIVATION

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

static inline void NAME(clear)(float *values, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) values[i] = 0.0f;
}

static float NAME(maximum)(const float *values, int64_t count) {
  VECTOR m = NAME(splat)(-__builtin_inff());
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) m = NAME(larger)(m, NAME(load)(values + i));
  if (i < count)
    m = NAME(larger)(m, NAME(load_part)(values + i, count - i, -__builtin_inff()));
  return NAME(largest)(m);
}

// values = exp(scale * values - offset); returns the sum.
static float NAME(exponentiate)(float *values, int64_t count, float scale, float offset) {
  VECTOR total = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const VECTOR e = NAME(exp)(NAME(load)(values + i) * scale - offset);
    NAME(store)(values + i, e);
    total += e;
  }
  if (i < count) {
    const int64_t rest = count - i;
    const VECTOR e = NAME(exp)(LOAD_REST(values + i) * scale - offset);
    STORE_REST(values + i, e);
    total += NAME(load_part)(values + i, rest, 0.0f);
  }
  return NAME(sum)(total);
}

static void NAME(scale_row)(float *values, int64_t count, float factor) {
#define BODY(LOAD, STORE) STORE(values + i, LOAD(values + i) * factor);
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}

// The first of the columns that a row sees, of those before `count`.
static inline int64_t NAME(first_column)(int64_t count, int64_t window) {
  return count > window ? count - window : 0;
}

static void NAME(causal_softmax)(float *scores, int64_t stride, float *log_sums, int64_t first,
                                 int64_t window, int64_t rows, int64_t columns, float scale) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t end = first + r + 1, start = NAME(first_column)(end, window);
    float *row = scores + r * stride;
    const float offset = NAME(maximum)(row + start, end - start) * scale;
    const float total = NAME(exponentiate)(row + start, end - start, scale, offset);
    NAME(scale_row)(row + start, end - start, 1.0f / total);
    log_sums[r] = offset + __builtin_logf(total);
    NAME(clear)(row, 0, start);
    NAME(clear)(row, end, columns);
  }
}

static void NAME(causal_probabilities)(float *scores, int64_t stride, const float *log_sums,
                                       int64_t first, int64_t window, int64_t rows,
                                       int64_t columns, float scale) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t end = first + r + 1, start = NAME(first_column)(end, window);
    float *row = scores + r * stride;
    NAME(exponentiate)(row + start, end - start, scale, log_sums[r]);
    NAME(clear)(row, 0, start);
    NAME(clear)(row, end, columns);
  }
}

static void NAME(causal_softmax_backward)(float *gradient, const float *probabilities,
                                          int64_t stride, const float *dots, int64_t first,
                                          int64_t window, int64_t rows, int64_t columns,
                                          float scale) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t end = first + r + 1, start = NAME(first_column)(end, window);
    float *d = gradient + r * stride + start;
    const float *p = probabilities + r * stride + start;
    const float dot = dots[r];
#define BODY(LOAD, STORE) STORE(d + i, LOAD(p + i) * (LOAD(d + i) - dot) * scale);
    FOR_EACH_VECTOR(end - start, BODY);
#undef BODY
    NAME(clear)(gradient + r * stride, 0, start);
    NAME(clear)(gradient + r * stride, end, columns);
  }
}

static void NAME(soft_cap)(float *values, int64_t stride, int64_t rows, int64_t columns,
                           float factor, float cap) {
  const float inner = factor / cap;
  for (int64_t r = 0; r < rows; r++) {
    float *row = values + r * stride;
#define BODY(LOAD, STORE) STORE(row + i, NAME(tanh)(LOAD(row + i) * inner) * cap);
    FOR_EACH_VECTOR(columns, BODY);
#undef BODY
  }
}

static void NAME(soft_cap_backward)(float *gradient, const float *capped, int64_t stride,
                                    int64_t rows, int64_t columns, float factor, float cap) {
  const float inverse = 1.0f / cap;
  for (int64_t r = 0; r < rows; r++) {
    float *d = gradient + r * stride;
    const float *y = capped + r * stride;
#define BODY(LOAD, STORE)                                     \
  {                                                           \
    const VECTOR t = LOAD(y + i) * inverse;                   \
    STORE(d + i, LOAD(d + i) * ((1.0f - t * t) * factor));    \
  }
    FOR_EACH_VECTOR(columns, BODY);
#undef BODY
  }
}

static void NAME(capped_exponentials_backward)(float *values, int64_t stride,
                                               const float *maxima, const float *factors,
                                               int64_t rows, int64_t columns, float cap) {
  const float inverse = 1.0f / cap;
  for (int64_t r = 0; r < rows; r++) {
    float *row = values + r * stride;
    const float top = maxima[r], factor = factors[r];
#define BODY(LOAD, STORE)                                       \
  {                                                             \
    const VECTOR e = LOAD(row + i);                             \
    const VECTOR t = (NAME(log)(e) + top) * inverse;            \
    STORE(row + i, e * factor * (1.0f - t * t));                \
  }
    FOR_EACH_VECTOR(columns, BODY);
#undef BODY
  }
}

static void NAME(exponentials)(float *values, int64_t stride, float *maxima, float *sums,
                               int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    float *row = values + r * stride;
    maxima[r] = NAME(maximum)(row, columns);
    sums[r] = NAME(exponentiate)(row, columns, 1.0f, maxima[r]);
  }
}

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
