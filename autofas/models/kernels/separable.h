// One edge's separable convolution or factorised reduction: repeats of depthwise, pointwise, batch norm.
//
// The forward pass keeps the statistics alone; the backward pass computes the planes again, an edge at a time,
// while they fit into the second cache.
#pragma once

#include "cell.h"

namespace {

// What a repeat reads: the rectified source, in phases where it halves, then the hidden planes.
inline ConstPlanes input_of(const Work& work, const Chain& chain, int repeat) {
  if (repeat == 0) return {work.scratch.rectified, chain.stride * chain.stride * work.size};
  return {work.scratch.hidden, work.size};
}
inline Taps taps_of(const Work& work, const Chain& chain, int repeat) {
  return taps_of(work.grid, chain.kernel, chain.dilation, repeat == 0 ? chain.stride : 1);
}

// Depthwise and pointwise convolution of a block: z gets c planes' blocks, y planes.
inline void convolve_block(const Work& work, const Chain& chain, int repeat, const Taps& taps, Planes z, real* y,
                           long at, int n) {
  const ConstPlanes in = input_of(work, chain, repeat);
  const real *depthwise = chain.weight[2 * repeat], *pointwise = chain.weight[2 * repeat + 1];
  for (int i = 0; i < work.c; i++)
    convolve<false>(z.at + i * z.stride, in.at + i * in.stride + at, taps.place, depthwise + i * taps.count, taps.count, n);
  product<AS_IT_IS, MASKED>({y + at, work.size}, {z.at, z.stride}, {pointwise, work.c, 1}, work.c, work.c, n,
                            {work.grid.mask + at, 0});
}

// The even pixels of the rectified source make the first channels, the odd ones the others.
inline void reduce_block(const Work& work, const Chain& chain, real* y, long at, int n) {
  const int even = work.c / 2;
  const long stride = 4 * work.size;
  const real* x = work.scratch.rectified + at;
  product<AS_IT_IS, WRITTEN>({y + at, work.size}, {x, stride}, {chain.weight[0], work.c, 1}, even, work.c, n);
  product<AS_IT_IS, WRITTEN>({y + even * work.size + at, work.size}, {x + 3 * work.size, stride},
                             {chain.weight[1], work.c, 1}, work.c - even, work.c, n);
}

inline void hide(const Work& work, const Chain& chain, const real* y) {
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < work.c; i++)
      normalise_rectified(work.scratch.hidden + i * work.size + at, y + i * work.size + at, work.grid.mask + at,
                          chain.normals[0][i], n);
  });
  work.member.meet();
}

// The norms of a repeat, by all members alike; the first of them moves the running statistics.
inline void finish_normals(Work& work, const Chain& chain, int repeat, double* sums) {
  const int c = work.c;
  work.member.reduce(sums, 2 * c);
  const bool moves = chain.running_mean[repeat] && work.member.index == 0;
  for (int o = 0; o < c; o++) {
    real* mean = moves ? chain.running_mean[repeat] + o : nullptr;
    real* var = moves ? chain.running_var[repeat] + o : nullptr;
    chain.normals[repeat][o] = normal_of(sums[o], sums[c + o], work.grid.count(), mean, var);
  }
}

// The chain's last pointwise planes go to `result`, its statistics to its normals.
void chain_forward(Work& work, const Chain& chain, real* result) {
  const int c = work.c;
  for (int repeat = 0; repeat < chain.repeats; repeat++) {
    real* y = repeat + 1 < chain.repeats ? work.scratch.point[repeat] : result;
    double* sums = work.scratch.sums;
    for (int i = 0; i < 2 * c; i++) sums[i] = 0;
    const Taps taps = chain.kind == SEPARABLE ? taps_of(work, chain, repeat) : Taps{};
    for_blocks(work.grid, work.member, [&](long at, int n) {
      if (chain.kind == SEPARABLE)
        convolve_block(work, chain, repeat, taps, {work.scratch.depth_block, BLOCK}, y, at, n);
      else
        reduce_block(work, chain, y, at, n);
      for (int o = 0; o < c; o++) add_moments(y + o * work.size + at, n, sums + o, c);
    });
    finish_normals(work, chain, repeat, sums);
    if (repeat + 1 < chain.repeats) hide(work, chain, y);
  }
}

