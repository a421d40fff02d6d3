// What a cell is told: its shape, its candidates, its tensors. library.py holds the same structures.
//
// Edges are numbered fan by fan (fused_cell.py): first those from the cell's two inputs, source by source and
// target by target, then those from each intermediate node. An edge is a sum of terms, one a candidate:
// weight * norm(plane) on the first c = C/K channels, beta * plane on the others.
#pragma once

#include "depthwise.h"
#include "layout.h"
#include "norms.h"
#include "pointwise.h"
#include "pools.h"
#include "team.h"

namespace {

enum Kind { MAX_POOL, AVERAGE_POOL, SKIP, SEPARABLE, KINDS };
constexpr int MOST_OPERATIONS = 16, MOST_NODES = 8, MOST_REPEATS = 2;

struct Operation {
  int kind, kernel, dilation, repeats;
  double theta;  // of an average of central differences, else 0
};

// Of one candidate on all edges of a fan, (sources, targets, ...) each, and of pools (sources, c).
// Separable: depthwise (c, k, k) and pointwise (c, c) weights in turn; skip at stride 2: even (c / 2, c), odd.
struct Tensors {
  const real* weight[2 * MOST_REPEATS];
  real* gradient[2 * MOST_REPEATS];
  real* running_mean[MOST_REPEATS];  // null where nothing is tracked
  real* running_var[MOST_REPEATS];
};

struct Cell {
  const Grid* grid;        // of the nodes
  const Grid* input_grid;  // of the two inputs; the same at stride 1
  int channels, width, nodes, stride, operations, threads;
  int tracked, weights_wanted;
  const Operation* operation;  // (operations,), candidates without `none`
  const Tensors* tensors;      // (fans, operations)
  const int* order;            // (C,): where the channels stand that a shuffle puts first, second...
  const int* rows;             // (edges,): an edge's row in `chosen` and `betas`
  const real *chosen, *betas;  // (rows, operations): softmax(alpha) * beta; (rows,)
  double *chosen_gradient, *betas_gradient;  // are raised
  const real* source;          // 2 * C planes of input_grid: the preprocessed inputs
  real* source_gradient;
  real* node;                  // nodes * C planes
  real* node_gradient;         // of later cells on entry; overwritten
  Normal* normals;             // (edges, operations, 2, c)
  void* scratch;
  long scratch_bytes;
};

struct Fan {
  int number, sources, targets, first_edge;
  bool halves;
};

inline Fan fan_of(const Cell& cell, int number) {
  int edge = 0;
  for (int fan = 0; fan < number; fan++) edge += (fan == 0 ? 2 : 1) * (cell.nodes - fan);
  return {number, number == 0 ? 2 : 1, cell.nodes - number, edge, number == 0 && cell.stride == 2};
}
inline int edges_of(const Cell& cell) { return cell.nodes * (cell.nodes + 3) / 2; }

// The planes that a fan's edges leave from, one source's channels in the order in which they are used.
struct Source {
  const real* planes;
  real* gradients;
  const int* order;
  long stride;  // from channel to channel
  const real* channel(int i) const { return planes + (order ? order[i] : i) * stride; }
  real* gradient(int i) const { return gradients + (order ? order[i] : i) * stride; }
};

inline bool takes_planes(const Operation& operation, bool halves) {
  return operation.kind == SEPARABLE || (operation.kind == SKIP && halves);
}
inline bool is_pool(const Operation& operation) { return operation.kind <= AVERAGE_POOL; }

inline long normals_of(const Cell& cell) {
  return static_cast<long>(edges_of(cell)) * cell.operations * MOST_REPEATS * cell.width;
}

// One separable convolution or factorised reduction on one edge.
struct Chain {
  int kind, repeats, kernel, dilation, stride;
  const real* weight[2 * MOST_REPEATS];
  real* gradient[2 * MOST_REPEATS];
  real *running_mean[MOST_REPEATS], *running_var[MOST_REPEATS];
  Normal* normals[MOST_REPEATS];
};

struct Work;
inline Normal* normals_at(const Work& work, int edge, int operation, int repeat);

inline Chain chain_of(const Work& work, const Cell& cell, const Fan& fan, int edge_of_fan, int number) {
  const Operation& operation = cell.operation[number];
  const Tensors& tensors = cell.tensors[fan.number * cell.operations + number];
  Chain chain{};
  chain.kind = operation.kind, chain.stride = fan.halves ? 2 : 1;
  chain.repeats = operation.kind == SEPARABLE ? operation.repeats : 1;
  chain.kernel = operation.kernel, chain.dilation = operation.dilation;
  const long c = cell.width, even = c / 2, taps = operation.kernel * operation.kernel;
  for (int i = 0; i < 2 * chain.repeats; i++) {
    const long depthwise_or_point = i % 2 == 0 ? c * taps : c * c, half = i == 0 ? even * c : (c - even) * c;
    const long size = edge_of_fan * (operation.kind == SEPARABLE ? depthwise_or_point : half);
    chain.weight[i] = tensors.weight[i] + size;
    if (cell.weights_wanted) chain.gradient[i] = tensors.gradient[i] + size;
  }
  for (int i = 0; i < chain.repeats; i++) {
    chain.normals[i] = normals_at(work, fan.first_edge + edge_of_fan, number, i);
    if (!cell.tracked) continue;
    chain.running_mean[i] = tensors.running_mean[i] + edge_of_fan * c;
    chain.running_var[i] = tensors.running_var[i] + edge_of_fan * c;
  }
  return chain;
}

// Blocks of a plane that a member must have for all to work on one chain together. With fewer they would wait for each
// other more than they compute: then each member works on chains of its own, apart.
constexpr int LEAST_BLOCKS = 16;

// Scratch planes of `grid` and buffers of one member; the same pieces for forward and backward passes. What stands
// between `point` and `hidden_slope` is a member's own where they work apart.
struct Scratch {
  bool apart;
  real *phases, *phase_gradients;  // 2 * C channels of the inputs in 4 phases, at stride 2
  real *rectified;                      // c channels of the present source
  real *point[MOST_REPEATS], *depth[MOST_REPEATS];  // c planes: what each repeat's convolutions put out
  real *rectified_gradient;             // c channels
  real *hidden, *slope, *hidden_slope;  // c planes: between the repeats; gradients
  long gradients_apart;                 // numbers from one member's rectified_gradient to the next one's
  real *results[MOST_OPERATIONS];       // c planes a candidate that puts out its own, for each target where apart
  real *pooled[MOST_OPERATIONS];        // c planes a pool
  real *pool_slope[MOST_OPERATIONS];    // and their gradients
  real *which;                          // c planes: the maximum's tap
  real *bypassed;                       // C - c planes of the present source, at stride 2
  real *depth_block, *point_block;      // own, c blocks
  vec *depth_sums, *point_sums;         // own: gradients of a repeat's weights, lane by lane
  double *sums;                         // own
  double *node_sums;                    // own, (nodes, c): sums of the nodes' gradients
  Normal *normals;                      // own, but for the first member those that the cell keeps
};

inline int largest_taps(const Cell& cell) {
  int taps = 9;
  for (int o = 0; o < cell.operations; o++) {
    const Operation& operation = cell.operation[o];
    if (operation.kind == SEPARABLE && operation.kernel * operation.kernel > taps)
      taps = operation.kernel * operation.kernel;
  }
  return taps;
}

inline Scratch take_scratch(const Cell& cell, Member& member, Arena& arena, bool backward) {
  const long size = cell.grid->size, c = cell.width, C = cell.channels, phases = cell.stride * cell.stride;
  const long taps = largest_taps(cell);
  Scratch s{};
  const long most = c * taps + c * c + (cell.nodes + 1) * (c * MOST_OPERATIONS + 2);
  member.prepare(arena, most);
  s.apart = member.count > 1 && cell.grid->blocks < LEAST_BLOCKS * member.count;
  auto planes = [&](long count) { return arena.take<real>(count * size); };
  auto chain_planes = [&](long count) { return s.apart ? member.own<real>(arena, count * size) : planes(count); };
  if (cell.stride == 2) {
    s.phases = planes(2 * C * 4);
    s.bypassed = planes(C - c);
  }
  s.rectified = planes(c * phases);
  for (real*& plane : s.depth) plane = backward && cell.weights_wanted ? chain_planes(c) : nullptr;
  for (real*& plane : s.point) plane = chain_planes(c);
  s.hidden = chain_planes(c);
  for (int o = 0; o < cell.operations; o++) {
    if (is_pool(cell.operation[o])) {
      s.pooled[o] = planes(c);
      if (backward) s.pool_slope[o] = planes(c);
    } else if (!backward) {
      s.results[o] = planes(s.apart ? c * cell.nodes : c);
    }
  }
  if (backward) {
    if (cell.stride == 2) s.phase_gradients = planes(2 * C * 4);
    s.rectified_gradient = chain_planes(c * phases);
    s.gradients_apart = s.apart ? rounded_up(c * phases * size, 64) : 0;
    s.slope = chain_planes(c), s.hidden_slope = chain_planes(c), s.which = planes(c);
    s.depth_sums = member.own<vec>(arena, c * taps);
    s.point_sums = member.own<vec>(arena, c * c);
    s.node_sums = member.own<double>(arena, cell.nodes * c);
  }
  Normal* own = backward ? nullptr : member.own<Normal>(arena, normals_of(cell));
  s.normals = backward || s.apart || member.index == 0 ? cell.normals : own;
  s.depth_block = member.own<real>(arena, c * BLOCK);
  s.point_block = member.own<real>(arena, c * BLOCK);
  s.sums = member.own<double>(arena, most);
  return s;
}

// What both passes need of a cell and its team, for one member.
struct Work {
  const Cell& cell;
  const Grid& grid;
  Member& member;
  Scratch scratch;
  int c, C;
  long size;

