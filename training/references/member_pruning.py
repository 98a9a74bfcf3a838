"""Head pruning (Michel et al. 2019, section 4) and neuron pruning (McCarley et al. 2019, "gain") on the tiny checkpoints, float64.

    python -m references.member_pruning        (in the folder training)

Importance by gradient is the mean over sequences of the absolute gate gradients of `references.gradients`; by activation the root
mean square of a head's or neuron's output. Pruned parts are zeroed in the output projection, which is equivalent to removal.
"""

import json

import torch
from transformers import BertForSequenceClassification, GPT2LMHeadModel

from references.write_fixture import FIXTURES, write_fixture

HEADS, HEAD_WIDTH = 2, 12
CASES = [
    {"of": "heads", "sparsity": 0.25, "importance": "gradient", "scope": "global", "normalized": True},
    {"of": "heads", "sparsity": 0.5, "importance": "activation", "scope": "block", "normalized": False},
    {"of": "neurons", "sparsity": 0.3, "importance": "gradient", "scope": "block", "normalized": False},
    {"of": "neurons", "sparsity": 0.6, "importance": "gradient", "scope": "global", "normalized": False},
    {"of": "neurons", "sparsity": 0.6, "importance": "activation", "scope": "global", "normalized": True},
]
FAMILIES = {
    "gpt2": (GPT2LMHeadModel, "tiny-gpt2", ("transformer.h.{}.attn.c_proj", "transformer.h.{}.mlp.c_proj")),
    "bert": (
        BertForSequenceClassification,
        "tiny-bert",
        ("bert.encoder.layer.{}.attention.output.dense", "bert.encoder.layer.{}.output.dense"),
    ),
}


def by_gradient(content, of):
    gradients = torch.tensor(content[of], dtype=torch.float64)  # [sequences, blocks, members]
    return list(gradients.abs().mean(0))


@torch.no_grad()
def by_activation(model, rows, modules, of):
    squares, tokens = [0, 0], sum(len(row) for row in rows)
    for index, name in enumerate(modules):

        def note(_, inputs, index=index):
            squares[index] = squares[index] + inputs[0].square().sum((0, 1))

        hook = model.get_submodule(name).register_forward_pre_hook(note)
        for row in rows:
            model(torch.tensor([row]))
        hook.remove()
    if of == "heads":
        squares = [each.reshape(HEADS, HEAD_WIDTH).mean(1) for each in squares]
    return [(each / tokens).sqrt() for each in squares]


def kept_members(importance, sparsity, scope, normalized):
    if normalized:
        importance = [each / each.norm() for each in importance]
    if scope == "block":
        return [sorted(each.argsort(descending=True)[: len(each) - round(sparsity * len(each))].tolist()) for each in importance]
    kept = [set(range(len(each))) for each in importance]
    ranked = sorted((value, block, member) for block, each in enumerate(importance) for member, value in enumerate(each.tolist()))
    left = round(sparsity * len(ranked))
    for _, block, member in ranked:
        if left and len(kept[block]) > 1:
            kept[block].remove(member)
            left -= 1
    return [sorted(each) for each in kept]


@torch.no_grad()
def logits_without(kind, folder, modules, of, kept, row):
    model = kind.from_pretrained(FIXTURES / folder).double().eval()
    for name, members in zip(modules, kept):
        module = model.get_submodule(name)
        inputs = module.weight if type(module).__name__ == "Conv1D" else module.weight.T  # [in, out]
        size = HEAD_WIDTH if of == "heads" else 1
        for member in range(inputs.shape[0] // size):
            if member not in members:
                inputs[member * size : (member + 1) * size] = 0
    return model(torch.tensor([row])).logits.flatten().tolist()


def main():
    measured = json.loads((FIXTURES / "gradients.json").read_text())
    results = {}
    for family, (kind, folder, names) in FAMILIES.items():
        content, results[family] = measured[family], []
        model = kind.from_pretrained(FIXTURES / folder).double().eval()
        for case in CASES:
            modules = [names[case["of"] == "neurons"].format(block) for block in range(2)]
            if case["importance"] == "gradient":
                importance = by_gradient(content, case["of"])
            else:
                importance = by_activation(model, content["ids"], modules, case["of"])
            kept = kept_members(importance, case["sparsity"], case["scope"], case["normalized"])
            logits = logits_without(kind, folder, modules, case["of"], kept, content["ids"][0][:4])
            results[family].append({"case": case, "importance": [each.tolist() for each in importance], "kept": kept, "logits": logits})
    write_fixture("member-pruning.json", results)


if __name__ == "__main__":
    main()
