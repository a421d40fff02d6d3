// The gradients of a cell after its preprocessing: fans in reverse, so that a node's gradient is complete before
// its own incoming edges are taken.
#pragma once

#include "separable.h"

namespace {

// Sums over pixels that need only the present source's planes and the targets' gradients.
struct SharedProducts {
  double *pools, *skip, *beta;  // (targets, operations, c); (targets,); (targets,)
  long count;
  SharedProducts(double* sums, const Work& work, const Fan& fan) {
    const long pooled = static_cast<long>(fan.targets) * work.cell.operations * work.c;
    pools = sums, skip = pools + pooled, beta = skip + fan.targets, count = pooled + 2 * fan.targets;
    for (long i = 0; i < count; i++) sums[i] = 0;
  }
  double* pool(const Work& work, int target, int operation) const {
    return pools + (static_cast<long>(target) * work.cell.operations + operation) * work.c;
  }
};

inline const real* slope_of_target(const Work& work, const Fan& fan, int target) {
  return work.cell.node_gradient + static_cast<long>(fan.number + target) * work.C * work.size;
}

inline void multiply_shared(const Work& work, const Fan& fan, const Source& source, const SharedProducts& found) {
  const Cell& cell = work.cell;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int target = 0; target < fan.targets; target++) {
      const real* slope = slope_of_target(work, fan, target) + at;
      for (int i = 0; i < work.c; i++)
        for (int o = 0; o < cell.operations; o++) {
          if (is_pool(cell.operation[o]))
            found.pool(work, target, o)[i] += dot(slope + i * work.size, work.scratch.pooled[o] + i * work.size + at, n);
          else if (cell.operation[o].kind == SKIP && !fan.halves)
            found.skip[target] += dot(slope + i * work.size, source.channel(i) + at, n);
        }
      for (int i = work.c; i < work.C; i++) {
        const real* x = fan.halves ? work.scratch.bypassed + (i - work.c) * work.size : source.channel(i);
        found.beta[target] += dot(slope + i * work.size, x + at, n);
      }
    }
  });
}

// Gradients of alpha's pools and skip and of beta, and the slope of every pool's norm: (operations, c).
inline void finish_shared(Work& work, const Fan& fan, int number, const SharedProducts& found, Slope* slopes) {
  const Cell& cell = work.cell;
  const int c = work.c;
  for (int o = 0; o < cell.operations; o++) {
    if (!is_pool(cell.operation[o])) continue;
    const Normal* normals = normals_at(work, fan.first_edge + number * fan.targets, o, 0);
    for (int i = 0; i < c; i++) {
      double first = 0, second = 0;
      for (int target = 0; target < fan.targets; target++) {
        const double weight = cell.chosen[work.row(fan, number * fan.targets + target) * cell.operations + o];
        first += weight * work.scratch.node_sums[(fan.number + target) * c + i];
        second += weight * found.pool(work, target, o)[i];
      }
      slopes[o * c + i] = slope_of(1, normals[i], first, second, work.grid.count());
    }
  }
  if (work.member.index > 0) return;
  for (int target = 0; target < fan.targets; target++) {
    const int row = work.row(fan, number * fan.targets + target);
    const double* sums = work.scratch.node_sums + (fan.number + target) * c;
    cell.betas_gradient[row] += found.beta[target];
    for (int o = 0; o < cell.operations; o++) {
      double& gradient = cell.chosen_gradient[row * cell.operations + o];
      if (cell.operation[o].kind == SKIP && !fan.halves) gradient += found.skip[target];
      if (!is_pool(cell.operation[o])) continue;
      const Normal* normals = normals_at(work, fan.first_edge + number * fan.targets, o, 0);
      for (int i = 0; i < c; i++)
        gradient += (found.pool(work, target, o)[i] - normals[i].mean * sums[i]) * normals[i].inverse;
    }
  }
}

