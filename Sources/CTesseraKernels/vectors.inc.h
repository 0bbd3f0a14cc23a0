// Vectors of LANES floats and what the kernels need of them. Included once per instruction set,
// with LANES and NAME(x) defined and the target attribute pushed.
//
// Compilers fuse a * b + c into one rounding where the instruction set has it, and nowhere else.

typedef float NAME(vector) __attribute__((vector_size(LANES * 4)));
typedef int32_t NAME(integers) __attribute__((vector_size(LANES * 4)));
#define VECTOR NAME(vector)
#define INTEGERS NAME(integers)

static inline VECTOR NAME(load)(const float *p) {
  VECTOR v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

static inline void NAME(store)(float *p, VECTOR v) { __builtin_memcpy(p, &v, sizeof v); }

// The first `count` lanes, fewer than LANES; the others are `fill`.
static inline VECTOR NAME(load_part)(const float *p, int64_t count, float fill) {
  float lanes[LANES];
  for (int i = 0; i < LANES; i++) lanes[i] = fill;
  for (int64_t i = 0; i < count && i < LANES; i++) lanes[i] = p[i];
  return NAME(load)(lanes);
}

static inline void NAME(store_part)(float *p, VECTOR v, int64_t count) {
  float lanes[LANES];
  NAME(store)(lanes, v);
  for (int64_t i = 0; i < count && i < LANES; i++) p[i] = lanes[i];
}

static inline VECTOR NAME(splat)(float x) { return x - (VECTOR){0}; }

static inline VECTOR NAME(select)(INTEGERS mask, VECTOR yes, VECTOR no) {
  return (VECTOR)((mask & (INTEGERS)yes) | (~mask & (INTEGERS)no));
}

static inline VECTOR NAME(larger)(VECTOR a, VECTOR b) { return NAME(select)(a > b, a, b); }

// Lanes are added in a tree whose shape depends on LANES alone.
static inline float NAME(sum)(VECTOR v) {
  float lanes[LANES];
  NAME(store)(lanes, v);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

static inline float NAME(largest)(VECTOR v) {
  float lanes[LANES];
  NAME(store)(lanes, v);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++)
      lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
  return lanes[0];
}

// e^x, relative error below 2e-7; 0 below -87.3, 2.4e38 above 88.37, not-a-number stays one.
//
// x = n ln 2 + r with |r| <= ln 2 / 2, and e^r by a polynomial of degree 6 (Taylor's coefficients
// moved a little to spread the error: Cephes, expf.c). Adding 1.5 * 2^23 rounds to an integer and
// leaves n in the low bits of the sum.
static inline VECTOR NAME(exp)(VECTOR x) {
  const VECTOR highest = NAME(splat)(88.3762626f), lowest = NAME(splat)(-87.3365448f);
  VECTOR c = NAME(select)(x > highest, highest, x);
  c = NAME(select)(c < lowest, lowest, c);
  const VECTOR shifted = c * 1.44269504f + 12582912.0f;
  const VECTOR n = shifted - 12582912.0f;
  VECTOR r = c - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  VECTOR p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r;
  p = p + 1.0f;
  const INTEGERS power = ((INTEGERS)shifted << 23) + 0x3f800000;
  return NAME(select)(x < lowest, NAME(splat)(0.0f), p * (VECTOR)power);
}
