// 3x3 pooling and the 2x2 maximum of bypassed channels, with their gradients. Borders never count.
#pragma once

#include "depthwise.h"

namespace {

constexpr real LOWEST = static_cast<real>(-1e30);

// Takes the later value unless the earlier is at least as large: torch's first maximum, NaN included.
AUTOFAS_INLINE vec later_maximum(vec earlier, vec later) { return earlier >= later ? earlier : later; }
AUTOFAS_INLINE vec existing(const real* x, const real* exists) {
  return load(exists) > vec{} ? load(x) : all(LOWEST);
}

// `exists` is the mask of the input: a plane, or the four phases' at stride 2.
inline void max_pool(real* out, const real* x, const real* exists, const real* mask, const Taps& taps, int n) {
  for (int p = 0; p < n; p += LANES) {
    vec most = all(LOWEST);
    for (int t = 0; t < 9; t++) most = later_maximum(most, existing(x + p + taps.place[t], exists + p + taps.place[t]));
    store(out + p, load(mask + p) > vec{} ? most : vec{});
  }
}

// `share` is 1 over the pixels under the window, zero on padding. With theta the middle pixel, times it, is
// taken off: a central difference.
inline void average_pool(real* out, const real* x, const real* share, real theta, const Taps& taps, int n) {
  for (int p = 0; p < n; p += LANES) {
    vec total = {};
    for (int t = 0; t < 9; t++) total += load(x + p + taps.place[t]);
    store(out + p, total * load(share + p) - all(theta) * load(x + p));
  }
}

// The tap that holds the maximum, the first of equals; -1 where none does.
inline void max_tap(real* which, const real* x, const real* exists, const real* maximum, const Taps& taps, int n) {
  for (int p = 0; p < n; p += LANES) {
    vec found = all(-1);
    const vec most = load(maximum + p);
    for (int t = 8; t >= 0; t--)
      found = existing(x + p + taps.place[t], exists + p + taps.place[t]) == most ? all(t) : found;
    store(which + p, found);
  }
}

// Gradient of one phase's pixels: what every window that has them as its maximum passes on.
AUTOFAS_INLINE vec max_pool_gradient(const real* slope, const real* which, const Taps::Phase& taps) {
  vec total = {};
  for (int t = 0; t < taps.count; t++) {
    const long place = taps.place[t];
    total += load(which + place) == all(taps.tap[t]) ? load(slope + place) : vec{};
  }
  return total;
}

// The middle pixels are those of the first phase.
AUTOFAS_INLINE vec average_pool_gradient(
    const real* slope, const real* share, real theta, const Taps::Phase& taps, bool middle) {
  vec total = middle ? -all(theta) * load(slope) : vec{};
  for (int t = 0; t < taps.count; t++) total += load(slope + taps.place[t]) * load(share + taps.place[t]);
  return total;
}

// 2x2 maximum over four phase planes, `size` numbers apart; all windows have a pixel at phase 0.
inline void max_of_phases(real* out, const real* x, const real* exists, const real* mask, long size, int n) {
  for (int p = 0; p < n; p += LANES) {
    vec most = load(x + p);
    for (int phase = 1; phase < 4; phase++)
      most = later_maximum(most, existing(x + phase * size + p, exists + phase * size + p));
    store(out + p, most * load(mask + p));
  }
}

// The gradient goes to the first of equal maxima.
AUTOFAS_INLINE void max_of_phases_gradient(
    real* out, vec slope, const real* x, const real* exists, vec maximum, long size) {
  for (int phase = 0; phase < 4; phase++) {
    const auto hit = existing(x + phase * size, exists + phase * size) == maximum;
    store(out + phase * size, hit ? slope : vec{});
    slope = hit ? vec{} : slope;
  }
}

}  // namespace
