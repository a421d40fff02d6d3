// A cell after its preprocessing: fan by fan, source by source, edge by edge.
#pragma once

#include "separable.h"

namespace {

// out = (begun: +=) sum over terms of weights[term] * planes[term].
inline void weighted_sum(real* out, const real* const* planes, const real* weights, int terms, bool begun, int n) {
  for (int p = 0; p < n; p += LANES) {
    vec total = begun ? load(out + p) : vec{};
    for (int term = 0; term < terms; term++) total += all(weights[term]) * load(planes[term] + p);
    store(out + p, total);
  }
}

// Statistics of the present source's pools, which all its edges share.
inline void finish_pools(Work& work, const Fan& fan, int source) {
  const Cell& cell = work.cell;
  const int c = work.c, edge = fan.first_edge + source * fan.targets;
  double* sums = work.scratch.sums;
  int pools = 0;
  for (int o = 0; o < cell.operations; o++) pools += is_pool(cell.operation[o]);
  for (int i = 0; i < 2 * c * pools; i++) sums[i] = 0;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    double* own = sums;
    for (int o = 0; o < cell.operations; o++) {
      if (!is_pool(cell.operation[o])) continue;
      for (int i = 0; i < c; i++) add_moments(work.scratch.pooled[o] + i * work.size + at, n, own + i, c);
      own += 2 * c;
    }
  });
  work.member.reduce(sums, 2L * c * pools);
  const bool moves = cell.tracked && work.member.index == 0;
  for (int o = 0; o < cell.operations; o++) {
    if (!is_pool(cell.operation[o])) continue;
    const Tensors& tensors = cell.tensors[fan.number * cell.operations + o];
    for (int i = 0; i < c; i++) {
      real* mean = moves ? tensors.running_mean[0] + source * c + i : nullptr;
      real* var = moves ? tensors.running_var[0] + source * c + i : nullptr;
      const Normal normal = normal_of(sums[i], sums[c + i], work.grid.count(), mean, var);
      if (!work.scratch.apart || work.member.index == 0) normals_at(work, edge, o, 0)[i] = normal;
    }
    sums += 2 * c;
  }
}

// Adds an edge's terms to its target.
inline void add_edge(Work& work, const Fan& fan, const Source& source, int number, int target, bool begun) {
  const Cell& cell = work.cell;
  const Scratch& s = work.scratch;
  const int c = work.c, edge = number * fan.targets + target, row = work.row(fan, edge);
  const long own = work.results(target);
  real* node = cell.node + static_cast<long>(fan.number + target) * work.C * work.size;
  for_blocks(work.grid, work.member, [&](long at, int n) {
    const real* planes[MOST_OPERATIONS + 1];
    real weights[MOST_OPERATIONS + 1];
    for (int i = 0; i < c; i++) {
      real constant = 0;
      for (int o = 0; o < cell.operations; o++) {
        const Operation& operation = cell.operation[o];
        const real weight = cell.chosen[row * cell.operations + o];
        const bool plain = operation.kind == SKIP && !fan.halves, pool = is_pool(operation);
        const int shared = fan.first_edge + (pool ? number * fan.targets : edge);
        const int last = operation.kind == SEPARABLE ? operation.repeats - 1 : 0;
        const Normal normal = plain ? Normal{0, 1} : normals_at(work, shared, o, last)[i];
        planes[o] = plain ? source.channel(i) + at : (pool ? s.pooled[o] : s.results[o] + own) + i * work.size + at;
        weights[o] = weight * normal.inverse;
        constant -= weights[o] * normal.mean;
      }
      planes[cell.operations] = work.grid.mask + at;
      weights[cell.operations] = constant;
      weighted_sum(node + i * work.size + at, planes, weights, cell.operations + 1, begun, n);
    }
    for (int i = c; i < work.C; i++) {
      const real* x = (fan.halves ? s.bypassed + (i - c) * work.size : source.channel(i)) + at;
      weighted_sum(node + i * work.size + at, &x, cell.betas + row, 1, begun, n);
    }
  });
}

void cell_forward(const Cell& cell, Member& member, Arena& arena) {
  Work work(cell, member, arena, false);
  Member one = member.alone(arena);
  Work alone(work, one);
  if (!arena.base) return;
  const Scratch& s = work.scratch;
  const long phases = cell.stride * cell.stride;
  clear_shared(work.grid, member, cell.node, static_cast<long>(cell.nodes) * work.C);
  clear_shared(work.grid, member, s.rectified, work.c * phases);
  clear_chain(work, s.hidden);
  if (cell.stride == 2) split_inputs(work);
  member.meet();
  for (int number = 0; number < cell.nodes; number++) {
    const Fan fan = fan_of(cell, number);
    for (int from = 0; from < fan.sources; from++) {
      const Source source = work.source(fan, from);
      begin_source(work, fan, source);
      finish_pools(work, fan, from);
      auto chains = [&](int first, int end) {
        for_chains(work, alone, fan, first, end, [&](Work& own, int target, int o) {
          chain_forward(own, chain_of(own, cell, fan, from * fan.targets + target, o), s.results[o] + work.results(target));
        });
      };
      if (s.apart) chains(0, fan.targets);
      for (int target = 0; target < fan.targets; target++) {
        if (!s.apart) chains(target, target + 1);
        add_edge(work, fan, source, from, target, number > 0 || from > 0);
      }
    }
    member.meet();  // the fan's first target is complete, and the next fan's source
  }
}

}  // namespace
