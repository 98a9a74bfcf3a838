"""GPTQ (Frantar et al. 2022, algorithm 1) following the authors' code, in float64.

    python -m references.gptq        (in the folder training)

Columns are processed without blocks, which the authors use only for speed. Two things differ: the columns of inputs that are
always 0 are set to 0 before scales are chosen instead of afterwards, and a group's scales are chosen from weights updated for
every column before the group, where the authors' code uses the weights before the block.
"""

import torch

from references.sparse_layers import layer, output_error
from references.write_fixture import write_fixture

CASES = [
    {"bits": 8},
    {"bits": 4},
    {"bits": 3},
    {"bits": 2},
    {"bits": 8, "symmetric": True},
    {"bits": 4, "symmetric": True},
    {"bits": 3, "symmetric": True},
    {"bits": 2, "symmetric": True},
    {"bits": 4, "damping": 0.1},
    {"bits": 4, "groupSize": 8},
    {"bits": 3, "groupSize": 24, "symmetric": True},
    {"bits": 2, "groupSize": 16},
    {"bits": 4, "activationOrder": True},
    {"bits": 3, "symmetric": True, "activationOrder": True},
    {"bits": 4, "groupSize": 8, "activationOrder": True},
    {"bits": 2, "groupSize": 16, "activationOrder": True},
]
# More columns than one of Lathe's blocks, and groups that do and do not extend beyond its end.
WIDE_CASES = [{"bits": 3, "groupSize": group_size} for group_size in (32, 96, 144)] + [{"bits": 3}]
SPARSE_CASES = [{"bits": 4}, {"bits": 3, "groupSize": 16, "symmetric": True}]


def quantizer(weights, bits, symmetric):
    """(scale, zero point) of each row; symmetric as in the authors' code: all codes over -max..max, zero in the middle."""
    largest = 2**bits - 1
    low, high = weights.amin(1).clamp(max=0), weights.amax(1).clamp(min=0)
    if symmetric:
        # 8 bits as in Lathe: -127..127, one code fewer.
        scale = 2 * torch.maximum(-low, high) / (largest if bits < 8 else largest - 1)
        return torch.where(scale == 0, 1.0, scale.float().double()), torch.full_like(scale, (largest + 1) / 2)
    scale = (high - low) / largest
    scale = torch.where(scale == 0, 1.0, scale.float().double())
    return scale, torch.round(-low / scale)


def gptq(weights, inputs, bits, groupSize=None, symmetric=False, activationOrder=False, damping=0.01, zeros=None):
    """(Ŵ, codes from 0 on); `zeros` marks weights that must stay 0."""
    weights, inputs = weights.double().clone(), inputs.double()
    rows, columns = weights.shape
    group = groupSize or columns
    hessian = 2 / len(inputs) * inputs.T @ inputs
    dead = hessian.diagonal() == 0
    hessian[dead, dead] = 1
    weights[:, dead] = 0
    grids = [quantizer(weights[:, left : left + group], bits, symmetric) for left in range(0, columns, group)]
    order = torch.argsort(hessian.diagonal(), descending=True, stable=True) if activationOrder else torch.arange(columns)
    weights, hessian = weights[:, order], hessian[order][:, order]
    hessian = hessian + damping * hessian.diagonal().mean() * torch.eye(columns, dtype=torch.float64)
    factor = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(hessian)), upper=True)
    rounded, codes = torch.zeros_like(weights), torch.zeros_like(weights)
    for position in range(columns):
        column = order[position].item()
        if groupSize and not activationOrder and position % group == 0:
            grids[position // group] = quantizer(weights[:, position : position + group], bits, symmetric)
        scale, zero = grids[column // group]
        code = torch.round(weights[:, position] / scale) + zero
        code = torch.clamp(code, 1 if bits == 8 and symmetric else 0, 2**bits - 1)
        value = scale * (code - zero)
        if zeros is not None:
            value = torch.where(zeros[:, column], 0.0, value)
        error = (weights[:, position] - value) / factor[position, position]
        weights[:, position:] -= error[:, None] * factor[position, position:]
        rounded[:, column], codes[:, column] = value, code
    return rounded, codes.int()


def results_of(weights, inputs, cases, zeros=None):
    results = []
    for parameters in cases:
        rounded, codes = gptq(weights, inputs, **parameters, zeros=zeros)
        result = {"parameters": parameters, "error": output_error(weights, rounded, inputs)}
        if zeros is None and parameters["bits"] <= 4:
            result["codes"] = ["".join(f"{code:x}" for code in row) for row in codes.tolist()]
        results.append(result)
    return results


def main():
    weights, inputs = layer(16, 48, 64, seed=4, dead=(11,))
    sparse = torch.where(weights.abs() < 0.67, 0.0, weights)
    wide, wide_inputs = layer(2, 288, 60, seed=5)
    wide_inputs = torch.round(4 * wide_inputs)
    content = {
        "narrow": {"weights": weights.tolist(), "inputs": inputs.tolist(), "results": results_of(weights, inputs, CASES)},
        "wide": {
            "weights": wide.tolist(),
            "inputs": wide_inputs.int().tolist(),
            "results": results_of(wide, wide_inputs, WIDE_CASES),
        },
        "sparse": {"weights": sparse.tolist(), "results": results_of(sparse, inputs, SPARSE_CASES, zeros=sparse == 0)},
    }
    write_fixture("gptq.json", content)


if __name__ == "__main__":
    main()