  Work(const Cell& given, Member& one, Arena& arena, bool backward)
      : cell(given), grid(*given.grid), member(one), scratch(take_scratch(given, one, arena, backward)),
        c(given.width), C(given.channels), size(given.grid->size) {}
  // The same for a member by itself.
  Work(const Work& team, Member& alone)
      : cell(team.cell), grid(team.grid), member(alone), scratch(team.scratch), c(team.c), C(team.C), size(team.size) {}

  Source source(const Fan& fan, int number) const {
    if (fan.number > 0) {
      const long node = static_cast<long>(fan.number - 1) * C * size;
      return {cell.node + node, cell.node_gradient ? cell.node_gradient + node : nullptr, cell.order, size};
    }
    if (fan.halves) {
      const long first = static_cast<long>(number) * C * 4 * size;
      real* gradients = scratch.phase_gradients ? scratch.phase_gradients + first : nullptr;
      return {scratch.phases + first, gradients, nullptr, 4 * size};
    }
    const long first = static_cast<long>(number) * C * size;
    return {cell.source + first, cell.source_gradient ? cell.source_gradient + first : nullptr, nullptr, size};
  }
  // Where the results of chains to a target begin.
  long results(int target) const { return scratch.apart ? static_cast<long>(target) * c * size : 0; }
  const real* exists(const Fan& fan) const { return fan.halves ? grid.phase_mask : grid.mask; }
  int row(const Fan& fan, int edge_of_fan) const { return cell.rows[fan.first_edge + edge_of_fan]; }
  bool any_chain(const Fan& fan) const {
    for (int o = 0; o < cell.operations; o++)
      if (takes_planes(cell.operation[o], fan.halves)) return true;
    return false;
  }
};

// Of the forward pass every member computes all norms alike, which spares a barrier, unless they work apart; the
// backward pass reads those that were kept.
inline Normal* normals_at(const Work& work, int edge, int operation, int repeat) {
  const Cell& cell = work.cell;
  return work.scratch.normals + ((static_cast<long>(edge) * cell.operations + operation) * MOST_REPEATS + repeat) * cell.width;
}

// Calls function(work, target, operation) for the chains from a source to targets: by all members together, or each
// its own.
template <typename Function>
inline void for_chains(Work& work, Work& alone, const Fan& fan, int first, int end, Function function) {
  const Member& team = work.member;
  int number = 0;
  for (int target = first; target < end; target++)
    for (int o = 0; o < work.cell.operations; o++) {
      if (!takes_planes(work.cell.operation[o], fan.halves)) continue;
      if (!work.scratch.apart) {
        function(work, target, o);
        continue;
      }
      // back and forth, so that nobody gets the same candidate of every target
      const int round = number / team.count, turn = number % team.count;
      if ((round % 2 ? team.count - 1 - turn : turn) == team.index) function(alone, target, o);
      number++;
    }
  if (work.scratch.apart) team.meet();
}

// Borders of c planes between the repeats.
inline void clear_chain(const Work& work, real* planes) {
  if (work.scratch.apart) clear_borders(work.grid, planes, work.c);
  else clear_shared(work.grid, work.member, planes, work.c);
}

// The inputs of a cell of stride 2 as phases, each member its share of the channels.
inline void split_inputs(const Work& work) {
  const Range mine = work.member.share(2L * work.C * 4);
  for (long i = mine.begin; i < mine.end; i++)
    split_phase(*work.cell.input_grid, work.grid, static_cast<int>(i % 4),
                work.cell.source + i / 4 * work.cell.input_grid->size, work.scratch.phases + i * work.size);
}

// relu of the present source's c channels, and its pools, on the member's blocks.
inline void begin_source(const Work& work, const Fan& fan, const Source& source) {
  const Scratch& s = work.scratch;
  const int phases = fan.halves ? 4 : 1;
  const Taps taps = taps_of(work.grid, 3, 1, fan.halves ? 2 : 1);
  for_blocks(work.grid, work.member, [&](long at, int n) {
    for (int i = 0; i < work.c; i++) {
      const real* x = source.channel(i) + at;
      real* out = s.rectified + static_cast<long>(i) * phases * work.size + at;
      for (int phase = 0; phase < phases; phase++)
        for (int p = 0; p < n; p += LANES) store(out + phase * work.size + p, rectified(load(x + phase * work.size + p)));
      for (int o = 0; o < work.cell.operations; o++) {
        if (!is_pool(work.cell.operation[o])) continue;
        real* pooled = s.pooled[o] + i * work.size + at;
        if (work.cell.operation[o].kind == MAX_POOL)
          max_pool(pooled, x, work.exists(fan) + at, work.grid.mask + at, taps, n);
        else
          average_pool(pooled, x, work.grid.share[fan.halves] + at, static_cast<real>(work.cell.operation[o].theta), taps, n);
      }
    }
    if (fan.halves)
      for (int i = work.c; i < work.C; i++)
        max_of_phases(s.bypassed + (i - work.c) * work.size + at, source.channel(i) + at, work.exists(fan) + at,
                      work.grid.mask + at, work.size, n);
  });
}

}  // namespace
