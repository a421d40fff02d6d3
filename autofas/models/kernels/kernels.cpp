// The C interface of one unit (a precision and an instruction set): every name ends in AUTOFAS_UNIT.
#include "cell_backward.h"
#include "cell_forward.h"
#include "checks.h"
#include "head.h"

#define AUTOFAS_JOIN_(name, unit) autofas_##name##_##unit
#define AUTOFAS_JOIN(name, unit) AUTOFAS_JOIN_(name, unit)
#define AUTOFAS_EXPORT(type, name) \
  extern "C" __attribute__((visibility("default"))) type AUTOFAS_JOIN(name, AUTOFAS_UNIT)

namespace {

enum Result { DONE = 0, UNSOUND = 1, SHORT_OF_SCRATCH = 2 };

template <typename Task>
using Function = void (*)(const Task&, Member&, Arena&);

// A task and what it does, for every member of the team.
template <typename Task>
struct Job {
  const Task* task;
  Function<Task> function;
  char* scratch;

  static void body(void* argument, int index, int count) {
    const Job& job = *static_cast<Job*>(argument);
    Member member{index, count};
    Arena arena{job.scratch};
    job.function(*job.task, member, arena);
  }
  void run(int threads) { autofas_together(threads, body, this); }
};

// Bytes of scratch that a task takes: the function stops where an arena has no base.
template <typename Task>
long bytes_of(const Task& task, Function<Task> function) {
  Member member{0, task.threads};
  Arena arena{nullptr};
  function(task, member, arena);
  return static_cast<long>(arena.used);
}

template <typename Task>
int checked(const Task& task, Function<Task> function) {
  if (!sound(task)) return UNSOUND;
  if (bytes_of(task, function) > task.scratch_bytes) return SHORT_OF_SCRATCH;
  Job<Task>{&task, function, static_cast<char*>(task.scratch)}.run(task.threads);
  return DONE;
}

template <typename Task>
long most_bytes(const Task& task, Function<Task> forward, Function<Task> backward) {
  if (!sound(task)) return -1;
  const long one = bytes_of(task, forward), other = bytes_of(task, backward);
  return one > other ? one : other;
}

}  // namespace

// Null where the sides make no grid or memory is short.
AUTOFAS_EXPORT(Grid*, new_grid)(int batch, int height, int width, int pad, int input_height, int input_width) {
  return new_grid(batch, height, width, pad, input_height, input_width);
}
AUTOFAS_EXPORT(void, free_grid)(Grid* grid) { free_grid(grid); }
AUTOFAS_EXPORT(long, plane_size)(const Grid* grid) { return grid->size; }

AUTOFAS_EXPORT(void, planes_from_images)(const Conversion* given) {
  Job<Conversion>{given, planes_from_images, nullptr}.run(given->threads);
}
AUTOFAS_EXPORT(void, images_from_planes)(const Conversion* given) {
  Job<Conversion>{given, images_from_planes, nullptr}.run(given->threads);
}

// Bytes of scratch that a cell's passes need at most, or -1 for a cell that cannot be.
AUTOFAS_EXPORT(long, cell_scratch)(const Cell* cell) { return most_bytes(*cell, cell_forward, cell_backward); }
AUTOFAS_EXPORT(int, cell_forward)(const Cell* cell) { return checked(*cell, cell_forward); }
AUTOFAS_EXPORT(int, cell_backward)(const Cell* cell) { return checked(*cell, cell_backward); }

AUTOFAS_EXPORT(long, inputs_scratch)(const Inputs* inputs) { return most_bytes(*inputs, inputs_forward, inputs_backward); }
AUTOFAS_EXPORT(int, inputs_forward)(const Inputs* inputs) { return checked(*inputs, inputs_forward); }
AUTOFAS_EXPORT(int, inputs_backward)(const Inputs* inputs) { return checked(*inputs, inputs_backward); }

AUTOFAS_EXPORT(long, head_scratch)(const Head* head) { return most_bytes(*head, head_forward, head_backward); }
AUTOFAS_EXPORT(int, head_forward)(const Head* head) { return checked(*head, head_forward); }
AUTOFAS_EXPORT(int, head_backward)(const Head* head) { return checked(*head, head_backward); }
