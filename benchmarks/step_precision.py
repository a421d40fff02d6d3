"""How far float32 gradients of the supernet are from float64's, in torch and with the compiled kernels.

    python -m benchmarks.step_precision --out results

The derivative of a ReLU or a maximum jumps at its kink. With 10^5 of them, rounding carries some across in
float32 and the gradients of everything before them jump with it. So a third row stands beside: float64 on
images changed by as much as float32 rounds them (2e-7). Where its gradients are off as well, the function
is that sensitive and no float32 program can do better; between draws it is chance which of the three is hit.
In float64 both programs agree to 1e-10 (tests/models/kernels/test_trunk.py).
"""

import argparse
import copy
import sys
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from autofas.analysis.text_tables import markdown_table
from autofas.models.supernet import Supernet
from autofas.runs.provenance import commit, machine
from autofas.storage.files import write_json, write_text
from benchmarks.search_step import CASES
from benchmarks.step_process import space_of

ROUNDING = 2e-7
LEGEND = f"""The last row of a case is float64 on images changed by {ROUNDING:.0e} of themselves, as much as
float32 rounds them: a ReLU or maximum that crosses its kink there makes gradients jump in any program.
"""


def gradients(network: Supernet, images: Tensor, target: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Output and gradients of a mean square error, in float64."""
    output = network(images)
    found = torch.autograd.grad(((output - target) ** 2).mean(), list(network.parameters()))
    return output.detach().double(), [gradient.double() for gradient in found]


def errors(found: tuple[Tensor, list[Tensor]], exact: tuple[Tensor, list[Tensor]]) -> dict[str, float]:
    """Relative errors of output and gradients; a tiny gradient's is on 1/1000 of the largest's scale."""
    largest = max(float(gradient.norm()) for gradient in exact[1])
    relative = [
        float((one - other).norm() / other.norm().clamp_min(1e-3 * largest))
        for one, other in zip(found[1], exact[1], strict=True)
    ]
    output = float((found[0] - exact[0]).norm() / exact[0].norm())
    return {"output": output, "median gradient": median(relative), "worst gradient": max(relative)}


def measure(case: str, seed: int) -> dict[str, dict[str, float]]:
    """The errors of one draw of weights, alphas and images."""
    torch.manual_seed(seed)
    chosen = CASES[case]
    space = space_of(chosen.space)
    fused = Supernet(space, 4)
    with torch.no_grad():
        for parameter in fused.arch_parameters():
            parameter.normal_()
    compiled, exact = copy.deepcopy(fused), copy.deepcopy(fused).double()
    compiled.kernels = exact.kernels = True
    side = space.layout.map_size(chosen.size)
    images = torch.randn(chosen.batch, 3, chosen.size, chosen.size)
    target = torch.randn(chosen.batch, 1, side, side)
    noise = 1 + ROUNDING * torch.randn_like(images).double()
    truth = gradients(exact, images.double(), target.double())
    return {
        "fused, float32": errors(gradients(fused, images, target), truth),
        "kernels, float32": errors(gradients(compiled, images, target), truth),
        "float64, images rounded": errors(gradients(exact, images.double() * noise, target.double()), truth),
    }


def main() -> None:
    """Measure every draw of every case, print the table, write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=["darts-112", "quick"])
    parser.add_argument("--draws", type=int, default=7)
    parser.add_argument("--out", type=Path, help="folder for search_step_precision.md and .json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows, cells = [], []
    for case in args.cases:
        draws = [measure(case, seed) for seed in range(args.draws)]
        rows.append({"case": case, "draws": draws})
        for program in draws[0]:
            figures = [
                f"{median(draw[program][name] for draw in draws):.1e} "
                f"({min(draw[program][name] for draw in draws):.1e}-"
                f"{max(draw[program][name] for draw in draws):.1e})"
                for name in draws[0][program]
            ]
            cells.append([case, program, *figures])
    header = ("case", "program", "output", "median gradient", "worst gradient")
    command = " ".join(["python -m benchmarks.step_precision", *sys.argv[1:]])
    page = (
        f"## Errors against float64, median and range of {args.draws} draws\n\n"
        f"`{command}`, commit {commit()}, torch {torch.__version__}, {machine()}\n\n"
        f"{markdown_table(header, cells)}\n\n{LEGEND}"
    )
    print(page)
    if args.out:
        write_text(args.out / "search_step_precision.md", page)
        write_json(args.out / "search_step_precision.json", {"command": command, "rows": rows})


if __name__ == "__main__":
    main()
