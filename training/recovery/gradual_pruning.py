"""Prune the demo GPT-2 during training, then lock the pattern, as in Lathe's gradual-pruning.

    python -m recovery.gradual_pruning --sparsity 0.7        (in the folder training)
    python -m recovery.gradual_pruning --pattern 2:4

Masks by magnitude for each matrix on the cubic schedule of Zhu and Gupta 2017; for N:M, from M of M down to N.
"""

import argparse

import torch

import compressions
from recovery import matrices
from recovery.run import Run, add_arguments


class GradualPruning:
    def __init__(self, run, linears, arguments):
        self.run, self.linears = run, linears
        self.sparsity, self.every = arguments.sparsity, arguments.prune_every
        self.pattern = arguments.pattern and [int(size) for size in arguments.pattern.split(":")]
        self.last = int(arguments.pruning_share * arguments.steps + 0.5)
        self.locked = False

    def pruned(self, weight, progress):
        if not self.pattern:
            return compressions.prune_unstructured(weight, self.sparsity * progress)
        kept, size = self.pattern
        return compressions.prune_n_of_m(weight, size - round((size - kept) * progress), size)

    @torch.no_grad()
    def set_masks(self, progress):
        for linear in self.linears.values():
            linear.mask.copy_(self.pruned(linear.weight, progress) != 0)

    def before_step(self, step):
        if step == self.last or (step < self.last and step % self.every == 0):
            self.set_masks(1.0 if step >= self.last else 1 - (1 - step / self.last) ** 3)
            self.locked = step == self.last

    def held_out_loss(self):
        """Held-out loss at the final sparsity, as the variant would be stored now."""
        if self.locked:
            return self.run.held_out_loss()
        present = [linear.mask.clone() for linear in self.linears.values()]
        self.set_masks(1.0)
        loss = self.run.held_out_loss()
        for linear, mask in zip(self.linears.values(), present):
            linear.mask.copy_(mask)
        return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sparsity", type=float, default=0.7)
    parser.add_argument("--pattern", help="N:M instead of a sparsity")
    parser.add_argument("--prune-every", type=int, default=10)
    parser.add_argument("--pruning-share", type=float, default=0.5)
    add_arguments(parser)
    arguments = parser.parse_args()
    run = Run(arguments)
    run.report("base", run.teacher)
    pruning = GradualPruning(run, matrices.replace_linears(run.student, matrices.Masked), arguments)
    pruning.set_masks(1.0)
    run.report("pruned without training")
    pruning.set_masks(0.0)
    best_step = run.train(pruning.before_step, held_out_loss=pruning.held_out_loss)
    if best_step <= pruning.last:
        pruning.set_masks(1.0)
    run.report("after")


if __name__ == "__main__":
    main()
