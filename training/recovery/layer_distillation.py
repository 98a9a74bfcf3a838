"""Keep some blocks of the demo GPT-2 and train them against the whole model, as in Lathe's layer-distillation.

    python -m recovery.layer_distillation --blocks 0 2 4        (in the folder training)
"""

import argparse

from torch import nn

from recovery import matrices
from recovery.run import Run, add_arguments


def keep_blocks(run, blocks):
    run.student.transformer.h = nn.ModuleList(run.student.transformer.h[block] for block in blocks)
    run.student.config.n_layer = len(blocks)
    run.student.config.use_cache = False  # which blocks know their places in by the numbers that they had
    run.hidden_pairs = [(0, 0)] + [(position + 1, block + 1) for position, block in enumerate(blocks)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, nargs="+", default=[0, 2, 4])
    add_arguments(parser)
    arguments = parser.parse_args()
    run = Run(arguments)
    run.report("base", run.teacher)
    matrices.replace_linears(run.student, matrices.Dense)
    keep_blocks(run, arguments.blocks)
    run.report("before")
    run.train()
    run.report("after")


if __name__ == "__main__":
    main()
