// RMS norm and layer norm, forward and backward; included by kernels.inc.h once per instruction set.

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
