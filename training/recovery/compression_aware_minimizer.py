"""Train the demo GPT-2 by gradients at its pruned weights, then prune it, as in Lathe's compression-aware-minimizer.

    python -m recovery.compression_aware_minimizer --pattern 2:4        (in the folder training)

The gradient is taken at C(w + rho grad L(w)) with respect to the weights that C keeps (Peste et al. 2022, section 3); --plus
adds the gradient at w.
"""

import argparse

import torch

import compressions
from recovery import matrices
from recovery.run import Run, add_arguments


class CompressedPoint:
    def __init__(self, run, linears, arguments):
        self.run, self.linears, self.climb, self.plus = run, linears, arguments.climb, arguments.plus
        self.kept, self.size = (int(size) for size in arguments.pattern.split(":"))

    @torch.no_grad()
    def compress(self):
        for linear in self.linears.values():
            linear.mask.copy_(compressions.prune_n_of_m(linear.weight, self.kept, self.size) != 0)

    @torch.no_grad()
    def uncompress(self):
        for linear in self.linears.values():
            linear.mask.fill_(1)

    def backward(self, tokens):
        loss = self.run.backward(tokens)
        trained = [parameter for parameter in self.run.student.parameters() if parameter.grad is not None]
        before = [parameter.detach().clone() for parameter in trained]
        plain = [parameter.grad.clone() for parameter in trained]
        with torch.no_grad():
            for parameter, gradient in zip(trained, plain):
                parameter.add_(gradient, alpha=self.climb)
        self.compress()
        self.run.student.zero_grad(set_to_none=True)
        self.run.backward(tokens)
        with torch.no_grad():
            for parameter, value, gradient in zip(trained, before, plain):
                parameter.copy_(value)
                if self.plus:
                    parameter.grad.add_(gradient)
        self.uncompress()
        return loss

    def held_out_loss(self):
        self.compress()
        loss = self.run.held_out_loss()
        self.uncompress()
        return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pattern", default="2:4")
    parser.add_argument("--climb", type=float, default=0.05)
    parser.add_argument("--plus", action=argparse.BooleanOptionalAction, default=True)
    add_arguments(parser)
    arguments = parser.parse_args()
    run = Run(arguments)
    run.report("base", run.teacher)
    point = CompressedPoint(run, matrices.replace_linears(run.student, matrices.Masked), arguments)
    point.compress()
    run.report("pruned without training")
    point.uncompress()
    run.train(backward=point.backward, held_out_loss=point.held_out_loss)
    point.compress()
    run.report("after")


if __name__ == "__main__":
    main()
