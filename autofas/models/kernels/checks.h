// What a caller could get wrong, told apart before any memory is touched.
#pragma once

#include "cell.h"
#include "head.h"
#include "inputs.h"

namespace {

constexpr int MOST_CHANNELS = 1 << 14, MOST_THREADS = 256;

inline bool between(long value, long least, long most) { return value >= least && value <= most; }

// Rows and columns by which a candidate reads beside a pixel of the grid that it writes.
inline int reach_of(const Operation& operation, int stride) {
  if (operation.kind != SEPARABLE) return 1;
  const int reach = operation.kernel / 2 * operation.dilation;
  return stride == 2 && operation.repeats == 1 ? (reach + 1) / 2 : reach;
}

inline bool sound(const Operation& operation, const Grid& grid, int stride) {
  if (!between(operation.kind, 0, KINDS - 1)) return false;
  if (operation.kind == SEPARABLE) {
    if (!between(operation.kernel, 1, 7) || operation.kernel % 2 == 0) return false;
    if (!between(operation.dilation, 1, 16) || !between(operation.repeats, 1, MOST_REPEATS)) return false;
  }
  return reach_of(operation, stride) <= grid.pad && reach_of(operation, 1) <= grid.pad * stride;
}

inline bool alike(const Grid& grid, const Grid& other, int stride) {
  return grid.batch == other.batch && grid.pad == other.pad && (other.height + stride - 1) / stride == grid.height &&
         (other.width + stride - 1) / stride == grid.width && (stride == 1 || grid.phase_mask);
}

inline bool sound(const Cell& cell) {
  if (!cell.grid || !cell.input_grid || !between(cell.stride, 1, 2) || !between(cell.threads, 1, MOST_THREADS)) return false;
  if (!alike(*cell.grid, *cell.input_grid, cell.stride)) return false;
  if (!between(cell.channels, 1, MOST_CHANNELS) || !between(cell.width, 1, cell.channels)) return false;
  if (!between(cell.nodes, 1, MOST_NODES) || !between(cell.operations, 1, MOST_OPERATIONS)) return false;
  for (int o = 0; o < cell.operations; o++) {
    // edges between nodes have stride 1 in every cell
    if (!sound(cell.operation[o], *cell.grid, 1) && cell.nodes > 1) return false;
    if (!sound(cell.operation[o], *cell.grid, cell.stride)) return false;
  }
  for (int i = 0; i < cell.channels; i++)
    if (!between(cell.order[i], 0, cell.channels - 1)) return false;
  for (int edge = 0; edge < edges_of(cell); edge++)
    if (!between(cell.rows[edge], 0, edges_of(cell) - 1)) return false;
  return true;
}

inline bool sound(const Inputs& inputs) {
  if (!inputs.grid || !inputs.before_grid || !between(inputs.threads, 1, MOST_THREADS)) return false;
  const Grid &grid = *inputs.grid, &before = *inputs.before_grid;
  if (!alike(grid, before, inputs.halved ? 2 : 1)) return false;
  return between(inputs.channels, 1, MOST_CHANNELS) && between(inputs.before_channels, 1, MOST_CHANNELS * MOST_NODES) &&
         between(inputs.last_channels, 1, MOST_CHANNELS * MOST_NODES);
}

inline bool sound(const Head& head) {
  return head.grid && between(head.channels, 1, MOST_CHANNELS * MOST_NODES) && between(head.threads, 1, MOST_THREADS);
}

}  // namespace