// The targets' gradients, weighted: what reaches a source's channel by one candidate or by the bypass.
struct Weighted {
  const real* slopes[MOST_NODES];
  real weights[MOST_NODES];
  int count;
  Weighted(const Work& work, const Fan& fan, int number, int channel, int operation) : count(fan.targets) {
    for (int target = 0; target < count; target++) {
      const int row = work.row(fan, number * fan.targets + target);
      slopes[target] = slope_of_target(work, fan, target) + channel * work.size;
      weights[target] = operation < 0 ? work.cell.betas[row] : work.cell.chosen[row * work.cell.operations + operation];
    }
  }
  AUTOFAS_INLINE vec at(long place) const {
    vec total = {};
    for (int target = 0; target < count; target++) total += all(weights[target]) * load(slopes[target] + place);
    return total;
  }
};

inline void pool_slopes(Work& work, const Fan& fan, const Source& source, int number, const Slope* slopes) {
  const Cell& cell = work.cell;
  const Scratch& s = work.scratch;
  const Taps taps = taps_of(work.grid, 3, 1, fan.halves ? 2 : 1);
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int o = 0; o < cell.operations; o++) {
      if (!is_pool(cell.operation[o])) continue;
      const bool maximum = cell.operation[o].kind == MAX_POOL;
      for (int i = 0; i < work.c; i++) {
        const Weighted weighted(work, fan, number, i, o);
        const Slope slope = slopes[o * work.c + i];
        const vec a = all(slope.gradient), b = all(slope.value), constant = all(slope.constant);
        const long place = i * work.size + at;
        for (int p = 0; p < n; p += LANES) {
          const vec y = load(s.pooled[o] + place + p);
          store(s.pool_slope[o] + place + p, (weighted.at(at + p) * a + y * b + constant) * load(work.grid.mask + at + p));
        }
        if (maximum) max_tap(s.which + place, source.channel(i) + at, work.exists(fan) + at, s.pooled[o] + place, taps, n);
      }
    }
  });
}

// One of the c mixed channels: pools, skip connection, and the ReLU before all convolutions.
inline void mixed_gradient(const Work& work, const Fan& fan, const Source& source, int number, int i, long at, int n) {
  const Cell& cell = work.cell;
  const Scratch& s = work.scratch;
  const int phases = fan.halves ? 4 : 1, parts = s.apart ? work.member.count : 1;
  const Taps taps = taps_of(work.grid, 3, 1, fan.halves ? 2 : 1);
  for (int phase = 0; phase < phases; phase++) {
    const real* x = source.channel(i) + phase * work.size + at;
    const real* behind = s.rectified_gradient - work.member.index * s.gradients_apart +
                         (static_cast<long>(i) * phases + phase) * work.size + at;
    real* out = source.gradient(i) + phase * work.size + at;
    for (int p = 0; p < n; p += LANES) {
      vec total = load(behind + p);
      for (int other = 1; other < parts; other++) total += load(behind + other * s.gradients_apart + p);
      total = load(x + p) > vec{} ? total : vec{};
      for (int o = 0; o < cell.operations; o++) {
        const real* slope = s.pool_slope[o] + i * work.size + at + p;
        if (cell.operation[o].kind == MAX_POOL)
          total += max_pool_gradient(slope, s.which + i * work.size + at + p, taps.transposed[phase]);
        else if (cell.operation[o].kind == AVERAGE_POOL)
          total += average_pool_gradient(slope, work.grid.share[fan.halves] + at + p, static_cast<real>(cell.operation[o].theta),
                                         taps.transposed[phase], phase == 0);
        else if (cell.operation[o].kind == SKIP && !fan.halves)
          total += Weighted(work, fan, number, i, o).at(at + p);
      }
      total *= load(work.grid.mask + at + p);
      store(out + p, fan.number > 0 ? total + load(out + p) : total);
    }
  }
}

// Everything that reaches the source itself, on the member's blocks; the first fan writes, later ones add.
inline void source_gradient(const Work& work, const Fan& fan, const Source& source, int number) {
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < work.c; i++) mixed_gradient(work, fan, source, number, i, at, n);
    for (int i = work.c; i < work.C; i++) {
      const Weighted weighted(work, fan, number, i, -1);
      real* out = source.gradient(i) + at;
      const real* maximum = work.scratch.bypassed + (i - work.c) * work.size + at;
      for (int p = 0; p < n; p += LANES) {
        const vec slope = weighted.at(at + p);
        if (fan.halves)
          max_of_phases_gradient(out + p, slope, source.channel(i) + at + p, work.exists(fan) + at + p, load(maximum + p),
                                 work.size);
        else
          store(out + p, fan.number > 0 ? slope + load(out + p) : slope);
      }
    }
  });
}