// The planes of the forward pass again; `products` (c,) become sum(dL/dresult * y), over all members.
inline void chain_again(Work& work, const Chain& chain, const real* slope, double* products) {
  const Scratch& s = work.scratch;
  const int c = work.c;
  for (int i = 0; i < c; i++) products[i] = 0;
  for (int repeat = 0; repeat < chain.repeats; repeat++) {
    real* y = s.point[repeat];
    const bool last = repeat + 1 == chain.repeats, kept = work.cell.weights_wanted;
    const Taps taps = chain.kind == SEPARABLE ? taps_of(work, chain, repeat) : Taps{};
    for_blocks(work.grid, work.member, [&](long at, int n) {
      const Planes z = kept ? Planes{s.depth[repeat] + at, work.size} : Planes{s.depth_block, BLOCK};
      if (chain.kind == SEPARABLE) convolve_block(work, chain, repeat, taps, z, y, at, n);
      else reduce_block(work, chain, y, at, n);
      if (last)
        for (int o = 0; o < c; o++) products[o] += dot(slope + o * work.size + at, y + o * work.size + at, n);
    });
    if (!last) hide(work, chain, y);
  }
  work.member.reduce(products, c);
}

// Writes two weight gradients from the members' sums.
inline void write_gradients(Work& work, real* first, const vec* first_sums, long first_count, real* second,
                            const vec* second_sums, long second_count) {
  double* numbers = work.scratch.sums;
  for (long i = 0; i < first_count; i++) numbers[i] = sum(first_sums[i]);
  for (long i = 0; i < second_count; i++) numbers[first_count + i] = sum(second_sums[i]);
  work.member.reduce_to(first, first_count, second, numbers, first_count + second_count);
}

// Through norm, pointwise and depthwise weights of a repeat: scratch.slope becomes the gradient of the
// depthwise convolution's output.
inline void repeat_backward(Work& work, const Chain& chain, int repeat, const real* slope, const Slope* slopes) {
  const Scratch& s = work.scratch;
  const int c = work.c;
  const bool wanted = work.cell.weights_wanted;
  const Taps taps = taps_of(work, chain, repeat);
  const ConstPlanes in = input_of(work, chain, repeat);
  if (wanted) {
    memset(s.depth_sums, 0, sizeof(vec) * c * taps.count);
    memset(s.point_sums, 0, sizeof(vec) * c * c);
  }
  for_blocks(work.grid, work.member, [&](long at, int n) {
    const ConstPlanes d{s.point_block, BLOCK};
    for (int o = 0; o < c; o++)
      apply_slope(s.point_block + o * BLOCK, slopes[o], slope + o * work.size + at, s.point[repeat] + o * work.size + at,
                  work.grid.mask + at, n);
    product<AS_IT_IS, WRITTEN>({s.slope + at, work.size}, d, {chain.weight[2 * repeat + 1], 1, c}, c, c, n);
    if (!wanted) return;
    outer<AS_IT_IS>(s.point_sums, d, {s.depth[repeat] + at, work.size}, c, c, n);
    for (int i = 0; i < c; i++)
      kernel_gradient(s.depth_sums + i * taps.count, s.slope + i * work.size + at, in.at + i * in.stride + at, taps, n);
  });
  if (!wanted) return work.member.meet();
  write_gradients(work, chain.gradient[2 * repeat], s.depth_sums, static_cast<long>(c) * taps.count,
                  chain.gradient[2 * repeat + 1], s.point_sums, static_cast<long>(c) * c);
}

