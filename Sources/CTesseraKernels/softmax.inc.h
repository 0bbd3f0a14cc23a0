// Softmax over rows of scores, what attention sees of them, and soft caps; included by kernels.inc.h once
// per instruction set.

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

// Where the columns end that a row sees: behind its own, or where all of them end.
static inline int64_t NAME(end_column)(int64_t first, int64_t row, int64_t columns) {
  return columns - first > row + 1 ? first + row + 1 : columns;
}

static void NAME(causal_softmax)(float *scores, int64_t stride, float *log_sums, int64_t first,
                                 int64_t window, int64_t rows, int64_t columns, float scale) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t end = NAME(end_column)(first, r, columns);
    const int64_t start = NAME(first_column)(end, window);
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
    const int64_t end = NAME(end_column)(first, r, columns);
    const int64_t start = NAME(first_column)(end, window);
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
    const int64_t end = NAME(end_column)(first, r, columns);
    const int64_t start = NAME(first_column)(end, window);
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
