// Threads that run one function together and meet at barriers.
#pragma once

extern "C" {
typedef void (*autofas_body)(void* argument, int index, int count);

// Runs body(argument, index, count) on `threads` threads, the caller's among them, and returns when all have.
void autofas_together(int threads, autofas_body body, void* argument);

// Inside a body: returns once all `count` threads of it have come here.
void autofas_barrier(int count);

// Another pool's threads to work with from now on, by GNU OpenMP's entry points; see threads.cpp.
typedef void (*autofas_parallel)(void (*function)(void *), void *argument, unsigned threads, unsigned flags);
__attribute__((visibility("default"))) void autofas_borrow(autofas_parallel parallel, int (*index)(), int (*count)());
}
