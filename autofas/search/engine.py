"""The bi-level engine: alternate steps on architecture parameters and weights (Auto-FAS, eq. 4 and 5).

An architecture step lowers the loss of the architecture half by alpha and beta (eq. 5); a weight step lowers
the loss of the weight half by theta (eq. 4). First order takes theta as it is; second order looks one
weight step ahead and differentiates through it by the central finite difference of DARTS (Liu et al., ICLR
2019, eq. 7-8):

    theta'  = theta - lr * (momentum * buffer + grad + weight decay * theta)
    g       = grad_alpha L_val(theta') - lr * (grad_alpha L_train(theta+) - grad_alpha L_train(theta-)) / 2R
    theta+- = theta +- R * grad_theta' L_val(theta'),   R = 0.01 / |grad_theta' L_val(theta')|

`second-exact` replaces the quotient by the exact product of grad^2_{alpha, theta} L_train(theta) with
grad_theta' L_val(theta'), by differentiating twice: no step length to choose (a difference across a ReLU's
kink is not a derivative), at the price of keeping the graph of a gradient.

None of them leaves a trace in weights, running statistics or the weights' optimiser. On several ranks every
loss and gradient here is the mean over the ranks' shares of the batch (autofas.runtime.ranks).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autofas.config.optimizer import OptimizerConfig
from autofas.data.batches.batch import Batch
from autofas.models.supernet import Supernet
from autofas.models.supervisions import Supervision, ensure_finite
from autofas.runtime import ranks
from autofas.search.cuda_graphs import Replayed
from autofas.training.optimizers import SGD, build_optimizer

PROBE = 0.01
"""Length of the finite difference's step in weight space, R * |gradient| (DARTS, section 2.3)."""

Order = Literal["first", "second", "second-exact"]
Term = Callable[[Supernet], Tensor]
"""A term of the architecture's loss: a scalar that depends on alphas and betas alone."""


