"""Split the demo GPT-2's feed-forward layers into experts and train them against the whole model, as in Lathe's mixture-of-experts.

    python -m recovery.mixture_of_experts        (in the folder training)

Importance of neurons and routing of tokens as in src/compression/recovery/neuron-importance.ts and expert-split.ts, with the same sequences.
"""

import argparse

import torch
from torch import nn

from recovery import matrices, windows
from recovery.run import Run, add_arguments

COUNTED_BATCHES = 64


class OwnExpert(nn.Module):
    """Activation of the neurons of each token's own expert, and 0 for the others."""

    def __init__(self, activation, routing, size, tokens):
        super().__init__()
        self.activation, self.routing, self.size, self.tokens = activation, routing, size, tokens

    def forward(self, x):
        experts = torch.arange(x.shape[-1]) // self.size
        return self.activation(x) * (experts == self.routing[self.tokens["ids"]][..., None])


def importance(model, sequences):
    """Importance of each block's neurons: the sum over sequences of |w · dL/dw + v · dL/dv|."""
    sums = [0.0 for _ in model.transformer.h]
    for sequence in sequences:
        model.zero_grad()
        model(sequence[None], labels=sequence[None]).loss.backward()
        for index, block in enumerate(model.transformer.h):
            up, down = block.mlp.c_fc.weight, block.mlp.c_proj.weight
            sums[index] = sums[index] + ((up * up.grad).sum(1) + (down * down.grad).sum(0)).abs()
    model.zero_grad()
    return sums


def dealt(values, experts, size, shared):
    """Neurons ordered by expert."""
    ranked = values.argsort(descending=True, stable=True).tolist()
    common, rest = ranked[:shared], ranked[shared : shared + experts * (size - shared)]
    return [neuron for expert in range(experts) for neuron in sorted(common + rest[expert::experts])]


def random_numbers(seed):
    """Lathe's `seeded`: Marsaglia's 32-bit xorshift."""
    state = (seed ^ 0x9E3779B9) & windows.WORD or 1
    while True:
        state ^= state << 13 & windows.WORD
        state ^= state >> 17
        state ^= state << 5 & windows.WORD
        yield state / 2**32


def balanced(counts, experts, random):
    """The expert of each token: roughly from the most frequent on, each to the expert with the least load so far."""
    weights = [count + 1 for count in counts]
    keys = [weight * next(random) for weight in weights]
    loads, chosen = [0] * experts, [0] * len(counts)
    for token in sorted(range(len(counts)), key=lambda token: -keys[token]):
        chosen[token] = loads.index(min(loads))
        loads[chosen[token]] += weights[token]
    return torch.tensor(chosen)


def put_experts(run, arguments):
    model, tokens = run.student, {}
    model.transformer.register_forward_pre_hook(
        lambda _module, given, named: tokens.update(ids=named["input_ids"] if "input_ids" in named else given[0]),
        with_kwargs=True,
    )
    draw = (arguments.length, arguments.seed)
    measured = importance(model, windows.batch(run.training, 0, arguments.importance_sequences, *draw))
    seen = [windows.batch(run.training, step, arguments.batch_size, *draw) for step in range(COUNTED_BATCHES)]
    counts = torch.cat(seen).flatten().bincount(minlength=model.config.vocab_size).tolist()
    random = random_numbers(arguments.seed)
    for block, values in zip(model.transformer.h, measured):
        mlp, size = block.mlp, int(arguments.expert_size * len(values) + 0.5)
        neurons = dealt(values, arguments.experts, size, int(arguments.shared_neurons * size + 0.5))
        mlp.c_proj = matrices.Dense(mlp.c_proj.weight[:, neurons], mlp.c_proj.bias)
        mlp.c_fc = matrices.Dense(mlp.c_fc.weight[neurons], mlp.c_fc.bias[neurons])
        mlp.act = OwnExpert(mlp.act, balanced(counts, arguments.experts, random), size, tokens)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experts", type=int, default=4)
    parser.add_argument("--expert-size", type=float, default=0.25, help="share of the layer's neurons")
    parser.add_argument("--shared-neurons", type=float, default=0.67, help="share of an expert")
    parser.add_argument("--importance-sequences", type=int, default=64)
    add_arguments(parser)
    parser.set_defaults(hidden_weight=0.1)
    arguments = parser.parse_args()
    run = Run(arguments)
    run.report("base", run.teacher)
    matrices.replace_linears(run.student, matrices.Dense)
    put_experts(run, arguments)
    run.report("before")
    run.train()
    run.report("after")


if __name__ == "__main__":
    main()
