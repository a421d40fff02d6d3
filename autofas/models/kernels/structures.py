"""The C structures of the kernels, field by field as cell.h, inputs.h and head.h declare them."""

import ctypes

Pointer = ctypes.c_void_p
Int, Long = ctypes.c_int, ctypes.c_long


class Operation(ctypes.Structure):
    _fields_ = [
        *((name, Int) for name in ("kind", "kernel", "dilation", "repeats")),
        ("theta", ctypes.c_double),
    ]


POINTERS_OF_TENSORS = 12
"""A candidate's pointers on a fan: 4 weights, 4 gradients, 2 running means, 2 running variances."""
WEIGHTS_AT, GRADIENTS_AT, MEANS_AT, VARIANCES_AT = 0, 4, 8, 10


class Cell(ctypes.Structure):
    _fields_ = [
        *((name, Pointer) for name in ("grid", "input_grid")),
        *((name, Int) for name in ("channels", "width", "nodes", "stride", "operations", "threads")),
        *((name, Int) for name in ("tracked", "weights_wanted")),
        *((name, Pointer) for name in ("operation", "tensors", "order", "rows", "chosen", "betas")),
        *((name, Pointer) for name in ("chosen_gradient", "betas_gradient", "source", "source_gradient")),
        *((name, Pointer) for name in ("node", "node_gradient", "normals", "scratch")),
        ("scratch_bytes", Long),
    ]


class Inputs(ctypes.Structure):
    _fields_ = [
        *((name, Pointer) for name in ("grid", "before_grid")),
        *((name, Int) for name in ("channels", "before_channels", "last_channels", "halved", "threads")),
        *((name, Int) for name in ("weights_wanted", "before_adds", "last_adds")),
        *((name, Pointer) for name in ("before", "last", "before_weight", "last_weight")),
        *((name, Pointer) for name in ("before_weight_gradient", "last_weight_gradient")),
        *((name, Pointer) for name in ("running_mean", "running_var", "normals", "source")),
        *((name, Pointer) for name in ("source_gradient", "before_gradient", "last_gradient", "scratch")),
        ("scratch_bytes", Long),
    ]


class Head(ctypes.Structure):
    _fields_ = [
        *(("grid", Pointer), ("channels", Int), ("threads", Int)),
        *(
            (name, Pointer)
            for name in ("planes", "weight", "bias", "map", "gradient", "weight_gradient", "scratch")
        ),
        ("scratch_bytes", Long),
    ]


class Conversion(ctypes.Structure):
    _fields_ = [
        *(("grid", Pointer), ("channels", Int), ("threads", Int), ("images", Pointer), ("planes", Pointer)),
        ("strides", Long * 4),
    ]