inline void begin_gradients(Work& work, const Fan& fan) {
  const int c = work.c, phases = fan.halves ? 4 : 1;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (long i = 0; i < static_cast<long>(c) * phases; i++)
      memset(work.scratch.rectified_gradient + i * work.size + at, 0, sizeof(real) * n);
  });
}

// Sums of the gradient of the fan's first target, which is complete.
inline void sum_node_gradient(Work& work, const Fan& fan) {
  double* sums = work.scratch.node_sums + fan.number * work.c;
  const real* slope = slope_of_target(work, fan, 0);
  for (int i = 0; i < work.c; i++) sums[i] = 0;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < work.c; i++) sums[i] += total(slope + i * work.size + at, n);
  });
  work.member.reduce(sums, work.c);
}

inline void join_inputs(const Work& work) {
  const Grid& whole = *work.cell.input_grid;
  work.member.meet();
  const Range mine = work.member.share(2L * work.C);
  for (long i = mine.begin; i < mine.end; i++) {
    real* plane = work.cell.source_gradient + i * whole.size;
    memset(plane, 0, sizeof(real) * whole.size);
    for (int phase = 0; phase < 4; phase++)
      join_phase(whole, work.grid, phase, work.scratch.phase_gradients + (4 * i + phase) * work.size, plane, false);
  }
}

void source_backward(Work& work, Work& alone, const Fan& fan, int from, double* products, Slope* slopes) {
  const Cell& cell = work.cell;
  const Source source = work.source(fan, from);
  begin_source(work, fan, source);
  const SharedProducts found(work.scratch.sums, work, fan);
  multiply_shared(work, fan, source, found);
  work.member.reduce(work.scratch.sums, found.count);
  finish_shared(work, fan, from, found, slopes);
  pool_slopes(work, fan, source, from, slopes);
  begin_gradients(work.scratch.apart ? alone : work, fan);  // others' are read until all have come past the sums
  for_chains(work, alone, fan, 0, fan.targets, [&](Work& own, int target, int o) {
    const int edge = from * fan.targets + target, row = own.row(fan, edge);
    const double gradient = chain_backward(own, chain_of(own, cell, fan, edge, o), slope_of_target(own, fan, target),
                                           own.scratch.node_sums + (fan.number + target) * own.c,
                                           cell.chosen[row * cell.operations + o], products, slopes);
    if (own.member.index == 0) cell.chosen_gradient[row * cell.operations + o] += gradient;
  });
  if (!work.scratch.apart) work.member.meet();
  source_gradient(work, fan, source, from);
}

void cell_backward(const Cell& cell, Member& member, Arena& arena) {
  Work work(cell, member, arena, true);
  const Scratch& s = work.scratch;
  const int c = work.c;
  double* products = member.own<double>(arena, c);
  Slope* slopes = member.own<Slope>(arena, static_cast<long>(MOST_OPERATIONS) * c);
  Member one = member.alone(arena);
  Work alone(work, one);
  if (!arena.base) return;
  clear_shared(work.grid, member, s.rectified, static_cast<long>(c) * cell.stride * cell.stride);
  clear_chain(work, s.hidden);
  clear_chain(work, s.slope);
  clear_shared(work.grid, member, s.which, c);
  for (int o = 0; o < cell.operations; o++)
    if (s.pool_slope[o]) clear_shared(work.grid, member, s.pool_slope[o], c);
  if (cell.stride == 2) split_inputs(work);
  member.meet();
  for (int number = cell.nodes - 1; number >= 0; number--) {
    const Fan fan = fan_of(cell, number);
    sum_node_gradient(work, fan);
    for (int from = 0; from < fan.sources; from++) source_backward(work, alone, fan, from, products, slopes);
  }
  if (cell.stride == 2) join_inputs(work);
}

}  // namespace
