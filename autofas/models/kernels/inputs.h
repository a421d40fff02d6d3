// A cell's preprocessing: ReLU, 1x1 convolution and batch norm of both its inputs. And the network's head.
#pragma once

#include "layout.h"
#include "norms.h"
#include "pointwise.h"
#include "team.h"

namespace {

// Where a reduction came between the inputs (`halved`), the first is reduced: its even pixels make the first
// half of its channels, the odd ones the second.
struct Inputs {
  const Grid *grid, *before_grid;
  int channels, before_channels, last_channels, halved, threads, weights_wanted;
  int before_adds, last_adds;  // the inputs' gradients are raised, not written
  const real *before, *last;                // planes, not yet rectified
  const real *before_weight, *last_weight;  // (C, channels of the input)
  real *before_weight_gradient, *last_weight_gradient;
  real *running_mean, *running_var;         // (2, C), null where nothing is tracked
  Normal* normals;                          // (2, C)
  real *source, *source_gradient;           // 2 * C planes
  real *before_gradient, *last_gradient;    // null where not wanted
  void* scratch;
  long scratch_bytes;
};

// One product of the preprocessing: `outputs` channels from `first` on, made of input planes.
struct Part {
  int first, outputs, inputs;
  const real* planes;
  const real* weight;
  real* gradient;         // of the planes
  double* weight_sums;
  bool adds;
};

struct InputScratch {
  real *phases, *phase_gradients;  // even, odd: before_channels planes each
  double *sums, *weight_sums;      // own
  real *packed, *slopes;           // own: a span's numbers of one part's inputs, rectified; of its gradients
};
constexpr int SPAN_NUMBERS = SPAN * BLOCK;

inline InputScratch take_scratch(const Inputs& inputs, Member& member, Arena& arena, bool backward) {
  InputScratch s{};
  const long C = inputs.channels, weights = C * (inputs.before_channels + inputs.last_channels);
  const bool wanted = backward && inputs.weights_wanted;
  const long planes = 2L * inputs.before_channels * inputs.grid->size;
  member.prepare(arena, wanted && weights > 4 * C ? weights : 4 * C);
  s.sums = member.own<double>(arena, 4 * C);
  if (wanted) s.weight_sums = member.own<double>(arena, weights);
  const int most = inputs.before_channels > inputs.last_channels ? inputs.before_channels : inputs.last_channels;
  s.packed = member.own<real>(arena, static_cast<long>(most) * SPAN_NUMBERS);
  if (backward) s.slopes = member.own<real>(arena, C * SPAN_NUMBERS);
  if (inputs.halved) s.phases = arena.take<real>(planes);
  if (inputs.halved && backward) s.phase_gradients = arena.take<real>(planes);
  return s;
}

// The products, two or three. Returns their number.
inline int parts_of(const Inputs& in, const InputScratch& s, Part* parts) {
  const int C = in.channels, half = C / 2;
  const long planes = in.before_channels * in.grid->size;
  double* sums = s.weight_sums;
  double* last_sums = sums ? sums + static_cast<long>(C) * in.before_channels : nullptr;
  parts[0] = {C, C, in.last_channels, in.last, in.last_weight, in.last_gradient, last_sums, in.last_adds != 0};
  if (!in.halved) {
    parts[1] = {0, C, in.before_channels, in.before, in.before_weight, in.before_gradient, sums, in.before_adds != 0};
    return 2;
  }
  real* slopes = in.before_gradient ? s.phase_gradients : nullptr;
  parts[1] = {0, half, in.before_channels, s.phases, in.before_weight, slopes, sums, false};
  parts[2] = {half, C - half, in.before_channels, s.phases + planes, in.before_weight + static_cast<long>(half) * in.before_channels,
              slopes ? slopes + planes : nullptr, sums ? sums + static_cast<long>(half) * in.before_channels : nullptr, false};
  return 3;
}

inline void split_before(const Inputs& in, const Member& member, const InputScratch& s) {
  if (!in.halved) return;
  const Range mine = member.share(2L * in.before_channels);
  for (long i = mine.begin; i < mine.end; i++)
    split_phase(*in.before_grid, *in.grid, i < in.before_channels ? 0 : 3,
                in.before + i % in.before_channels * in.before_grid->size, s.phases + i * in.grid->size);
  member.meet();
}

// The planes of a part lie far from one another: side by side they need fewer pages, and the ReLU is done once.
inline ConstPlanes pack(const Part& part, const InputScratch& s, long size, long at, int n) {
  for (int i = 0; i < part.inputs; i++)
    for (int p = 0; p < n; p += LANES) store(s.packed + i * SPAN_NUMBERS + p, rectified(load(part.planes + i * size + at + p)));
  return {s.packed, SPAN_NUMBERS};
}

void inputs_forward(const Inputs& in, Member& member, Arena& arena) {
  const InputScratch s = take_scratch(in, member, arena, false);
  if (!arena.base) return;
  const Grid& grid = *in.grid;
  const int C = in.channels;
  Part parts[3];
  const int count = parts_of(in, s, parts);
  clear_shared(grid, member, in.source, 2 * C);
  split_before(in, member, s);
  for (int i = 0; i < 4 * C; i++) s.sums[i] = 0;
  for_spans(grid, member, [&](long at, int n) {
    for (int i = 0; i < count; i++) {
      const Part& part = parts[i];
      product<AS_IT_IS, MASKED>({in.source + part.first * grid.size + at, grid.size}, pack(part, s, grid.size, at, n),
                                {part.weight, part.inputs, 1}, part.outputs, part.inputs, n, {grid.mask + at, 0});
    }
    for (int i = 0; i < 2 * C; i++) add_moments(in.source + i * grid.size + at, n, s.sums + i, 2 * C);
  });
  member.reduce(s.sums, 4 * C);
  if (member.index == 0)
    for (int i = 0; i < 2 * C; i++)
      in.normals[i] = normal_of(s.sums[i], s.sums[2 * C + i], grid.count(), in.running_mean ? in.running_mean + i : nullptr,
                                in.running_var ? in.running_var + i : nullptr);
  member.meet();
  for_blocks(grid, member, [&](long at, int n) {
    for (int i = 0; i < 2 * C; i++) {
      real* y = in.source + i * grid.size + at;
      normalise(y, y, grid.mask + at, in.normals[i], n);
    }
  });
}

// In terms of the norm's outputs, which have mean 0 and deviation 1.
inline Slope norm_slope(const Inputs& in, const double* sums, int i) {
  return slope_of(in.normals[i].inverse, {0, 1}, sums[i], sums[2 * in.channels + i], in.grid->count());
}

// Sums of the gradient, and of its products with the norm's outputs: (2, 2 * C).
inline void sum_gradients(const Inputs& in, Member& member, double* sums) {
  const Grid& grid = *in.grid;
  const int C = in.channels;
  for (int i = 0; i < 4 * C; i++) sums[i] = 0;
  for_blocks(grid, member, [&](long at, int n) {
    for (int i = 0; i < 2 * C; i++) {
      sums[i] += total(in.source_gradient + i * grid.size + at, n);
      sums[2 * C + i] += dot(in.source_gradient + i * grid.size + at, in.source + i * grid.size + at, n);
    }
  });
  member.reduce(sums, 4 * C);
}

// A span of one part: through the norm, then to the input's gradient and to the weights'.
inline void part_backward(const Inputs& in, const Part& part, const InputScratch& s, long at, int n) {
  const Grid& grid = *in.grid;
  for (int o = 0; o < part.outputs; o++) {
    const long place = (part.first + o) * grid.size + at;
    apply_slope(s.slopes + o * SPAN_NUMBERS, norm_slope(in, s.sums, part.first + o), in.source_gradient + place,
                in.source + place, grid.mask + at, n);
  }
  const ConstPlanes d{s.slopes, SPAN_NUMBERS}, x = pack(part, s, grid.size, at, n);
  const Matrix transposed{part.weight, 1, part.inputs};
  if (part.gradient && part.adds)
    product<AS_IT_IS, GATED_ADDED>({part.gradient + at, grid.size}, d, transposed, part.inputs, part.outputs, n, x);
  else if (part.gradient)
    product<AS_IT_IS, GATED>({part.gradient + at, grid.size}, d, transposed, part.inputs, part.outputs, n, x);
  if (part.weight_sums) outer<AS_IT_IS>(part.weight_sums, d, x, part.outputs, part.inputs, n);
}

inline void join_before(const Inputs& in, const Member& member, const InputScratch& s) {
  member.meet();
  const long size = in.grid->size;
  const Range mine = member.share(in.before_channels);
  for (long i = mine.begin; i < mine.end; i++) {
    real* plane = in.before_gradient + i * in.before_grid->size;
    if (!in.before_adds) memset(plane, 0, sizeof(real) * in.before_grid->size);
    join_phase(*in.before_grid, *in.grid, 0, s.phase_gradients + i * size, plane, in.before_adds);
    join_phase(*in.before_grid, *in.grid, 3, s.phase_gradients + (in.before_channels + i) * size, plane, in.before_adds);
  }
}

void inputs_backward(const Inputs& in, Member& member, Arena& arena) {
  const InputScratch s = take_scratch(in, member, arena, true);
  if (!arena.base) return;
  const Grid& grid = *in.grid;
  Part parts[3];
  const int count = parts_of(in, s, parts);
  split_before(in, member, s);
  sum_gradients(in, member, s.sums);
  const long weights = static_cast<long>(in.channels) * (in.before_channels + in.last_channels);
  for (long i = 0; s.weight_sums && i < weights; i++) s.weight_sums[i] = 0;
  for (int i = 0; i < count; i++)
    for_spans(grid, member, [&](long at, int n) { part_backward(in, parts[i], s, at, n); });
  if (s.weight_sums) {
    const long before = static_cast<long>(in.channels) * in.before_channels;
    member.reduce_to(in.before_weight_gradient, before, in.last_weight_gradient, s.weight_sums, weights);
  }
  if (in.halved && in.before_gradient) join_before(in, member, s);
}

}  // namespace
