// SiLU and GELU, gated and not, forward and backward; included by kernels.inc.h once per instruction set.

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
