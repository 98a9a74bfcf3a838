"""Weights that Wanda removes (Sun et al. 2023, section 3 and algorithm 1).

    python -m references.wanda        (in the folder training)

float64 throughout. The authors' code truncates a fractional sparsity · width; here, as in Lathe, it is rounded.
"""

import torch

from references.sparse_layers import layer, mask, output_error
from references.write_fixture import write_fixture


def wanda(weights, inputs, sparsity=None, pattern=None):
    saliency = weights.double().abs() * inputs.double().norm(dim=0)
    remove = torch.zeros_like(weights, dtype=torch.bool)
    if pattern:
        kept, group_size = pattern
        for start in range(0, weights.shape[1], group_size):
            least = torch.topk(saliency[:, start : start + group_size], group_size - kept, dim=1, largest=False).indices
            remove.scatter_(1, start + least, True)
    else:
        order = torch.sort(saliency, dim=1, stable=True).indices
        remove.scatter_(1, order[:, : round(sparsity * weights.shape[1])], True)
    return weights.masked_fill(remove, 0)


def main():
    weights, inputs = layer(16, 48, 64, seed=1)
    results = []
    for sparsity in (0.3, 0.5, 0.7):
        pruned = wanda(weights, inputs, sparsity=sparsity)
        results.append({"parameters": {"sparsity": sparsity}, "mask": mask(pruned), "error": output_error(weights, pruned, inputs)})
    for kept, group_size in ((2, 4), (1, 4), (4, 8)):
        pruned = wanda(weights, inputs, pattern=(kept, group_size))
        parameters = {"pattern": f"{kept}:{group_size}"}
        results.append({"parameters": parameters, "mask": mask(pruned), "error": output_error(weights, pruned, inputs)})
    write_fixture("wanda.json", {"weights": weights.tolist(), "inputs": inputs.tolist(), "results": results})


if __name__ == "__main__":
    main()
