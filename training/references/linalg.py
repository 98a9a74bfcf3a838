"""Singular values by NumPy (LAPACK) of ill-conditioned matrices of several kinds.

    python -m references.linalg        (in the folder training)

Numbers are written at full precision: the test compares to 1e-12 of the largest singular value.
"""

import json

import numpy

from references.write_fixture import FIXTURES

FOLDER = FIXTURES.parents[1] / "linalg" / "fixtures"


def with_spectrum(rows, columns, spectrum, generator):
    """Orthonormal × diagonal × orthonormal."""
    left = numpy.linalg.qr(generator.standard_normal((rows, len(spectrum))))[0]
    right = numpy.linalg.qr(generator.standard_normal((columns, len(spectrum))))[0]
    return (left * spectrum) @ right.T


def main():
    generator = numpy.random.default_rng(11)
    matrices = {
        "normal 24x32": generator.standard_normal((24, 32)),
        "normal 32x24": generator.standard_normal((32, 24)),
        "ill-conditioned 24x32": with_spectrum(24, 32, numpy.logspace(0, -10, 24), generator),
        "clustered 20x12": with_spectrum(20, 12, numpy.repeat([3.0, 2.0, 1.0], 4), generator),
        "rank 5 of 18x14": with_spectrum(18, 14, numpy.array([5.0, 4.0, 3.0, 2.0, 1.0]), generator),
        "Hilbert 10x10": 1 / (numpy.arange(10)[:, None] + numpy.arange(10) + 1.0),
    }
    content = [
        {
            "name": name,
            "rows": matrix.shape[0],
            "columns": matrix.shape[1],
            "values": matrix.ravel().tolist(),
            "singularValues": numpy.linalg.svd(matrix, compute_uv=False).tolist(),
        }
        for name, matrix in matrices.items()
    ]
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "singular-values.json"
    path.write_text("[\n" + ",\n".join(json.dumps(item) for item in content) + "\n]\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
