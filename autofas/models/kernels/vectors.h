// The numbers and vectors that a unit computes with, in the compiler's own vector types.
//
// kernels.cpp is compiled once for every precision and instruction set (build.py); AUTOFAS_REAL is float or
// double, AUTOFAS_VECTOR_BYTES the width of the set's registers. All names are internal to their unit, so that
// no function compiled for one set can be linked into another.
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

namespace {

typedef AUTOFAS_REAL real;
typedef real vec __attribute__((vector_size(AUTOFAS_VECTOR_BYTES)));
typedef real loose_vec __attribute__((vector_size(AUTOFAS_VECTOR_BYTES), aligned(sizeof(real)), may_alias));

constexpr int LANES = AUTOFAS_VECTOR_BYTES / sizeof(real);
constexpr int REGISTERS = AUTOFAS_VECTOR_BYTES >= 64 ? 32 : 16;

#define AUTOFAS_INLINE inline __attribute__((always_inline))

AUTOFAS_INLINE vec load(const real* from) { return *reinterpret_cast<const loose_vec*>(from); }
AUTOFAS_INLINE void store(real* to, vec value) { *reinterpret_cast<loose_vec*>(to) = value; }
AUTOFAS_INLINE vec all(real value) { return value - vec{}; }
AUTOFAS_INLINE vec greater(vec a, vec b) { return a < b ? b : a; }
// Lets a NaN pass, as torch does: a diverged search must be seen.
AUTOFAS_INLINE vec rectified(vec a) { return a < vec{} ? vec{} : a; }

// By halves, which the compiler makes a few shuffles of.
AUTOFAS_INLINE real sum(vec a) {
  real parts[LANES];
  store(parts, a);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) parts[lane] += parts[lane + half];
  return parts[0];
}

}  // namespace
