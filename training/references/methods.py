"""Results of each compression on two small matrices.

    python -m references.methods        (in the folder training)

The matrices are float32; everything is computed from them in float64.
"""

import torch

import compressions
from compressions import relative_error
from references.write_fixture import write_fixture

SHAPES = [(12, 16), (24, 32)]
KRONECKER = {
    (12, 16): [(6, 16), (3, 4), (4, 4), (12, 1)],
    (24, 32): [(12, 32), (6, 8), (4, 4), (24, 1), (1, 32)],
}
TENSOR_TRAIN = {
    (12, 16): [([3, 4], [4, 4]), ([2, 2, 3], [2, 2, 4])],
    (24, 32): [([4, 6], [4, 8]), ([2, 3, 4], [2, 4, 4]), ([2, 2, 2, 3], [2, 2, 2, 4])],
}


def matrix(shape, generator):
    """Decaying spectrum plus noise: neither impossible nor trivial to factorize."""
    rows, columns = shape
    left, right = torch.randn(rows, 4, generator=generator), torch.randn(4, columns, generator=generator)
    decaying = (left * torch.tensor([1.0, 0.5, 0.25, 0.125])) @ right
    return decaying + 0.4 * torch.randn(shape, generator=generator)


def mask(pruned):
    """One string for each row: 1 remains, 0 is removed."""
    return ["".join("1" if value else "0" for value in row) for row in (pruned != 0).tolist()]


def pruning(weight):
    unstructured = {str(s): mask(compressions.prune_unstructured(weight, s)) for s in (0.3, 0.5, 0.7)}
    patterns = {f"{n}:{m}": mask(compressions.prune_n_of_m(weight, n, m)) for n, m in [(2, 4), (1, 4), (4, 8)]}
    return {
        "unstructured": unstructured,
        "nOfM": patterns,
        "rows": {str(s): mask(compressions.prune_rows(weight, s)) for s in (0.25, 0.5)},
        "columns": {str(s): mask(compressions.prune_columns(weight, s)) for s in (0.25, 0.5)},
    }


def rounding(weight, with_dense):
    results = []
    scales = [("tensor", None), ("channel", None), ("group", 4), ("group", 8)]
    for bits, strategies in [(8, scales), (4, scales), (3, [("group", 8)]), (2, [("group", 4)])]:
        for strategy, group_size in strategies:
            for symmetric in (True, False):
                dense, codes, scales, zero_points = compressions.round_to_nearest(weight, bits, strategy, group_size, symmetric)
                results.append(
                    {
                        "bits": bits,
                        "strategy": strategy,
                        "groupSize": group_size,
                        "symmetric": symmetric,
                        "codes": codes.tolist(),
                        "scales": scales.tolist(),
                        "zeroPoints": None if zero_points is None else zero_points.tolist(),
                        "relativeError": relative_error(weight, dense),
                        "dequantized": dense.tolist() if with_dense else None,
                    }
                )
    return results


def kronecker(weight):
    results = []
    for a_shape in KRONECKER[tuple(weight.shape)]:
        most = min(compressions.kronecker_rearranged(weight, a_shape).shape)
        for terms in sorted({min(terms, most) for terms in (1, 2, 4, most)}):
            error = relative_error(weight, compressions.kronecker(weight, a_shape, terms))
            results.append({"aShape": a_shape, "terms": terms, "relativeError": error})
    return results


def tensor_train(weight):
    results = []
    for rows, columns in TENSOR_TRAIN[tuple(weight.shape)]:
        for limit in [{"maxRank": 2}, {"maxRank": 4}, {"maxRank": 8}, {"relativeError": 0.5}, {"relativeError": 0.2}]:
            dense, cores = compressions.tensor_train(weight, rows, columns, limit.get("maxRank"), limit.get("relativeError"))
            results.append(
                {
                    "rows": rows,
                    "columns": columns,
                    "limit": limit,
                    "coreShapes": [list(core.shape) for core in cores],
                    "error": relative_error(weight, dense),
                }
            )
    return results


def low_rank(weight):
    return [{"rank": r, "relativeError": relative_error(weight, compressions.low_rank(weight, r))} for r in (1, 2, 4, 8, 12)]


def main():
    generator = torch.Generator().manual_seed(5)
    weights = [matrix(shape, generator) for shape in SHAPES]
    content = {}
    for float32 in weights:
        weight = float32.double()
        content["x".join(str(size) for size in weight.shape)] = {
            "values": float32.tolist(),
            "magnitudePruning": pruning(weight),
            "roundToNearest": rounding(weight, with_dense=weight.numel() < 500),
            "kronecker": kronecker(weight),
            "tensorTrain": tensor_train(weight),
            "lowRank": low_rank(weight),
        }
    threshold = compressions.global_threshold(weights, 0.5)
    content["magnitudePruningGlobal"] = {
        "sparsity": 0.5,
        "threshold": threshold.item(),
        "masks": [mask(torch.where(weight.abs() >= threshold, weight, 0.0)) for weight in weights],
    }
    write_fixture("methods.json", content)


if __name__ == "__main__":
    main()
