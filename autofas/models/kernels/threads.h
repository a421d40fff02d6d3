// A pool of threads that run one function together and meet at barriers.
#pragma once

extern "C" {
typedef void (*autofas_body)(void* argument, int index, int count);

// Runs body(argument, index, count) on `threads` threads, the caller's among them, and returns when all have.
void autofas_together(int threads, autofas_body body, void* argument);

// Inside a body: returns once every thread of it has come here.
void autofas_barrier();
}
