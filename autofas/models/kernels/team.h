// The threads that work on one cell together: shares of its blocks, sums over all of them, scratch memory.
#pragma once

#include "grid.h"
#include "threads.h"

namespace {

// Memory handed out piece by piece. Without a base it only counts: that is how scratch is measured.
struct Arena {
  char* base;
  size_t used = 0;

  template <typename T>
  T* take(long count) {
    T* piece = base ? reinterpret_cast<T*>(base + used) : nullptr;
    used = static_cast<size_t>(rounded_up(static_cast<long>(used + sizeof(T) * count), 64));
    return piece;
  }
};

struct Range {
  long begin, end;
};

// One thread of a team. All members call the same functions in the same order.
struct Member {
  int index, count;
  long capacity = 0;           // numbers of a slot
  double* slots[2] = {nullptr, nullptr};  // (count, capacity) each
  int turn = 0;

  // Sums of up to `most` numbers will be formed.
  void prepare(Arena& arena, long most) {
    capacity = most;
    for (double*& slot : slots) slot = arena.take<double>(capacity * count);
  }
  // A team of this member alone, whose sums have as many numbers.
  Member alone(Arena& arena) const {
    Member one{0, 1, capacity};
    for (double*& slot : one.slots) slot = own<double>(arena, capacity);
    return one;
  }
  // A piece of its own for every member.
  template <typename T>
  T* own(Arena& arena, long numbers) const {
    const long stride = rounded_up(numbers, 64);
    T* pieces = arena.take<T>(stride * count);
    return pieces ? pieces + stride * index : nullptr;
  }
  Range share(long total) const { return {total * index / count, total * (index + 1) / count}; }
  void meet() const { autofas_barrier(count); }

  // values (n) -> their sums over the members, in the members' order, so that the bits do not depend on
  // who comes first. Between a slot's reading and its next writing every member has passed a barrier.
  void reduce(double* values, long n) {
    double* slot = publish(values, n);
    for (long i = 0; i < n; i++) {
      double total = slot[i];
      for (int other = 1; other < count; other++) total += slot[other * capacity + i];
      values[i] = total;
    }
  }
  // The same sums written out alone, each member its share: the first ones to `first`, the others to `second`.
  template <typename T>
  void reduce_to(T* first, long first_count, T* second, const double* values, long n) {
    double* slot = publish(values, n);
    const Range mine = share(n);
    for (long i = mine.begin; i < mine.end; i++) {
      double total = slot[i];
      for (int other = 1; other < count; other++) total += slot[other * capacity + i];
      (i < first_count ? first[i] : second[i - first_count]) = static_cast<T>(total);
    }
  }

 private:
  double* publish(const double* values, long n) {
    double* slot = slots[turn];
    turn = 1 - turn;
    memcpy(slot + index * capacity, values, sizeof(double) * n);
    meet();
    return slot;
  }
};

// Calls function(at, length) for every block of the member's share.
template <typename Function>
AUTOFAS_INLINE void for_blocks(const Grid& grid, const Member& member, Function function) {
  const Range mine = member.share(grid.blocks);
  for (long number = mine.begin; number < mine.end; number++) {
    const Block block = grid.block(static_cast<int>(number));
    function(block.at, block.length);
  }
}

constexpr int SPAN = 2;  // blocks

// The same with neighbouring blocks as one: for sums that cost something to begin and end.
template <typename Function>
AUTOFAS_INLINE void for_spans(const Grid& grid, const Member& member, Function function) {
  const Range mine = member.share(grid.blocks);
  for (long number = mine.begin; number < mine.end;) {
    const Block block = grid.block(static_cast<int>(number));
    const long group_end = (number / grid.blocks_of_group + 1) * grid.blocks_of_group;
    long end = number + SPAN < mine.end ? number + SPAN : mine.end;
    if (end > group_end) end = group_end;
    const Block last = grid.block(static_cast<int>(end - 1));
    function(block.at, static_cast<int>(last.at - block.at) + last.length);
    number = end;
  }
}

// Clears the borders of planes, each member its share of them. Others may read them after a barrier.
inline void clear_shared(const Grid& grid, const Member& member, real* planes, long count) {
  const Range mine = member.share(count);
  clear_borders(grid, planes + mine.begin * grid.size, mine.end - mine.begin);
}

}  // namespace
