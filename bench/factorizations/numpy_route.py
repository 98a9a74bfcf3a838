"""The same factorizations by numpy.linalg.svd, one for each line of standard input.

A request is {"method": "kronecker" | "tensor-train", "file": float64 values, row-major, "rows": 2304, "columns": 768,
"aShape": [1152, 1], "terms": 32} or, for a tensor train, {"modes": [[12, 8], ...], "maxRank": 32}. The answer is
{"seconds", "relativeError"}; reading the file and working out the error are not timed.
"""

import json
import sys
import time

import numpy as np


def nearest_kronecker_product(weight, a_shape, terms):
    """Van Loan and Pitsianis 1993: A [terms, rows, columns], B [terms, rows, columns], relative error."""
    (a_rows, a_columns), (rows, columns) = a_shape, weight.shape
    b_rows, b_columns = rows // a_rows, columns // a_columns
    blocks = weight.reshape(a_rows, b_rows, a_columns, b_columns).transpose(0, 2, 1, 3)
    u, s, vt = np.linalg.svd(blocks.reshape(a_rows * a_columns, b_rows * b_columns), full_matrices=False)
    scale = np.sqrt(s[:terms])
    a = np.ascontiguousarray((u[:, :terms] * scale).T).reshape(terms, a_rows, a_columns)
    b = (vt[:terms] * scale[:, None]).reshape(terms, b_rows, b_columns)
    return (a, b), np.sqrt((s[terms:] ** 2).sum() / (s**2).sum())


def tensor_train(weight, modes, max_rank):
    """TT-SVD, Oseledets 2011, algorithm 1: cores [left rank, row, column, right rank], relative error."""
    count = len(modes)
    tensor = weight.reshape([m for m, _ in modes] + [n for _, n in modes])
    rest = tensor.transpose([axis for k in range(count) for axis in (k, count + k)])
    cores, lost, rank, norm = [], 0.0, 1, np.linalg.norm(weight)
    for m, n in modes[:-1]:
        u, s, vt = np.linalg.svd(rest.reshape(rank * m * n, -1), full_matrices=False)
        kept = min(max_rank, len(s))
        cores.append(u[:, :kept].reshape(rank, m, n, kept))
        rest = s[:kept, None] * vt[:kept]
        lost += (s[kept:] ** 2).sum()
        rank = kept
    cores.append(rest.reshape(rank, *modes[-1], 1))
    return cores, np.sqrt(lost) / norm


def main():
    for line in sys.stdin:
        request = json.loads(line)
        weight = np.fromfile(request["file"]).reshape(request["rows"], request["columns"])
        start = time.perf_counter()
        if request["method"] == "kronecker":
            _, error = nearest_kronecker_product(weight, request["aShape"], request["terms"])
        else:
            _, error = tensor_train(weight, request["modes"], request["maxRank"])
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "relativeError": float(error)}), flush=True)


if __name__ == "__main__":
    main()
