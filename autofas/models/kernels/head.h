// The network's ends: images become planes, the last cell's planes one map of logits.
#pragma once

#include "layout.h"
#include "norms.h"
#include "pointwise.h"
#include "team.h"

namespace {

struct Head {
  const Grid* grid;
  int channels, threads;
  const real* planes;  // not yet rectified
  const real* weight;  // (channels,)
  const real* bias;
  real* map;           // one plane: logits, or their gradient
  real* gradient;      // of the planes
  real* weight_gradient;  // (channels + 1,): of the weight, then of the bias; null where not wanted
  void* scratch;
  long scratch_bytes;
};

void head_forward(const Head& head, Member& member, Arena& arena) {
  if (!arena.base) return;
  const Grid& grid = *head.grid;
  for_blocks(grid, member, [&](long at, int n) {
    product<RECTIFIED, WRITTEN>({head.map + at, grid.size}, {head.planes + at, grid.size}, {head.weight, 0, 1}, 1,
                                head.channels, n);
    for (int p = 0; p < n; p += LANES) store(head.map + at + p, load(head.map + at + p) + all(*head.bias));
  });
}

void head_backward(const Head& head, Member& member, Arena& arena) {
  const Grid& grid = *head.grid;
  member.prepare(arena, head.channels + 1);
  double* sums = member.own<double>(arena, head.channels + 1);
  if (!arena.base) return;
  for (int i = 0; i <= head.channels; i++) sums[i] = 0;
  for_blocks(grid, member, [&](long at, int n) {
    const ConstPlanes d{head.map + at, grid.size}, x{head.planes + at, grid.size};
    product<AS_IT_IS, GATED>({head.gradient + at, grid.size}, d, {head.weight, 1, 0}, head.channels, 1, n, x);
    if (!head.weight_gradient) return;
    outer<RECTIFIED>(sums, d, x, 1, head.channels, n);
    sums[head.channels] += total(head.map + at, n);
  });
  if (head.weight_gradient) member.reduce_to(head.weight_gradient, head.channels + 1L, head.weight_gradient, sums, head.channels + 1L);
}

struct Conversion {
  const Grid* grid;
  int channels, threads;
  real *images, *planes;
  Strides strides;
};

void planes_from_images(const Conversion& given, Member& member, Arena&) {
  const Range mine = member.share(given.channels);
  for (long i = mine.begin; i < mine.end; i++)
    plane_from_images(*given.grid, given.images + i * given.strides.channel, given.strides,
                      given.planes + i * given.grid->size);
}

void images_from_planes(const Conversion& given, Member& member, Arena&) {
  const Range mine = member.share(given.channels);
  for (long i = mine.begin; i < mine.end; i++)
    images_from_plane(*given.grid, given.planes + i * given.grid->size, given.images + i * given.strides.channel,
                      given.strides);
}

}  // namespace