class BilevelEngine:
    """Steps of a bi-level search on one supernet; `modality` is the images it reads.

    With `precision` bfloat16 forward passes run under torch's autocast, gradients of the parameters are
    float32 all the same. `terms`, functions of the supernet's alphas and betas, are added to the loss that
    an architecture step lowers; the loss it returns is without them.

    A loss, gradient or alpha that is NaN or infinite raises RunError before the update. Reading it would hold
    a GPU up, so there (`unread`, by default on a GPU alone) it stays on the device: neither that update nor a
    later one is carried out, and the losses of the steps that were not taken are NaN.
    """

    def __init__(
        self,
        supernet: Supernet,
        supervision: Supervision,
        weights: OptimizerConfig,
        arch: OptimizerConfig,
        order: Order = "first",
        modality: str = "color",
        probe: float = PROBE,
        cuda_graphs: bool = False,
        precision: Literal["float32", "bfloat16"] = "float32",
        unread: bool | None = None,
        terms: Sequence[Term] = (),
    ) -> None:
        self.supernet, self.supervision, self.order, self.modality = supernet, supervision, order, modality
        supernet.kernels = supernet.kernels and order != "second-exact"  # which differentiates twice
        self.probe, self.terms = probe, terms
        self.on_gpu = next(supernet.parameters()).is_cuda
        self.mixed_precision = precision == "bfloat16"
        self.cuda_graphs = cuda_graphs and self.on_gpu
        self._replayed: dict[str, Replayed] = {}
        self.weights = supernet.weight_parameters()
        self.arch = supernet.arch_parameters()
        self.running = ranks.running_statistics(supernet)
        self.grad_clip = weights.grad_clip
        self.unread = self.on_gpu if unread is None else unread
        optimizer = build_optimizer(weights, self.weights, fused=self.unread or None)
        if order != "first" and not isinstance(optimizer, SGD):
            raise ValueError("second-order search looks one SGD step ahead; use sgd for the weights")
        self.weight_optimizer = optimizer
        self.arch_optimizer = build_optimizer(arch, self.arch, fused=self.unread or None)
        self.halted = torch.zeros((), device=self.weights[0].device)  # 1 after a step that was not finite
        if self.unread:
            for reader in (self.weight_optimizer, self.arch_optimizer):
                reader.found_inf = self.halted

    def weight_step(self, batch: Batch) -> Tensor:
        """One step of the weights on a batch of the weight half (eq. 4); returns its loss, a scalar."""
        loss, gradients = self.gradients("weights", batch)
        gradients = _laid_out(gradients, self.weights)
        norm = nn.utils.get_total_norm(gradients)
        loss = self._finite(loss, norm, "weights'", batch)
        _assign(self.weights, gradients)
        if self.grad_clip is not None:
            nn.utils.clip_grads_with_norm_(self.weights, self.grad_clip, norm)
        self.weight_optimizer.step()
        self.weight_optimizer.zero_grad()
        return loss

    def arch_step(self, arch_batch: Batch, weight_batch: Batch | None = None) -> Tensor:
        """One step of alpha and beta on a batch of the architecture half (eq. 5); returns its loss.

        Second order needs the batch of the weight half that the next weight step will take.
        """
        if self.order == "first":
            loss, gradients = self.gradients("arch", arch_batch)
        elif weight_batch is None:
            raise ValueError("a second-order architecture step needs the weight half's batch too")
        else:
            with self.supernet.frozen_statistics():
                loss, gradients = self._second_order(arch_batch, weight_batch)
        if self.terms:
            total = torch.stack([term(self.supernet) for term in self.terms]).sum()
            own = torch.autograd.grad(total, self.arch, materialize_grads=True)
            gradients = [gradient + part for gradient, part in zip(gradients, own, strict=True)]
        gradients = _laid_out(gradients, self.arch)
        loss = self._finite(loss, nn.utils.get_total_norm(gradients), "architecture", arch_batch)
        _assign(self.arch, gradients)
        self.arch_optimizer.step()
        self.arch_optimizer.zero_grad()
        return loss

    def gradients(self, which: Literal["weights", "arch"], batch: Batch) -> tuple[Tensor, Sequence[Tensor]]:
        """Loss and gradients of the weights, or of the architecture parameters alone, over all ranks."""
        compute = self.weight_gradients if which == "weights" else self.arch_gradients
        if self.cuda_graphs:
            replayed = self._replayed.get(which)
            if replayed is None or not replayed.fits(batch):
                replayed = self._replayed[which] = Replayed(compute, batch, self.supernet.buffers())
            compute = replayed
        loss, gradients = compute(batch)
        loss, *gradients = ranks.average([loss, *gradients], self.running if which == "weights" else ())
        return loss, gradients

    def weight_gradients(self, batch: Batch) -> tuple[Tensor, Sequence[Tensor]]:
        """This rank's loss, and its gradients of the weights."""
        loss = self._loss(batch)
        return loss, torch.autograd.grad(loss, self.weights)

    def arch_gradients(self, batch: Batch) -> tuple[Tensor, Sequence[Tensor]]:
        """This rank's loss, and its gradients of the architecture parameters alone."""
        # the backward pass too: cells that are recomputed are recomputed as they were
        with self.supernet.frozen_statistics(), self.supernet.frozen_weights():
            loss = self._loss(batch)
            return loss, torch.autograd.grad(loss, self.arch)

    def outputs(self, batch: Batch) -> Tensor:
        """The supernet's outputs for a batch, in full precision."""
        device = "cuda" if self.on_gpu else "cpu"
        # a cache of cast weights would be recorded into a CUDA graph with the weights of that moment
        with torch.autocast(device, torch.bfloat16, self.mixed_precision, cache_enabled=not self.cuda_graphs):
            outputs = self.supernet(batch.images[self.modality])
        return outputs.float() if self.mixed_precision else outputs

    def _loss(self, batch: Batch) -> Tensor:
        return self.supervision.loss(self.outputs(batch), batch.targets)

    def _finite(self, loss: Tensor, norm: Tensor, whose: str, batch: Batch) -> Tensor:
        """The step's loss, a copy; RunError or, unread, NaN if it, a gradient or an alpha is not finite."""
        norms = {
            f"norm of the {whose} gradient": norm,
            "norm of the architecture parameters": nn.utils.get_total_norm(self.arch),
        }
        if self.unread:
            sound = torch.isfinite(torch.stack([loss.detach(), *norms.values()])).all()
            torch.maximum(self.halted, (~sound).to(self.halted), out=self.halted)
            return torch.where(self.halted > 0, torch.nan, loss.detach())
        ensure_finite(loss, f"a batch that starts at row {int(batch.index[0])}")
        for what, norm in norms.items():
            ensure_finite(norm, "this step", what)
        return loss.detach().clone()

    def ensure_finite(self, where: str) -> None:
        """Raise RunError that names `where` if weights or architecture hold a NaN or infinity."""
        for what, tensors in (("weights", self.weights), ("architecture parameters", self.arch)):
            ensure_finite(nn.utils.get_total_norm(tensors), where, f"norm of the {what}")

    def _second_order(self, arch_batch: Batch, weight_batch: Batch) -> tuple[Tensor, list[Tensor]]:
        group = self.weight_optimizer.param_groups[0]
        rate, momentum, decay = group["lr"], group.get("momentum", 0.0), group["weight_decay"]
        kept = [weight.detach().clone() for weight in self.weights]
        try:
            ahead = ranks.average(torch.autograd.grad(self._loss(weight_batch), self.weights))
            with torch.no_grad():
                for weight, gradient in zip(self.weights, ahead, strict=True):
                    buffer = self.weight_optimizer.state.get(weight, {}).get("momentum_buffer")
                    step = gradient + decay * weight
                    if buffer is not None:
                        step = step + momentum * buffer
                    weight.sub_(step, alpha=rate)
            loss = self._loss(arch_batch)
            both = torch.autograd.grad(loss, [*self.arch, *self.weights])
            loss, *means = ranks.average([loss.detach(), *both])
            direct, direction = means[: len(self.arch)], means[len(self.arch) :]
            if self.order == "second-exact":
                self._restore(kept)
                implicit = self._mixed_derivative(direction, weight_batch)
            else:
                length = nn.utils.get_total_norm(direction)  # read by nobody, which would hold a GPU up
                radius = self.probe / length.clamp_min(torch.finfo(torch.float32).tiny)
                above = self._arch_gradient_at(kept, direction, radius, weight_batch)
                below = self._arch_gradient_at(kept, direction, -radius, weight_batch)
                implicit = [(up - down) / (2 * radius) for up, down in zip(above, below, strict=True)]
            implicit = ranks.average(implicit)
        finally:
            self._restore(kept)
        return loss, [grad - rate * part for grad, part in zip(direct, implicit, strict=True)]

    def _restore(self, kept: Sequence[Tensor]) -> None:
        with torch.no_grad():
            for weight, value in zip(self.weights, kept, strict=True):
                weight.copy_(value)

    def _mixed_derivative(self, direction: Sequence[Tensor], batch: Batch) -> Sequence[Tensor]:
        """grad_alpha (grad_theta L_train . direction) at the current weights."""
        gradients = torch.autograd.grad(self._loss(batch), self.weights, create_graph=True)
        products = [(gradient * part).sum() for gradient, part in zip(gradients, direction, strict=True)]
        return torch.autograd.grad(torch.stack(products).sum(), self.arch)

    def _arch_gradient_at(
        self, kept: Sequence[Tensor], direction: Sequence[Tensor], radius: Tensor, batch: Batch
    ) -> Sequence[Tensor]:
        with torch.no_grad():
            for weight, value, part in zip(self.weights, kept, direction, strict=True):
                torch.addcmul(value, part, radius, out=weight)
        return self.arch_gradients(batch)[1]

    def state_dict(self) -> dict[str, Any]:
        """Supernet and both optimisers."""
        return {
            "supernet": self.supernet.state_dict(),
            "weight_optimizer": self.weight_optimizer.state_dict(),
            "arch_optimizer": self.arch_optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`, which may come from another device."""
        self.supernet.load_state_dict(state["supernet"])
        self.weight_optimizer.load_state_dict(state["weight_optimizer"])
        self.arch_optimizer.load_state_dict(state["arch_optimizer"])


def _laid_out(gradients: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """The gradients in their parameters' memory layout, which fused optimisers expect."""
    return [
        gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)
        for gradient, parameter in zip(gradients, parameters, strict=True)
    ]


def _assign(parameters: Sequence[nn.Parameter], gradients: Sequence[Tensor]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
