"""Kronecker products of matrices whose rows and columns may be permuted, by NumPy.

    python -m references.tq_compressor        (in the folder training)

The same alternation as TQCompressor's (nearest Kronecker product, then rows, then columns by linear assignment), with a different
assignment algorithm: the Hungarian method with potentials, checked by enumeration on small cases. Planted: A ⊗ B with permuted
rows and columns.
"""

import itertools

import numpy

from references.write_fixture import write_fixture

SETTLED = 1e-4
ITERATIONS = 10
CASES = [
    ((12, 16), (6, 16), 1),
    ((12, 16), (12, 8), 1),
    ((12, 16), (3, 4), 2),
    ((24, 20), (12, 5), 3),
    ((24, 20), (8, 20), 2),
    ((18, 30), (1, 15), 2),
]
PLANTED = [((4, 5), (3, 2)), ((6, 8), (1, 4)), ((7, 1), (2, 9)), ((8, 6), (2, 2))]


def hungarian(costs):
    """The column of each row at the least total cost; rows are added one by one."""
    size = len(costs)
    row_potential, column_potential = numpy.zeros(size + 1), numpy.zeros(size + 1)
    row_of, way = numpy.zeros(size + 1, int), numpy.zeros(size + 1, int)
    for row in range(1, size + 1):
        row_of[0], column = row, 0
        slack, used = numpy.full(size + 1, numpy.inf), numpy.zeros(size + 1, bool)
        while row_of[column]:
            used[column] = True
            current = row_of[column]
            free = numpy.flatnonzero(~used[1:]) + 1
            reduced = costs[current - 1, free - 1] - row_potential[current] - column_potential[free]
            closer = free[reduced < slack[free]]
            slack[free] = numpy.minimum(slack[free], reduced)
            way[closer] = column
            nearest = free[slack[free].argmin()]
            delta = slack[nearest]
            row_potential[row_of[used]] += delta
            column_potential[used] -= delta
            slack[free] -= delta
            column = nearest
        while column:
            row_of[column], column = row_of[way[column]], way[column]
    column_of = numpy.empty(size, int)
    column_of[row_of[1:] - 1] = numpy.arange(size)
    return column_of


def check_hungarian(generator):
    for size in (1, 2, 4, 6):
        costs = generator.standard_normal((size, size))
        rows = numpy.arange(size)
        least = min(costs[rows, list(order)].sum() for order in itertools.permutations(rows))
        assert abs(costs[rows, hungarian(costs)].sum() - least) < 1e-12


def nearest(matrix, a_shape, terms):
    """The nearest sum of Kronecker products, and its relative error."""
    (a_rows, a_columns), (rows, columns) = a_shape, matrix.shape
    b_rows, b_columns = rows // a_rows, columns // a_columns
    blocks = matrix.reshape(a_rows, b_rows, a_columns, b_columns).swapaxes(1, 2).reshape(a_rows * a_columns, -1)
    u, s, v = numpy.linalg.svd(blocks, full_matrices=False)
    kept = (u[:, :terms] * s[:terms]) @ v[:terms]
    found = kept.reshape(a_rows, a_columns, b_rows, b_columns).swapaxes(1, 2).reshape(rows, columns)
    return found, numpy.linalg.norm(found - matrix) / numpy.linalg.norm(matrix)


def improve(matrix, a_shape, terms, rows, columns):
    found, error = nearest(matrix[numpy.ix_(rows, columns)], a_shape, terms)
    for _ in range(ITERATIONS):
        before = error
        for axis in (0, 1):
            if a_shape[axis] in (1, matrix.shape[axis]):
                continue
            if axis == 0:
                candidate = (hungarian(-found @ matrix[:, columns].T), columns)
            else:
                candidate = (rows, hungarian(-found.T @ matrix[rows]))
            next_found, next_error = nearest(matrix[numpy.ix_(*candidate)], a_shape, terms)
            if next_error < error:
                (rows, columns), found, error = candidate, next_found, next_error
        if before - error <= SETTLED * before:
            break
    return error


def by_norm(matrix, a_rows):
    order = numpy.argsort(-numpy.linalg.norm(matrix, axis=1), kind="stable")
    if a_rows in (1, len(matrix)):
        return numpy.arange(len(matrix))
    return order.reshape(-1, a_rows).T.ravel()


def permuted(matrix, a_shape, terms):
    in_place = [numpy.arange(size) for size in matrix.shape]
    norms = [by_norm(matrix, a_shape[0]), by_norm(matrix.T, a_shape[1])]
    return [float(improve(matrix, a_shape, terms, *start)) for start in (in_place, norms)]


def planted(a_shape, b_shape, generator):
    """The norms of B's rows and columns vary more than those of A's."""
    def spread(size):
        return 3.0 ** numpy.arange(size)

    a = generator.uniform(1, 1.5, a_shape) * generator.choice([-1, 1], a_shape)
    b = generator.uniform(1, 1.2, b_shape) * generator.choice([-1, 1], b_shape) * numpy.outer(*map(spread, b_shape))
    product = numpy.kron(a, b)
    return product[generator.permutation(len(product))][:, generator.permutation(product.shape[1])]


def main():
    generator = numpy.random.default_rng(7)
    check_hungarian(generator)
    cases = []
    for shape, a_shape, terms in CASES:
        matrix = (generator.standard_normal(shape) * generator.uniform(0.3, 2, shape[0])[:, None]).astype(numpy.float32)
        weight = matrix.astype(numpy.float64)
        from_place, from_norms = permuted(weight, a_shape, terms)
        cases.append(
            {
                "shape": shape,
                "aShape": a_shape,
                "terms": terms,
                "values": matrix.ravel().tolist(),
                "kroneckerError": float(nearest(weight, a_shape, terms)[1]),
                "relativeError": min(from_place, from_norms),
            }
        )
        print(shape, a_shape, terms, cases[-1]["kroneckerError"], from_place, from_norms)
    hidden = []
    for a_shape, b_shape in PLANTED:
        matrix = planted(a_shape, b_shape, generator).astype(numpy.float32)
        weight = matrix.astype(numpy.float64)
        kronecker_error, error = nearest(weight, a_shape, 1)[1], min(permuted(weight, a_shape, 1))
        print("planted", a_shape, b_shape, kronecker_error, error)
        hidden.append(
            {"shape": matrix.shape, "aShape": a_shape, "values": matrix.ravel().tolist(), "kroneckerError": float(kronecker_error)}
        )
    write_fixture("tq-compressor.json", {"iterations": ITERATIONS, "cases": cases, "planted": hidden})


if __name__ == "__main__":
    main()
