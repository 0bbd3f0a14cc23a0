// What optimizers keep between steps, in fewer bits than a float has, and Lion's update. Plain loops
// that compilers vectorize; included by kernels.inc.h once per instruction set. All sets give the same
// bits, except that Lion's sums may be fused.

// 32 bits that look random, for an element and a seed. Mixing: "lowbias32" of Chris Wellons, whose
// bias is 0.17 of 1,000; https://nullprogram.com/blog/2018/07/31/.
static inline uint32_t NAME(random_bits)(uint32_t index, uint32_t seed) {
  uint32_t x = (index * 0x9e3779b1u) ^ seed;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

static void NAME(brain_decode)(float *values, const uint16_t *brain, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = (uint32_t)brain[i] << 16;
    __builtin_memcpy(values + i, &bits, 4);
  }
}

static void NAME(brain_encode)(uint16_t *brain, const float *values, int64_t count, uint32_t index,
                               uint32_t seed) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    __builtin_memcpy(&bits, values + i, 4);
    // What is cut off is the chance that the carry reaches the kept bits.
    brain[i] = (uint16_t)((bits + (NAME(random_bits)(index + (uint32_t)i, seed) >> 16)) >> 16);
  }
}

static float NAME(largest_magnitude)(const float *values, int64_t count) {
  VECTOR m = {0};
  const INTEGERS magnitude = (INTEGERS){0} + 0x7fffffff;
#define BODY(LOAD, STORE) m = NAME(larger)((VECTOR)((INTEGERS)LOAD(values + i) & magnitude), m);
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
  return NAME(largest)(m);
}

static void NAME(code_decode)(float *values, const uint8_t *codes, const float *map, float scale,
                              int64_t count) {
  for (int64_t i = 0; i < count; i++) values[i] = map[codes[i]] * scale;
}

static void NAME(code_encode)(uint8_t *codes, const float *values, const float *map, float scale,
                              int32_t least, int64_t count, uint32_t index, uint32_t seed) {
  for (int64_t i = 0; i < count; i++) {
    const float x = values[i] / scale;
    // The last of the 256 ascending numbers of the map that is not above x.
    int32_t k = 0;
    k += map[k + 128] <= x ? 128 : 0;
    k += map[k + 64] <= x ? 64 : 0;
    k += map[k + 32] <= x ? 32 : 0;
    k += map[k + 16] <= x ? 16 : 0;
    k += map[k + 8] <= x ? 8 : 0;
    k += map[k + 4] <= x ? 4 : 0;
    k += map[k + 2] <= x ? 2 : 0;
    k += map[k + 1] <= x ? 1 : 0;
    const int32_t next = k < 255 ? k + 1 : 255;
    const float chance = (float)(NAME(random_bits)(index + (uint32_t)i, seed) >> 8) * 0x1p-24f;
    // Without a product on the left, so that nothing is fused.
    k = (x - map[k]) > chance * (map[next] - map[k]) ? next : k;
    k = x > 0.0f && k < least ? least : k;
    codes[i] = (uint8_t)k;
  }
}

static void NAME(lion)(float *parameters, const float *gradient, float *moment, int64_t count,
                       float gradient_scale, float beta1, float beta2, float decay, float rate) {
  const float one_minus_beta1 = 1.0f - beta1, one_minus_beta2 = 1.0f - beta2;
  const VECTOR up = NAME(splat)(rate), none = {0};
#define BODY(LOAD, STORE)                                                                \
  {                                                                                      \
    const VECTOR g = LOAD(gradient + i) * gradient_scale, m = LOAD(moment + i);          \
    const VECTOR c = m * beta1 + g * one_minus_beta1;                                    \
    const VECTOR step =                                                                  \
        NAME(select)(c > none, up, NAME(select)(c < none, none - up, none));             \
    STORE(parameters + i, LOAD(parameters + i) * decay - step);                          \
    STORE(moment + i, m * beta2 + g * one_minus_beta2);                                  \
  }
  FOR_EACH_VECTOR(count, BODY);
#undef BODY
}