// From scratch.slope to the gradient of the hidden planes' norm: its planes, and its sums with 1 and y.
inline void hidden_backward(Work& work, const Chain& chain, Slope* slopes) {
  const Scratch& s = work.scratch;
  const int c = work.c;
  const Taps taps = taps_of(work, chain, 1);
  double* sums = s.sums;
  for (int i = 0; i < 2 * c; i++) sums[i] = 0;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < c; i++) {
      const long place = i * work.size + at;
      real* out = s.hidden_slope + place;
      convolve_transposed<false>(out, s.slope + place, taps.transposed[0], chain.weight[2] + i * taps.count, n);
      vec first = {}, second = {};
      for (int p = 0; p < n; p += LANES) {
        const vec d = load(s.hidden + place + p) > vec{} ? load(out + p) : vec{};
        store(out + p, d);
        first += d, second += d * load(s.point[0] + place + p);
      }
      sums[i] += sum(first), sums[c + i] += sum(second);
    }
  });
  work.member.reduce(sums, 2 * c);
  for (int i = 0; i < c; i++) slopes[i] = slope_of(1, chain.normals[0][i], sums[i], sums[c + i], work.grid.count());
}

inline void reduction_backward(Work& work, const Chain& chain, const real* slope, const Slope* slopes) {
  const Scratch& s = work.scratch;
  const int c = work.c, even = c / 2;
  const long stride = 4 * work.size;
  const bool wanted = work.cell.weights_wanted;
  if (wanted) memset(s.point_sums, 0, sizeof(vec) * c * c);
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int o = 0; o < c; o++)
      apply_slope(s.point_block + o * BLOCK, slopes[o], slope + o * work.size + at, s.point[0] + o * work.size + at,
                  work.grid.mask + at, n);
    for (int half = 0; half < 2; half++) {
      const int first = half ? even : 0, outputs = half ? c - even : even;
      const ConstPlanes d{s.point_block + first * BLOCK, BLOCK};
      const long place = (half ? 3 : 0) * work.size + at;
      if (wanted) outer<AS_IT_IS>(s.point_sums + first * c, d, {s.rectified + place, stride}, outputs, c, n);
      product<AS_IT_IS, ADDED>({s.rectified_gradient + place, stride}, d, {chain.weight[half], 1, c}, c, outputs, n);
    }
  });
  if (!wanted) return;
  write_gradients(work, chain.gradient[0], s.point_sums, static_cast<long>(even) * c, chain.gradient[1],
                  s.point_sums + even * c, static_cast<long>(c - even) * c);
}

// Adds to scratch.rectified_gradient; `slope` is the target's gradient, `first` (c,) its sums.
// Returns dL/dweight.
double chain_backward(Work& work, const Chain& chain, const real* slope, const double* first, double weight,
                      double* products, Slope* slopes) {
  const Scratch& s = work.scratch;
  const int c = work.c, last = chain.repeats - 1;
  chain_again(work, chain, slope, products);
  double gradient = 0;
  for (int o = 0; o < c; o++) {
    const Normal normal = chain.normals[last][o];
    gradient += (products[o] - normal.mean * first[o]) * normal.inverse;
    slopes[o] = slope_of(weight, normal, first[o], products[o], work.grid.count());
  }
  if (chain.kind == SKIP) {
    reduction_backward(work, chain, slope, slopes);
    return gradient;
  }
  for (int repeat = last; repeat >= 0; repeat--) {
    repeat_backward(work, chain, repeat, slope, slopes);
    if (repeat > 0) {
      hidden_backward(work, chain, slopes);
      slope = s.hidden_slope;
    }
  }
  const Taps taps = taps_of(work, chain, 0);
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < c; i++)
      for (int phase = 0; phase < taps.phases; phase++)
        convolve_transposed<true>(s.rectified_gradient + (static_cast<long>(i) * taps.phases + phase) * work.size + at,
                                  s.slope + i * work.size + at, taps.transposed[phase], chain.weight[0] + i * taps.count, n);
  });
  return gradient;
}

}  // namespace
