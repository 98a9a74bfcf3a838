"""Train a factorized demo GPT-2 against the dense one, as in Lathe's knowledge-distillation and factorized-recovery.

    python -m recovery.knowledge_distillation --form kronecker        (in the folder training)

Every linear of the blocks starts from its Kronecker product, tensor train or truncated SVD at half of its parameters.
`--hidden-weight` adds the intermediate layers of KnGPT2 (Edalati et al. 2021).
"""

import argparse

from recovery import matrices
from recovery.run import Run, add_arguments

FORMS = {
    "dense": matrices.Dense,
    "kronecker": matrices.Kronecker,
    "tensor-train": lambda weight, bias: matrices.TensorTrain(weight, bias, 0.5),
    "low-rank": lambda weight, bias: matrices.LowRank(weight, bias, 0.5),
}


def factorized_run(arguments):
    """A run whose student is factorized as requested, with the perplexity before and after the factorization."""
    run = Run(arguments)
    run.report("base", run.teacher)
    matrices.replace_linears(run.student, FORMS[arguments.form])
    run.report("before")
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=FORMS, default="kronecker")
    add_arguments(parser)
    arguments = parser.parse_args()
    run = factorized_run(arguments)
    run.train()
    run.report("after")


if __name__ == "__main__":
    main()
