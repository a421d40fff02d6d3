// Depthwise convolutions: a sum of shifted planes.
#pragma once

#include "grid.h"

namespace {

constexpr int MOST_TAPS = 49;

// Where the taps of a k x k kernel read. At stride 2 the input is four phase planes of the output's grid.
struct Taps {
  struct Phase {
    int count = 0;
    int tap[MOST_TAPS];
    long place[MOST_TAPS];  // of the output that the tap carries this pixel to
  };
  int count, phases;
  long place[MOST_TAPS];  // of the input that tap t reads, from the output's
  Phase transposed[4];
};

Taps taps_of(const Grid& grid, int kernel, int dilation, int stride) {
  Taps taps;
  taps.count = kernel * kernel;
  taps.phases = stride * stride;
  for (int tap = 0; tap < taps.count; tap++) {
    int dy = (tap / kernel - kernel / 2) * dilation, dx = (tap % kernel - kernel / 2) * dilation, phase = 0;
    if (stride == 2) {
      const int odd_y = dy & 1, odd_x = dx & 1;
      phase = 2 * odd_y + odd_x;
      dy = (dy - odd_y) / 2, dx = (dx - odd_x) / 2;
    }
    const long shift = dy * grid.pitch + static_cast<long>(dx) * grid.images;
    taps.place[tap] = phase * grid.size + shift;
    Taps::Phase& back = taps.transposed[phase];
    back.tap[back.count] = tap;
    back.place[back.count++] = -shift;
  }
  return taps;
}

template <int N, bool ADDS>
AUTOFAS_INLINE void convolve_tile(real* out, const real* in, const long* places, const real* weights, int taps) {
  vec total[N];
  for (int r = 0; r < N; r++) total[r] = ADDS ? load(out + r * LANES) : vec{};
  for (int tap = 0; tap < taps; tap++) {
    const real* from = in + places[tap];
    const vec weight = all(weights[tap]);
    for (int r = 0; r < N; r++) total[r] += weight * load(from + r * LANES);
  }
  for (int r = 0; r < N; r++) store(out + r * LANES, total[r]);
}

// out[p] = (ADDS: +=) sum over taps of weights[tap] * in[p + places[tap]], for n numbers.
template <bool ADDS>
void convolve(real* out, const real* in, const long* places, const real* weights, int taps, int n) {
  int p = 0;
  for (; p + 8 * LANES <= n; p += 8 * LANES) convolve_tile<8, ADDS>(out + p, in + p, places, weights, taps);
  for (; p + 4 * LANES <= n; p += 4 * LANES) convolve_tile<4, ADDS>(out + p, in + p, places, weights, taps);
  for (; p < n; p += LANES) convolve_tile<1, ADDS>(out + p, in + p, places, weights, taps);
}

// The gradient of what tap t read, of one phase: out[p] = (ADDS: +=) sum of weights[t] * in[p - shift of t].
template <bool ADDS>
void convolve_transposed(real* out, const real* in, const Taps::Phase& taps, const real* weights, int n) {
  real chosen[MOST_TAPS];
  for (int t = 0; t < taps.count; t++) chosen[t] = weights[taps.tap[t]];
  convolve<ADDS>(out, in, taps.place, chosen, taps.count, n);
}

template <int N>
AUTOFAS_INLINE void kernel_gradient_tile(vec* sums, const real* slope, const real* in, const long* places, int n) {
  vec total[N];
  for (int t = 0; t < N; t++) total[t] = sums[t];
  for (int p = 0; p < n; p += LANES) {
    const vec d = load(slope + p);
    for (int t = 0; t < N; t++) total[t] += d * load(in + places[t] + p);
  }
  for (int t = 0; t < N; t++) sums[t] = total[t];
}

// sums[t] += slope[p] * in[p + places[t]], lane by lane.
void kernel_gradient(vec* sums, const real* slope, const real* in, const Taps& taps, int n) {
  int t = 0;
  for (; t + 9 <= taps.count; t += 9) kernel_gradient_tile<9>(sums + t, slope, in, taps.place + t, n);
  for (; t + 7 <= taps.count; t += 7) kernel_gradient_tile<7>(sums + t, slope, in, taps.place + t, n);
  for (; t < taps.count; t++) kernel_gradient_tile<1>(sums + t, slope, in, taps.place + t, n);
}

}  // namespace
