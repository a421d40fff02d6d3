// The threads: those of torch where the process has them, else a pool; and a spinning barrier.
//
// torch's OpenMP threads spin for milliseconds after its every operation. Threads of our own beside them would find
// their cores taken, so the team is made of them (`autofas_borrow`): with two threads a step at 112 pixels and one of
// the quick preset take 0.6 to 0.7 of the time. Where OpenMP is not GNU's the pool is used: POSIX threads that wait for work,
// spinning for a moment before they sleep.
//
// A cell's passes are tens of microseconds long, so a barrier must cost well under one: who waits spins first.
// Where threads are more than free cores that would burn the time slices of those waited for, so after a moment
// the waiter sleeps (a futex on Linux; elsewhere it yields).
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

constexpr int MOST_THREADS = 256;
constexpr int LOOKS = 2000;  // some microseconds
constexpr int SPINS = 1000;  // with a pause each: some tens

struct Pool {
  pthread_mutex_t calls = PTHREAD_MUTEX_INITIALIZER;  // one job at a time
  int workers = 0;    // started so far; worker w has index w + 1
  int count = 0;      // threads of the present job
  unsigned job = 0;   // its number
  int running = 0;        // workers that have not ended it
  unsigned finished = 0;  // the last job that all workers have ended
  int arrived = 0;    // at the barrier
  unsigned phase = 0;
  autofas_body body = nullptr;
  void* argument = nullptr;
  int sleepers = 0;
  bool forks_watched = false;
};
Pool pool;

// GNU OpenMP's functions, as the process has loaded them for torch; null where it has not.
struct Lender {
  autofas_parallel parallel = nullptr;
  int (*index)() = nullptr;
  int (*count)() = nullptr;
};
Lender lender;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Returns once *value is not `unwanted`.
void wait_while(unsigned* value, unsigned unwanted) {
  // no pause at first: a hypervisor takes a processor away that pauses for a microsecond or two, and most waits end
  // within it
  for (int look = 0; look < LOOKS; look++)
    if (__atomic_load_n(value, __ATOMIC_ACQUIRE) != unwanted) return;
  for (int spin = 0; spin < SPINS; spin++) {
    if (__atomic_load_n(value, __ATOMIC_ACQUIRE) != unwanted) return;
    relax();
  }
  __atomic_add_fetch(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(value, __ATOMIC_SEQ_CST) == unwanted) {
#ifdef __linux__
    syscall(SYS_futex, value, FUTEX_WAIT_PRIVATE, unwanted, nullptr, nullptr, 0);
#else
    sched_yield();
#endif
  }
  __atomic_sub_fetch(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
}

// Sets *value and wakes those who wait for it to change.
void change(unsigned* value, unsigned wanted) {
  __atomic_store_n(value, wanted, __ATOMIC_SEQ_CST);
#ifdef __linux__
  if (__atomic_load_n(&pool.sleepers, __ATOMIC_SEQ_CST) > 0)
    syscall(SYS_futex, value, FUTEX_WAKE_PRIVATE, MOST_THREADS, nullptr, nullptr, 0);
#endif
}

struct Start {
  int index;
  unsigned job;  // the last one before the worker
};
Start starts[MOST_THREADS];

void* work(void* given) {
  const Start start = *static_cast<Start*>(given);
  for (unsigned last = start.job;;) {
    wait_while(&pool.job, last);
    last = __atomic_load_n(&pool.job, __ATOMIC_ACQUIRE);
    if (start.index < pool.count) pool.body(pool.argument, start.index, pool.count);
    if (__atomic_sub_fetch(&pool.running, 1, __ATOMIC_SEQ_CST) == 0) change(&pool.finished, last);
  }
  return nullptr;
}

// A forked child has none of its parent's workers.
void forget_workers() {
  pool.workers = 0;
  pool.running = 0;
  pool.arrived = 0;
  pool.sleepers = 0;
  pool.finished = pool.job;
  lender = {};  // nor the lender's
  pthread_mutex_init(&pool.calls, nullptr);
}
void watch_forks() {
  if (!pool.forks_watched) pool.forks_watched = pthread_atfork(nullptr, nullptr, forget_workers) == 0;
}

// Starts workers until there are enough; returns how many threads there are with the caller's.
int recruit(int threads) {
  watch_forks();
  while (pool.workers + 1 < threads) {
    Start& start = starts[pool.workers];
    start = {pool.workers + 1, pool.job};
    pthread_t thread;
    if (pthread_create(&thread, nullptr, work, &start) != 0) break;
    pthread_detach(thread);
    pool.workers++;
  }
  return pool.workers + 1 < threads ? pool.workers + 1 : threads;
}

struct Loan {
  autofas_body body;
  void* argument;
};

void run_on_loan(void* given) {
  const Loan& loan = *static_cast<Loan*>(given);
  loan.body(loan.argument, lender.index(), lender.count());
}

void run_on_pool(int threads, autofas_body body, void* argument) {
  const int count = recruit(threads);
  pool.count = count;
  const unsigned last = pool.job;
  if (count > 1) {
    pool.body = body;
    pool.argument = argument;
    __atomic_store_n(&pool.running, pool.workers, __ATOMIC_SEQ_CST);
    change(&pool.job, last + 1);
  }
  body(argument, 0, count);
  if (count > 1) wait_while(&pool.finished, last);
}

}  // namespace

void autofas_borrow(autofas_parallel parallel, int (*index)(), int (*count)()) {
  watch_forks();
  lender = {parallel, index, count};
}

void autofas_barrier(int count) {
  if (count == 1) return;
  const unsigned phase = __atomic_load_n(&pool.phase, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&pool.arrived, 1, __ATOMIC_ACQ_REL) == count) {
    __atomic_store_n(&pool.arrived, 0, __ATOMIC_RELAXED);
    change(&pool.phase, phase + 1);
  } else {
    wait_while(&pool.phase, phase);
  }
}

void autofas_together(int threads, autofas_body body, void* argument) {
  threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
  if (threads == 1) return body(argument, 0, 1);
  pthread_mutex_lock(&pool.calls);
  if (lender.parallel) {
    Loan loan{body, argument};
    lender.parallel(run_on_loan, &loan, static_cast<unsigned>(threads), 0);
  } else {
    run_on_pool(threads, body, argument);
  }
  pthread_mutex_unlock(&pool.calls);
}
