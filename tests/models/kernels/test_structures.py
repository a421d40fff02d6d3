"""Python's structures lie in memory as the compiler lays out those of the headers."""

import ctypes
import subprocess

from autofas.models.kernels import structures
from autofas.models.kernels.build import FOLDER, find_compiler

CHECKED = {
    "Operation": ("kind", "theta"),
    "Cell": ("channels", "weights_wanted", "operation", "normals", "scratch_bytes"),
    "Inputs": ("channels", "last_adds", "before", "normals", "scratch_bytes"),
    "Head": ("channels", "planes", "weight_gradient", "scratch_bytes"),
    "Conversion": ("images", "strides"),
}


def test_sizes_and_places_are_those_of_the_headers(tmp_path):
    lines = ['printf("%zu\\n", sizeof(Tensors) / sizeof(void*));']
    expected = [structures.POINTERS_OF_TENSORS]
    for name, fields in CHECKED.items():
        structure = getattr(structures, name)
        lines.append(f'printf("%zu\\n", sizeof({name}));')
        expected.append(ctypes.sizeof(structure))
        for field in fields:
            lines.append(f'printf("%zu\\n", offsetof({name}, {field}));')
            expected.append(getattr(structure, field).offset)
    source = tmp_path / "sizes.cpp"
    source.write_text(
        '#include "cell.h"\n#include "head.h"\n#include "inputs.h"\n#include <stdio.h>\n'
        "int main() {\n" + "\n".join(lines) + "\n}\n",
        encoding="utf-8",
    )
    program = tmp_path / "sizes"
    defined = ("-DAUTOFAS_UNIT=sizes", "-DAUTOFAS_REAL=float", "-DAUTOFAS_VECTOR_BYTES=16", f"-I{FOLDER}")
    command = [*(find_compiler() or "").split(), "-std=c++17", "-w", *defined, str(source)]
    command += [str(FOLDER / "threads.cpp"), "-lpthread", "-o", str(program)]
    subprocess.run(command, check=True, capture_output=True)
    shown = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    assert [int(line) for line in shown.stdout.split()] == expected
