// Products of planes with small matrices: pointwise convolutions and their gradients.
#pragma once

#include "grid.h"

namespace {

// Planes, `stride` numbers apart.
struct Planes {
  real* at;
  long stride;
};
struct ConstPlanes {
  const real* at;
  long stride;
};

// A matrix (outputs, inputs) in memory: element (o, i) stands at o * row + i * column.
struct Matrix {
  const real* at;
  long row, column;
  Matrix(const real* first, long rows, long columns) : at(first), row(rows), column(columns) {}
};

enum Input { AS_IT_IS, RECTIFIED };
// GATED: zero where `gate` is not positive, the derivative of a ReLU that read it.
enum Output { WRITTEN, MASKED, ADDED, GATED, GATED_ADDED };

template <int O, int P, Input IN, Output OUT>
AUTOFAS_INLINE void product_tile(Planes y, ConstPlanes z, Matrix w, int inputs, ConstPlanes gate) {
  vec total[O][P];
  for (int o = 0; o < O; o++)
    for (int p = 0; p < P; p++) total[o][p] = vec{};
  for (int i = 0; i < inputs; i++) {
    vec in[P];
    for (int p = 0; p < P; p++) {
      in[p] = load(z.at + i * z.stride + p * LANES);
      if (IN == RECTIFIED) in[p] = rectified(in[p]);
    }
    for (int o = 0; o < O; o++) {
      const vec weight = all(w.at[o * w.row + i * w.column]);
      for (int p = 0; p < P; p++) total[o][p] += weight * in[p];
    }
  }
  for (int o = 0; o < O; o++)
    for (int p = 0; p < P; p++) {
      real* to = y.at + o * y.stride + p * LANES;
      const real* gated = gate.at + o * gate.stride + p * LANES;
      if (OUT == MASKED) total[o][p] *= load(gated);
      if (OUT == GATED || OUT == GATED_ADDED) total[o][p] = load(gated) > vec{} ? total[o][p] : vec{};
      if (OUT == ADDED || OUT == GATED_ADDED) total[o][p] += load(to);
      store(to, total[o][p]);
    }
}

template <int P, Input IN, Output OUT>
AUTOFAS_INLINE void product_column(Planes y, ConstPlanes z, Matrix w, int outputs, int inputs, ConstPlanes gate) {
  constexpr int WIDE = REGISTERS == 32 ? 8 : 4;
  int o = 0;
  auto step = [&](int done) {
    o += done;
    y.at += done * y.stride, w.at += done * w.row, gate.at += done * gate.stride;
  };
  while (o + WIDE <= outputs) {
    product_tile<WIDE, P, IN, OUT>(y, z, w, inputs, gate);
    step(WIDE);
  }
  while (o + 4 <= outputs) {
    product_tile<4, P, IN, OUT>(y, z, w, inputs, gate);
    step(4);
  }
  while (o + 2 <= outputs) {
    product_tile<2, P, IN, OUT>(y, z, w, inputs, gate);
    step(2);
  }
  if (o < outputs) product_tile<1, P, IN, OUT>(y, z, w, inputs, gate);
}

// y (outputs planes) = w z (inputs planes) on n numbers. The gate is a plane an output, or one mask (stride 0).
template <Input IN, Output OUT>
void product(Planes y, ConstPlanes z, Matrix w, int outputs, int inputs, int n,
             ConstPlanes gate = {nullptr, 0}) {
  int p = 0;
  for (; p + 2 * LANES <= n; p += 2 * LANES)
    product_column<2, IN, OUT>({y.at + p, y.stride}, {z.at + p, z.stride}, w, outputs, inputs,
                                {gate.at + p, gate.stride});
  for (; p < n; p += LANES)
    product_column<1, IN, OUT>({y.at + p, y.stride}, {z.at + p, z.stride}, w, outputs, inputs,
                                {gate.at + p, gate.stride});
}

// Where the sums of a matrix's gradient are kept: lane by lane while channels are few, else as numbers.
AUTOFAS_INLINE vec begun(const vec* sums) { return *sums; }
AUTOFAS_INLINE vec begun(const double*) { return vec{}; }
AUTOFAS_INLINE void keep(vec* sums, vec total) { *sums = total; }
AUTOFAS_INLINE void keep(double* sums, vec total) { *sums += sum(total); }

template <int O, int I, Input IN, typename Sum>
AUTOFAS_INLINE void outer_tile(Sum* sums, long row, ConstPlanes d, ConstPlanes z, int n) {
  vec total[O][I];
  for (int o = 0; o < O; o++)
    for (int i = 0; i < I; i++) total[o][i] = begun(sums + o * row + i);
  for (int p = 0; p < n; p += LANES) {
    vec in[I];
    for (int i = 0; i < I; i++) {
      in[i] = load(z.at + i * z.stride + p);
      if (IN == RECTIFIED) in[i] = rectified(in[i]);
    }
    for (int o = 0; o < O; o++) {
      const vec slope = load(d.at + o * d.stride + p);
      for (int i = 0; i < I; i++) total[o][i] += slope * in[i];
    }
  }
  for (int o = 0; o < O; o++)
    for (int i = 0; i < I; i++) keep(sums + o * row + i, total[o][i]);
}

template <int O, Input IN, typename Sum>
AUTOFAS_INLINE void outer_rows(Sum* sums, ConstPlanes d, ConstPlanes z, int inputs, long row, int n) {
  int i = 0;
  for (; i + 4 <= inputs; i += 4) outer_tile<O, 4, IN>(sums + i, row, d, {z.at + i * z.stride, z.stride}, n);
  for (; i + 2 <= inputs; i += 2) outer_tile<O, 2, IN>(sums + i, row, d, {z.at + i * z.stride, z.stride}, n);
  for (; i < inputs; i++) outer_tile<O, 1, IN>(sums + i, row, d, {z.at + i * z.stride, z.stride}, n);
}

// sums (outputs, inputs) += d (outputs planes) z (inputs planes)^T over n numbers.
template <Input IN, typename Sum>
void outer(Sum* sums, ConstPlanes d, ConstPlanes z, int outputs, int inputs, int n) {
  constexpr int HIGH = REGISTERS == 32 ? 4 : 2;
  int o = 0;
  for (; o + HIGH <= outputs; o += HIGH)
    outer_rows<HIGH, IN>(sums + static_cast<long>(o) * inputs, {d.at + o * d.stride, d.stride}, z, inputs, inputs, n);
  for (; o < outputs; o++)
    outer_rows<1, IN>(sums + static_cast<long>(o) * inputs, {d.at + o * d.stride, d.stride}, z, inputs, inputs, n);
}

}  // namespace
