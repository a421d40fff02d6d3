// The pool: POSIX threads that wait for work, spinning for a moment before they sleep, and a spinning barrier.
//
// A cell's passes are tens of microseconds long, so a barrier must cost well under one. Where threads are more
// than free cores, spinning gives way (sched_yield) instead of burning a time slice.
#include "threads.h"

#include <pthread.h>
#include <sched.h>

namespace {

constexpr int MOST_THREADS = 256;
constexpr int SPINS = 2000;        // about 20 microseconds before a waiter gives its core away
constexpr int IDLE_YIELDS = 50;    // further rounds before an idle worker sleeps

struct Pool {
  pthread_mutex_t calls = PTHREAD_MUTEX_INITIALIZER;  // one job at a time
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  int workers = 0;    // started so far; worker w has index w + 1
  int count = 0;      // threads of the present job
  unsigned job = 0;   // its number
  unsigned running = 0;
  int arrived = 0;    // at the barrier
  unsigned phase = 0;
  autofas_body body = nullptr;
  void* argument = nullptr;
  bool forks_watched = false;
};
Pool pool;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

void wait_while(const unsigned* value, unsigned unwanted) {
  for (int spin = 0; __atomic_load_n(value, __ATOMIC_ACQUIRE) == unwanted; spin++) {
    if (spin < SPINS) relax();
    else sched_yield();
  }
}

// Returns the number of the next job: after spinning, the worker sleeps until it is woken.
unsigned next_job(unsigned last) {
  for (int spin = 0; spin < SPINS + IDLE_YIELDS; spin++) {
    const unsigned job = __atomic_load_n(&pool.job, __ATOMIC_ACQUIRE);
    if (job != last) return job;
    if (spin < SPINS) relax();
    else sched_yield();
  }
  pthread_mutex_lock(&pool.lock);
  while (pool.job == last) pthread_cond_wait(&pool.wake, &pool.lock);
  const unsigned job = pool.job;
  pthread_mutex_unlock(&pool.lock);
  return job;
}

struct Start {
  int index;
  unsigned job;  // the last one before the worker
};
Start starts[MOST_THREADS];

void* work(void* given) {
  const Start start = *static_cast<Start*>(given);
  for (unsigned job = start.job;;) {
    job = next_job(job);
    if (start.index < pool.count) pool.body(pool.argument, start.index, pool.count);
    __atomic_sub_fetch(&pool.running, 1, __ATOMIC_ACQ_REL);
  }
  return nullptr;
}

// A forked child has none of its parent's workers.
void forget_workers() {
  pool.workers = 0;
  pool.running = 0;
  pool.arrived = 0;
  pthread_mutex_init(&pool.calls, nullptr);
  pthread_mutex_init(&pool.lock, nullptr);
  pthread_cond_init(&pool.wake, nullptr);
}

// Starts workers until there are enough; returns how many threads there are with the caller's.
int recruit(int threads) {
  if (!pool.forks_watched) {
    pool.forks_watched = pthread_atfork(nullptr, nullptr, forget_workers) == 0;
  }
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

}  // namespace

void autofas_barrier() {
  const int count = pool.count;
  if (count == 1) return;
  const unsigned phase = __atomic_load_n(&pool.phase, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&pool.arrived, 1, __ATOMIC_ACQ_REL) == count) {
    __atomic_store_n(&pool.arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pool.phase, phase + 1, __ATOMIC_RELEASE);
  } else {
    wait_while(&pool.phase, phase);
  }
}

void autofas_together(int threads, autofas_body body, void* argument) {
  threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
  pthread_mutex_lock(&pool.calls);
  const int count = threads == 1 ? 1 : recruit(threads);
  pool.count = count;
  if (count > 1) {
    pthread_mutex_lock(&pool.lock);
    pool.body = body;
    pool.argument = argument;
    __atomic_store_n(&pool.running, static_cast<unsigned>(pool.workers), __ATOMIC_RELEASE);
    __atomic_store_n(&pool.job, pool.job + 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
  }
  body(argument, 0, count);
  for (int spin = 0; count > 1 && __atomic_load_n(&pool.running, __ATOMIC_ACQUIRE) != 0; spin++) {
    if (spin < SPINS) relax();
    else sched_yield();
  }
  pthread_mutex_unlock(&pool.calls);
}
