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

static inline VECTOR NAME(magnitude)(VECTOR x) { return (VECTOR)((INTEGERS)x & 0x7fffffff); }

// The size of `x` with the sign of `y`.
static inline VECTOR NAME(with_sign)(VECTOR x, VECTOR y) {
  return (VECTOR)((INTEGERS)x | ((INTEGERS)y & (INTEGERS)NAME(splat)(-0.0f)));
}

// log x for positive normal numbers, absolute error below 1e-7 times the larger of 1 and |log x|;
// some number for 0.
//
// x = 2^n m with sqrt(1/2) <= m < sqrt(2), and log m by a polynomial in m - 1 (Cephes, logf.c).
static inline VECTOR NAME(log)(VECTOR x) {
  // Moves the root of one half to a power of two, so that the exponent's bits are n.
  const INTEGERS bits = (INTEGERS)x - 0x3f3504f3;
  const INTEGERS exponent = bits >> 23;
  const VECTOR n = __builtin_convertvector(exponent, VECTOR);
  const VECTOR z = (VECTOR)((INTEGERS)x - (exponent << 23)) - 1.0f;
  VECTOR p = z * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * z + 1.1676998740e-1f;
  p = p * z - 1.2420140846e-1f;
  p = p * z + 1.4249322787e-1f;
  p = p * z - 1.6668057665e-1f;
  p = p * z + 2.0000714765e-1f;
  p = p * z - 2.4999993993e-1f;
  p = p * z + 3.3333331174e-1f;
  const VECTOR square = z * z;
  p = p * square * z - n * 2.12194440e-4f - square * 0.5f;
  return z + p + n * 0.693359375f;
}

// tanh x, relative error below 3e-7.
//
// A polynomial near 0 (Cephes, tanhf.c), and 1 - 2 / (e^2|x| + 1) with the sign of x elsewhere.
static inline VECTOR NAME(tanh)(VECTOR x) {
  const VECTOR size = NAME(magnitude)(x), square = x * x;
  VECTOR p = square * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const VECTOR near = x + x * square * p;
  const VECTOR far = 1.0f - 2.0f / (NAME(exp)(size * 2.0f) + 1.0f);
  return NAME(select)(size > NAME(splat)(0.625f), NAME(with_sign)(far, x), near);
}

// P(X < x) for a normal X, relative error below 2e-6 down to x = -10; `density` is e^(-x^2 / 2).
//
// With z = |x| / sqrt(2): (1 + erf z) / 2 for z below 1, by a polynomial in z^2, and erfc(z) / 2 =
// e^(-z^2) P(1 / z^2) / 2z elsewhere, with two polynomials (Cephes, ndtrf.c).
static inline VECTOR NAME(normal_probability)(VECTOR x, VECTOR density) {
  const VECTOR size = NAME(magnitude)(x) * 0.70710678119f;
  const VECTOR square = size * size;
  VECTOR near = square * 7.853861353153693e-5f - 8.010193625184903e-4f;
  near = near * square + 5.188327685732524e-3f;
  near = near * square - 2.685381193529856e-2f;
  near = near * square + 1.128358514861418e-1f;
  near = near * square - 3.761262582423300e-1f;
  near = near * square + 1.128379165726710f;
  near = near * size * 0.5f;
  const VECTOR inverse = 1.0f / NAME(larger)(size, NAME(splat)(1.0f)), q = inverse * inverse;
  VECTOR middle = q * 2.326819970068386e-2f - 1.387039388740657e-1f;
  middle = middle * q + 3.687424674597105e-1f;
  middle = middle * q - 5.824733027278666e-1f;
  middle = middle * q + 6.210004621745983e-1f;
  middle = middle * q - 4.944515323274145e-1f;
  middle = middle * q + 3.404879937665872e-1f;
  middle = middle * q - 2.741127028184656e-1f;
  middle = middle * q + 5.638259427386472e-1f;
  VECTOR far = q * -1.047766399936249e+1f + 1.297719955372516e+1f;
  far = far * q - 7.495518717768503f;
  far = far * q + 2.921019019210786f;
  far = far * q - 1.015265279202700f;
  far = far * q + 4.218463358204948e-1f;
  far = far * q - 2.820767439740514e-1f;
  far = far * q + 5.641895067754075e-1f;
  const VECTOR polynomial = NAME(select)(size < NAME(splat)(2.0f), middle, far);
  const VECTOR tail = density * inverse * polynomial * 0.5f;
  const INTEGERS negative = x < NAME(splat)(0.0f);
  return NAME(select)(
      size < NAME(splat)(1.0f), NAME(select)(negative, 0.5f - near, near + 0.5f),
      NAME(select)(negative, tail, 1.0f - tail));
}
