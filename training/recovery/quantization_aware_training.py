"""Train the demo GPT-2 with its linears rounded in the forward pass, as in Lathe's quantization-aware-training.

    python -m recovery.quantization_aware_training --bits 4 --group-size 32        (in the folder training)

With `--noise` below 1 only that share of the weights is rounded at each step (Quant-Noise). Torch draws them, so such a run
agrees with Lathe's only in the mean, not step by step.
"""

import argparse

import torch

from recovery import matrices
from recovery.run import Run, add_arguments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, choices=(8, 4, 3, 2), default=4)
    parser.add_argument("--group-size", type=int, help="columns that share a scale; else each row has one")
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--noise-block", type=int, default=1, help="columns that are rounded or left together")
    add_arguments(parser)
    parser.set_defaults(peak=1e-4)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    run = Run(arguments)
    run.report("base", run.teacher)

    def quantized(weight, bias):
        return matrices.Quantized(weight, bias, arguments.bits, arguments.group_size, arguments.noise, arguments.noise_block)

    matrices.replace_linears(run.student, quantized)
    run.report("rounded without training")
    run.train()
    run.report("after")


if __name__ == "__main__":
    main()
