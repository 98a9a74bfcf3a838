"""The Optimal BERT Surgeon (Kurtic et al. 2022, section 3), from given gradients and on the tiny BERT, in NumPy float64.

    python -m references.optimal_bert_surgeon        (in the folder training)

F⁻¹ comes from the paper's recursion (equation 7), one gradient after the other; saliencies and updates are those of equations
4 and 5, with every removed weight of a block in one set Q. The authors' code adds up the updates of single weights instead.
"""

import numpy as np
import torch
from transformers import BertForSequenceClassification

from references.write_fixture import FIXTURES, write_fixture

BLOCK = 50
CASES = [
    {"sparsity": 0.5, "blockSize": 50, "damping": 1e-7},
    {"sparsity": 0.9, "blockSize": 50, "damping": 1e-7},
    {"sparsity": 0.3, "blockSize": 16, "damping": 1e-3},
    {"pattern": "2:4", "blockSize": 50, "damping": 1e-7},
]


def inverse_fisher(gradients, damping):
    """F⁻¹ of one block; gradients [m, size]."""
    count, size = gradients.shape
    inverse = np.eye(size) / damping
    for gradient in gradients:
        product = inverse @ gradient
        inverse -= np.outer(product, product) / (count + gradient @ product)
    return inverse


def inverse_blocks(gradients, block_size, damping):
    """Slice and F⁻¹ of each block, from flattened gradients [m, size]."""
    size = gradients.shape[1]
    slices = [slice(start, min(size, start + block_size)) for start in range(0, size, block_size)]
    return [(block, inverse_fisher(gradients[:, block], damping)) for block in slices]


def saliencies(weights, blocks):
    return np.concatenate([weights[block] ** 2 / (2 * np.diag(inverse)) for block, inverse in blocks])


def remove(weights, blocks, removed):
    """δw = −F⁻¹ E_Q ([F⁻¹]_QQ)⁻¹ w_Q in each block."""
    result = weights.copy()
    for block, inverse in blocks:
        marks = removed[block]
        if marks.any():
            result[block] -= inverse[:, marks] @ np.linalg.solve(inverse[np.ix_(marks, marks)], weights[block][marks])
            result[block][marks] = 0
    return result


def least(scores, count):
    marks = np.zeros(scores.size, dtype=bool)
    marks[np.argsort(scores, kind="stable")[:count]] = True
    return marks


def least_of_groups(scores, pattern):
    kept, size = (int(part) for part in pattern.split(":"))
    order = np.argsort(scores.reshape(-1, size), axis=1, kind="stable")[:, : size - kept]
    marks = np.zeros((scores.size // size, size), dtype=bool)
    np.put_along_axis(marks, order, True, axis=1)
    return marks.ravel()


def text_of(marks):
    return "".join("0" if mark else "1" for mark in marks)


def matrix_cases():
    """A matrix of 7×36, so that blocks of 50 cross row ends and the last is shorter; fewer gradients than a block has weights."""
    generator = np.random.default_rng(5)
    weights = generator.normal(0, 0.1, 252).astype(np.float32)
    mixing = generator.normal(0, 1, (252, 252)) / 16
    gradients = (0.02 * (generator.normal(0, 1, (20, 252)) @ mixing)).astype(np.float32)
    weights64, gradients64 = weights.astype(np.float64), gradients.astype(np.float64)
    results = []
    for case in CASES:
        blocks = inverse_blocks(gradients64, case["blockSize"], case["damping"])
        scores = saliencies(weights64, blocks)
        marks = least_of_groups(scores, case["pattern"]) if "pattern" in case else least(scores, round(case["sparsity"] * 252))
        results.append(
            {"parameters": case, "saliencies": scores.tolist(), "mask": text_of(marks), "values": remove(weights64, blocks, marks).tolist()}
        )
    return {"shape": [7, 36], "weights": weights.tolist(), "gradients": gradients.tolist(), "results": results}


def tiny_bert():
    """The whole method: gradients of single sequences, one threshold for all linears of the blocks."""
    generator = torch.Generator().manual_seed(6)
    ids = [torch.randint(5, 80, (length,), generator=generator) for length in (9, 7, 9, 5, 8, 9, 6, 9)]
    labels = [1, 0, 0, 1, 1, 0, 1, 0]
    results = []
    for parameters in ({"sparsity": 0.5, "steps": 1}, {"sparsity": 0.75, "steps": 2}):
        model = BertForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").double().eval()
        linears = {name: module for name, module in model.bert.encoder.named_modules() if isinstance(module, torch.nn.Linear)}
        for step in range(1, parameters["steps"] + 1):
            prune_model(model, linears, ids, labels, 1 - (1 - parameters["sparsity"]) ** (step / parameters["steps"]))
        with torch.no_grad():
            logits = [model(row[None]).logits[0].tolist() for row in ids]
        kept = {f"bert.encoder.{name}": text_of(module.weight.detach().numpy().ravel() == 0) for name, module in linears.items()}
        results.append({"parameters": parameters, "masks": kept, "logits": logits})
    return {"ids": [row.tolist() for row in ids], "labels": labels, "results": results}


def prune_model(model, linears, ids, labels, sparsity):
    weights = {name: module.weight.detach().numpy().ravel().copy() for name, module in linears.items()}
    gradients = {name: [] for name in linears}
    for row, label in zip(ids, labels):
        model.zero_grad()
        model(row[None], labels=torch.tensor([label])).loss.backward()
        for name, module in linears.items():
            gradients[name].append(module.weight.grad.numpy().ravel() * (weights[name] != 0))
    blocks = {name: inverse_blocks(np.array(gradients[name]), BLOCK, 1e-7) for name in linears}
    scores = np.concatenate([saliencies(weights[name], blocks[name]) for name in linears])
    marks = least(scores, round(sparsity * scores.size))
    start = 0
    with torch.no_grad():
        for name, module in linears.items():
            size = module.weight.numel()
            # Zeros stay zero: they have no gradient, so no update moves them.
            removed = marks[start : start + size]
            updated = remove(weights[name], blocks[name], removed & (weights[name] != 0))
            module.weight.copy_(torch.from_numpy(updated).reshape(module.weight.shape))
            start += size


if __name__ == "__main__":
    write_fixture("optimal-bert-surgeon.json", {"matrix": matrix_cases(), "tinyBert": tiny_bert()})
