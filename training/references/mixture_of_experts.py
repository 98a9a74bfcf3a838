"""Feed-forward layers of experts (MoEBERT, Zuo et al. 2022) on the tiny checkpoints, in float64: logits, gradients, importance.

    python -m references.mixture_of_experts        (in the folder training)

Each token is multiplied only by the matrices of its own expert. The importance of a neuron is the sum over sequences of
|w · dL/dw + v · dL/dv|, with w its row of the first matrix and v its column of the second.
"""

import random

import torch
from torch import nn
from transformers import BertForSequenceClassification, GPT2LMHeadModel

from recovery.mixture_of_experts import balanced, dealt, random_numbers
from references.gradients import sequences
from references.write_fixture import FIXTURES, write_fixture

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class OfExperts(nn.Module):
    """x Wₑᵀ + bₑ for each token with its expert e: weight [experts, out, in], bias [experts, out]."""

    def __init__(self, weight, bias, routing, tokens):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
        self.routing, self.tokens = routing, tokens

    def forward(self, x):
        experts = self.routing[self.tokens["ids"]]
        bias = self.bias[experts] if self.bias.dim() == 2 else self.bias
        return torch.einsum("bti,btoi->bto", x, self.weight[experts]) + bias


def matrix(module):
    """[out, in], as in Lathe: GPT-2's Conv1D is [in, out]."""
    return module.weight.T if type(module).__name__ == "Conv1D" else module.weight


def mixture(generator, experts, size, neurons, vocabulary):
    """Random neurons of each expert, some of them in several, and a random expert of each token."""
    return {
        "experts": experts,
        "neurons": [neuron for _ in range(experts) for neuron in sorted(generator.sample(range(neurons), size))],
        "routing": "".join(DIGITS[generator.randrange(experts)] for _ in range(vocabulary)),
    }


def put_experts(model, up_name, down_name, parts, tokens):
    routing = torch.tensor([DIGITS.index(digit) for digit in parts["routing"]])
    neurons = torch.tensor(parts["neurons"]).unflatten(0, (parts["experts"], -1))
    up, down = model.get_submodule(up_name), model.get_submodule(down_name)
    first = OfExperts(matrix(up)[neurons], up.bias[neurons], routing, tokens)
    second = OfExperts(matrix(down)[:, neurons].permute(1, 0, 2), down.bias, routing, tokens)
    model.set_submodule(up_name, first)
    model.set_submodule(down_name, second)
    return first, second


def results(kind, folder, names, sizes, ids, loss, dense_neurons, vocabulary):
    model = kind.from_pretrained(FIXTURES / folder).double().eval()
    content = {"ids": ids.tolist(), "importance": importance(model, names, ids, loss)}
    generator, tokens = random.Random(5), {}
    content["mixtures"] = [mixture(generator, *size, dense_neurons, vocabulary) for size in sizes]
    layers = [put_experts(model, *pair, parts, tokens) for pair, parts in zip(names, content["mixtures"])]
    tokens["ids"] = ids
    output = model(ids)
    content["logits"] = output.logits.flatten().tolist()
    loss(model, ids).backward()
    content["gradients"] = [
        {
            "up": up.weight.grad.flatten().tolist(),
            "upBias": up.bias.grad.flatten().tolist(),
            "down": down.weight.grad.permute(1, 0, 2).flatten().tolist(),
        }
        for up, down in layers
    ]
    return content


def importance(model, names, ids, loss):
    """Importance of each block's neurons."""
    sums = [0.0] * len(names)
    for index in range(len(ids)):
        model.zero_grad()
        loss(model, ids[index : index + 1], index).backward()
        for block, (up_name, down_name) in enumerate(names):
            up, down = model.get_submodule(up_name), model.get_submodule(down_name)
            product = up.weight * up.weight.grad
            of_up = product.sum(0) if type(up).__name__ == "Conv1D" else product.sum(1)
            product = down.weight * down.weight.grad
            of_down = product.sum(1) if type(down).__name__ == "Conv1D" else product.sum(0)
            sums[block] = sums[block] + (of_up + of_down).abs()
    model.zero_grad()
    return [each.tolist() for each in sums]


def split():
    """Assignment of neurons and tokens to experts by `recovery`: the same numbers give the same experts in both."""
    generator = random.Random(6)
    values = [generator.randrange(20) / 4 for _ in range(40)]
    counts = [int(generator.paretovariate(0.7)) - 1 for _ in range(150)]
    numbers, drawn = random_numbers(3), []
    for _ in range(2):
        drawn.append("".join(DIGITS[expert] for expert in balanced(counts, 5, numbers)))
    sizes = {"experts": 4, "size": 10, "shared": 4}
    neurons = dealt(torch.tensor(values), *sizes.values())
    return {"importance": values, "sizes": sizes, "neurons": neurons, "counts": counts, "seed": 3, "experts": 5, "routings": drawn}


def main():
    labels = torch.tensor([1, 0, 1])
    gpt2 = [(f"transformer.h.{block}.mlp.c_fc", f"transformer.h.{block}.mlp.c_proj") for block in range(2)]
    layer = "bert.encoder.layer.{}"
    bert = [(f"{layer.format(block)}.intermediate.dense", f"{layer.format(block)}.output.dense") for block in range(2)]
    write_fixture(
        "mixture-of-experts.json",
        {
            "split": split(),
            "gpt2": results(
                GPT2LMHeadModel, "tiny-gpt2", gpt2, [(3, 12), (3, 7)], torch.stack(sequences([11, 11, 11], 97, 21)),
                lambda model, ids, _=0: model(ids, labels=ids).loss, 96, 97,
            ),
            "bert": results(
                BertForSequenceClassification, "tiny-bert", bert, [(4, 10), (2, 16)], torch.stack(sequences([11, 11, 11], 80, 22)),
                lambda model, ids, first=0: model(ids, labels=labels[first : first + len(ids)]).loss, 40, 80,
            ),
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
