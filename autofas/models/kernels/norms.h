// Batch norms without affine parameters: statistics of planes, and the derivative through them.
//
// With n numbers y, y' = (y - mean) / sqrt(var + EPSILON), and g = dL/dy',
//
//     dL/dy = (g - sum(g) / n - y' sum(g y') / n) / sqrt(var + EPSILON),
//
// which is linear in g, y and 1: three coefficients a channel.
#pragma once

#include "grid.h"

namespace {

constexpr double EPSILON = 1e-5, MOMENTUM = 0.1;

struct Normal {
  real mean, inverse;  // inverse: 1 / sqrt(var + EPSILON)
};

// Raises totals[0] by sum(y) and totals[1] by sum(y * y), totals one `stride` apart.
inline void add_moments(const real* y, int n, double* totals, long stride) {
  vec first[2] = {}, second[2] = {};
  for (int p = 0; p < n; p += LANES) {
    const vec value = load(y + p);
    first[p / LANES % 2] += value;
    second[p / LANES % 2] += value * value;
  }
  totals[0] += sum(first[0] + first[1]);
  totals[stride] += sum(second[0] + second[1]);
}

inline double dot(const real* a, const real* b, int n) {
  vec total = {};
  for (int p = 0; p < n; p += LANES) total += load(a + p) * load(b + p);
  return sum(total);
}

inline double total(const real* a, int n) {
  vec sums = {};
  for (int p = 0; p < n; p += LANES) sums += load(a + p);
  return sum(sums);
}

// From sums over `count` pixels; moves the running statistics too where they are given.
inline Normal normal_of(double first, double second, double count, real* running_mean, real* running_var) {
  const double mean = first / count;
  double variance = second / count - mean * mean;
  if (variance < 0) variance = 0;  // a NaN stays one
  if (running_mean) {
    const double unbiased = variance * count / (count > 1 ? count - 1 : 1);
    *running_mean += static_cast<real>(MOMENTUM * (mean - *running_mean));
    *running_var += static_cast<real>(MOMENTUM * (unbiased - *running_var));
  }
  return {static_cast<real>(mean), static_cast<real>(1 / sqrt(variance + EPSILON))};
}

// dL/dy = gradient * g' + value * y + constant, where g = weight * g'.
struct Slope {
  real gradient, value, constant;
};

// `first` is sum(g'), `second` sum(g' y), over `count` pixels.
inline Slope slope_of(double weight, Normal normal, double first, double second, double count) {
  const double inverse = normal.inverse, along = (second - normal.mean * first) * inverse / count;
  const double scale = weight * inverse;
  return {static_cast<real>(scale), static_cast<real>(-scale * inverse * along),
          static_cast<real>(scale * (normal.mean * inverse * along - first / count))};
}

inline void apply_slope(real* out, Slope slope, const real* g, const real* y, const real* mask, int n) {
  const vec a = all(slope.gradient), b = all(slope.value), c = all(slope.constant);
  for (int p = 0; p < n; p += LANES) store(out + p, (load(g + p) * a + load(y + p) * b + c) * load(mask + p));
}

// out = mask * relu((y - mean) * inverse)
inline void normalise_rectified(real* out, const real* y, const real* mask, Normal normal, int n) {
  const vec scale = all(normal.inverse), offset = all(-normal.mean * normal.inverse);
  for (int p = 0; p < n; p += LANES)
    store(out + p, rectified(load(y + p) * scale + offset) * load(mask + p));
}

inline void normalise(real* out, const real* y, const real* mask, Normal normal, int n) {
  const vec scale = all(normal.inverse), offset = all(-normal.mean * normal.inverse);
  for (int p = 0; p < n; p += LANES) store(out + p, (load(y + p) * scale + offset) * load(mask + p));
}

}  // namespace
