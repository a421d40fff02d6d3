// Runs one cell, forward and backward, on the unit that it is compiled with: for sanitizers and other processors.
//
// Arguments: batch, height, width, stride, channels, K, nodes, threads, weights wanted. Prints the sums of the
// outputs and of all gradients, from inputs that a linear congruence draws.
#include "kernels.cpp"

#include <stdio.h>

namespace {

unsigned seed = 1;
real drawn() {
  seed = seed * 1664525u + 1013904223u;
  return static_cast<real>(seed >> 8) / (1 << 24) - real(0.5);
}

template <typename T>
T* allocated(long count) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, sizeof(T) * (count + 1))) abort();
  memset(memory, 0, sizeof(T) * (count + 1));
  return static_cast<T*>(memory);
}
real* filled(long count) {
  real* numbers = allocated<real>(count);
  for (long i = 0; i < count; i++) numbers[i] = drawn();
  return numbers;
}
double weighted(const real* numbers, long count) {
  double sum = 0;
  for (long i = 0; i < count; i++) sum += static_cast<double>(numbers[i]) * (i % 7 + 1);
  return sum;
}
// Planes whose padding is zero.
real* planes(const Grid& grid, long count) {
  real* made = filled(count * grid.size);
  for (long i = 0; i < count * grid.size; i++) made[i] *= grid.mask[i % grid.size];
  return made;
}

constexpr int CANDIDATES = 6;
const Operation operations[CANDIDATES] = {{MAX_POOL, 3, 1, 1, 0},  {AVERAGE_POOL, 3, 1, 1, 0.7},
                                          {SKIP, 3, 1, 1, 0},      {SEPARABLE, 3, 1, 2, 0},
                                          {SEPARABLE, 5, 1, 2, 0}, {SEPARABLE, 5, 2, 1, 0}};

// One candidate's tensors on a fan; `sizes` are the numbers of its weights.
void fill(Tensors& tensors, long* sizes, const Operation& operation, const Fan& fan, long c) {
  const long edges = fan.sources * fan.targets, taps = operation.kernel * operation.kernel;
  const int weights = operation.kind == SEPARABLE ? 2 * operation.repeats : operation.kind == SKIP && fan.halves ? 2 : 0;
  for (int i = 0; i < weights; i++) {
    const long separable = i % 2 == 0 ? c * taps : c * c, half = (i == 0 ? c / 2 : c - c / 2) * c;
    const long size = edges * (operation.kind == SEPARABLE ? separable : half);
    tensors.weight[i] = filled(size);
    tensors.gradient[i] = allocated<real>(size);
    sizes[i] = size;
  }
  for (int i = 0; i < operation.repeats; i++) {
    tensors.running_mean[i] = allocated<real>(edges * c);
    tensors.running_var[i] = allocated<real>(edges * c);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 10) return 2;
  int given[9];
  for (int i = 0; i < 9; i++) given[i] = atoi(arguments[i + 1]);
  const int batch = given[0], height = given[1], width = given[2], stride = given[3], channels = given[4];
  const int pad = 4, c = channels / given[5], nodes = given[6];
  Grid* input_grid = new_grid(batch, height, width, pad, 0, 0);
  Grid* grid = stride == 1 ? input_grid : new_grid(batch, (height + 1) / 2, (width + 1) / 2, pad, height, width);
  if (!grid || !input_grid) return 3;
  Cell cell{};
  cell.grid = grid, cell.input_grid = input_grid, cell.channels = channels, cell.width = c, cell.nodes = nodes;
  cell.stride = stride, cell.operations = CANDIDATES, cell.threads = given[7], cell.tracked = 1;
  cell.weights_wanted = given[8], cell.operation = operations;
  const int edges = nodes * (nodes + 3) / 2;
  Tensors* tensors = allocated<Tensors>(nodes * CANDIDATES);
  long* sizes = allocated<long>(nodes * CANDIDATES * 4);
  for (int fan = 0; fan < nodes; fan++)
    for (int o = 0; o < CANDIDATES; o++) fill(tensors[fan * CANDIDATES + o], sizes + 4 * (fan * CANDIDATES + o), operations[o], fan_of(cell, fan), c);
  int *order = allocated<int>(channels), *rows = allocated<int>(edges);
  for (int i = 0; i < channels; i++) order[i] = i % given[5] * c + i / given[5];
  for (int i = 0; i < edges; i++) rows[i] = edges - 1 - i;
  cell.tensors = tensors, cell.order = order, cell.rows = rows;
  cell.chosen = filled(edges * CANDIDATES), cell.betas = filled(edges);
  cell.chosen_gradient = allocated<double>(edges * CANDIDATES), cell.betas_gradient = allocated<double>(edges);
  cell.source = planes(*input_grid, 2 * channels), cell.source_gradient = filled(2L * channels * input_grid->size);
  cell.node = filled(static_cast<long>(nodes) * channels * grid->size);
  cell.node_gradient = planes(*grid, static_cast<long>(nodes) * channels);
  cell.normals = allocated<Normal>(static_cast<long>(edges) * CANDIDATES * MOST_REPEATS * c);
  cell.scratch_bytes = most_bytes<Cell>(cell, cell_forward, cell_backward);
  if (cell.scratch_bytes < 0) return 4;
  cell.scratch = allocated<char>(cell.scratch_bytes);
  if (checked<Cell>(cell, cell_forward) != DONE) return 5;
  printf("%.9g", weighted(cell.node, static_cast<long>(nodes) * channels * grid->size));
  if (checked<Cell>(cell, cell_backward) != DONE) return 6;
  double weights = 0;
  for (int i = 0; i < nodes * CANDIDATES * 4; i++)
    if (sizes[i]) weights += weighted(tensors[i / 4].gradient[i % 4], sizes[i]);
  double mixing = 0;
  for (int i = 0; i < edges * CANDIDATES; i++) mixing += cell.chosen_gradient[i] * (i % 5 + 1);
  double inputs = 0;
  for (int i = 0; i < 2 * channels; i++)
    for (int image = 0; image < batch; image++)
      for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
          inputs += cell.source_gradient[i * input_grid->size + input_grid->place(image, y, x)] * ((x + y) % 3 + 1);
  printf(" %.9g %.9g %.9g\n", inputs, weights, mixing);
  return 0;
}
