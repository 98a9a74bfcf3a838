"""SparseGPT (Frantar and Alistarh 2023, algorithm 1) following the authors' code, in float64.

    python -m references.sparsegpt        (in the folder training)

One thing differs: the authors' code removes every weight of a block whose saliency is at most that of rank sparsity · size,
which is one weight more than requested; here, as in Lathe, exactly the requested number is removed.
"""

import torch

from references.sparse_layers import layer, mask, output_error
from references.write_fixture import write_fixture

CASES = [
    {"sparsity": 0.5},
    {"sparsity": 0.5, "blockSize": 16},
    {"sparsity": 0.7, "blockSize": 16},
    {"sparsity": 0.5, "blockSize": 16, "damping": 0.1},
    {"pattern": "2:4"},
    {"pattern": "1:4", "blockSize": 16},
    {"pattern": "4:8", "blockSize": 24},
    {"sparsity": 0.5, "blockSize": 16, "bits": 4},
    {"sparsity": 0, "bits": 4},
    {"sparsity": 0.5, "bits": 4, "groupSize": 14},
    {"sparsity": 0.5, "bits": 8},
    {"pattern": "2:4", "bits": 4},
]
WITH_VALUES = [{"sparsity": 0.5, "blockSize": 16}, {"sparsity": 0.5, "blockSize": 16, "bits": 4}]


class Quantizer:
    """Asymmetric, with a scale and a zero point for each group of columns within a row; scales are rounded to float32."""

    def __init__(self, weights, bits, group_size):
        rows, width = weights.shape
        groups = weights.reshape(rows, width // group_size, group_size)
        least, greatest = groups.amin(dim=2).clamp(max=0), groups.amax(dim=2).clamp(min=0)
        self.group_size, self.greatest_code = group_size, 2**bits - 1
        self.scale = ((greatest - least) / self.greatest_code).float().double()
        self.zero_point = torch.round(-least / self.scale)

    def __call__(self, values, column):
        scale, zero_point = (held[:, column // self.group_size] for held in (self.scale, self.zero_point))
        codes = torch.clamp(torch.round(values / scale) + zero_point, 0, self.greatest_code)
        return scale * (codes - zero_point)


def inverse_factor(hessian, damping):
    """The upper Cholesky factor of (H + damping)⁻¹."""
    hessian = hessian + damping * hessian.diagonal().mean() * torch.eye(len(hessian), dtype=torch.float64)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(hessian))
    return torch.linalg.cholesky(inverse, upper=True)


def sparsegpt(weights, inputs, sparsity=0.0, pattern=None, bits=None, groupSize=None, blockSize=128, damping=0.01):
    weights, inputs = weights.double().clone(), inputs.double()
    rows, columns = weights.shape
    quantize = Quantizer(weights, bits, groupSize or columns) if bits else None
    hessian = 2 / len(inputs) * inputs.T @ inputs
    dead = hessian.diagonal() == 0
    hessian[dead, dead] = 1
    weights[:, dead] = 0
    factor = inverse_factor(hessian, damping)
    kept, group_size = (int(part) for part in pattern.split(":")) if pattern else (0, 0)
    for left in range(0, columns, blockSize):
        right = min(columns, left + blockSize)
        block, corner = weights[:, left:right].clone(), factor[left:right, left:right]
        errors = torch.zeros_like(block)
        remove = torch.zeros_like(block, dtype=torch.bool)
        if not pattern:
            saliency = block.square() / corner.diagonal().square()
            least = torch.argsort(saliency.flatten(), stable=True)[: round(sparsity * saliency.numel())]
            remove.view(-1)[least] = True
        for column in range(right - left):
            if pattern and column % group_size == 0:
                group = slice(column, column + group_size)
                saliency = block[:, group].square() / corner.diagonal()[group].square()
                least = torch.topk(saliency, group_size - kept, dim=1, largest=False).indices
                remove.scatter_(1, column + least, True)
            value = block[:, column].clone()
            replaced = torch.where(remove[:, column], 0.0, value)
            if quantize:
                replaced = quantize(replaced, left + column)
            errors[:, column] = (value - replaced) / corner[column, column]
            block[:, column:] -= errors[:, column, None] * corner[column, column:]
            block[:, column] = replaced
        weights[:, left:right] = block
        weights[:, right:] -= errors @ factor[left:right, right:]
    return weights


def main():
    weights, inputs = layer(24, 56, 80, seed=2, dead=(13, 40))
    results = []
    for parameters in CASES:
        pruned = sparsegpt(weights, inputs, **parameters)
        result = {"parameters": parameters, "mask": mask(pruned), "error": output_error(weights, pruned, inputs)}
        if parameters in WITH_VALUES:
            result["values"] = pruned.tolist()
        results.append(result)
    write_fixture("sparsegpt.json", {"weights": weights.tolist(), "inputs": inputs.tolist(), "results": results})


if __name__ == "__main__":
    main()
