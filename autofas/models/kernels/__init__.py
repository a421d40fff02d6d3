"""The search step's arithmetic as compiled kernels: C++ without headers of torch or Python, called by ctypes.

`build` compiles the sources into one shared library, `library` loads it and says why it cannot. The supernet
computes in torch where it cannot be had.
"""
