"""Rows of an embedding as tensor trains: TensorGPT (Xu et al. 2023), each row by NumPy's SVD.

    python -m references.tensor_gpt        (in the folder training)

The matrix is float32; everything is computed from it in float64.
"""

import numpy as np

from references.write_fixture import write_fixture

ROWS = 7
# Width, the sizes into which a row is reshaped (padded with zeros if their product is larger), greatest ranks.
CASES = [(24, [2, 2, 2, 2, 2], [1, 2, 3, 4]), (24, [2, 3, 4], [1, 2, 3, 4]), (30, [5, 6], [1, 3, 5]), (45, [4, 3, 4], [2, 4])]


def tensor_train(vector, sizes, max_rank):
    """Oseledets 2011, algorithm 1: cores [left, size, right] of a vector reshaped into `sizes`."""
    rest = np.zeros(np.prod(sizes))
    rest[: len(vector)] = vector
    cores, left = [], 1
    for size in sizes[:-1]:
        u, sigma, vt = np.linalg.svd(rest.reshape(left * size, -1), full_matrices=False)
        rank = min(max_rank, len(sigma))
        cores.append(u[:, :rank].reshape(left, size, rank))
        rest, left = sigma[:rank, None] * vt[:rank], rank
    return [*cores, rest.reshape(left, sizes[-1], 1)]


def contract(cores):
    result = cores[0]
    for core in cores[1:]:
        result = np.tensordot(result, core, axes=1)
    return result.reshape(-1)


def compressed(matrix, sizes, rank):
    trains = [tensor_train(row, sizes, rank) for row in matrix]
    dense = np.stack([contract(cores)[: matrix.shape[1]] for cores in trains])
    return {
        "rank": rank,
        "coreShapes": [list(core.shape) for core in trains[0]],
        "valuesOfTrain": sum(core.size for core in trains[0]),
        "relativeError": float(np.linalg.norm(matrix - dense) / np.linalg.norm(matrix)),
        "dense": dense.flatten().tolist(),
    }


def embedding(width, generator):
    """Neighbouring columns are similar, so that trains of low rank have structure to represent."""
    smooth = np.cumsum(generator.standard_normal((ROWS, width)), axis=1) / width**0.5
    return (smooth + 0.2 * generator.standard_normal((ROWS, width))).astype(np.float32)


def compression_ratios():
    """The paper's two figures for GPT-2, whose rows of 768 are reshaped into ten twos (section 4): by the shapes alone."""
    sizes = [2] * 10
    shapes = {rank: tensor_train(np.random.default_rng(1).standard_normal(768), sizes, rank) for rank in (1, 2, 4)}
    return [{"rank": rank, "ratio": 768 / sum(core.size for core in cores)} for rank, cores in shapes.items()]


def main():
    generator = np.random.default_rng(17)
    cases = []
    for width, sizes, ranks in CASES:
        matrix = embedding(width, generator)
        results = [compressed(matrix.astype(np.float64), sizes, rank) for rank in ranks]
        cases.append({"width": width, "sizes": sizes, "values": matrix.astype(np.float64).flatten().tolist(), "results": results})
    write_fixture("tensor-gpt.json", {"cases": cases, "gpt2": compression_ratios()})


if __name__ == "__main__":
    main()
