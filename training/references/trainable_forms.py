"""Gradients with respect to the parameters of compressed matrices, by autograd in float64.

    python -m references.trainable_forms        (in the folder training)

For each format a matrix W is made from random parameters, and ½ Σ q (W − c)² is differentiated with respect to them. The layout
of the parameters is that of Lathe's weights: Kronecker factors A [aRows, terms·aColumns] and B [terms·bRows, bColumns], tensor-train cores
[row·right, left·column]. The parameter of a quantized matrix is a factor on each of its scales.
"""

import torch

from references.write_fixture import write_fixture

SHAPE = (12, 20)


def kronecker(a, b, terms):
    parts = zip(a.chunk(terms, 1), b.chunk(terms, 0))
    return sum(torch.kron(left.contiguous(), right.contiguous()) for left, right in parts)


def tensor_train(cores, shapes):
    state = torch.ones(1, 1, 1, dtype=torch.float64)  # [rows, columns, rank]
    for core, (left, row, column, right) in zip(cores, shapes):
        core = core.reshape(row, right, left, column)
        state = torch.einsum("RCl,irlj->RiCjr", state, core)
        state = state.reshape(state.shape[0] * row, -1, right)
    return state[:, :, 0]


def normal(generator, *shape):
    # Float32 values, which Lathe represents exactly.
    return torch.randn(*shape, generator=generator, dtype=torch.float32).double().requires_grad_()


def case(generator, parameters, matrix, **constants):
    weights = torch.rand(SHAPE, generator=generator, dtype=torch.float32).double()
    targets = torch.randn(SHAPE, generator=generator, dtype=torch.float32).double()
    loss = (weights * (matrix(*parameters) - targets) ** 2).sum() / 2
    loss.backward()
    return {
        "parameters": [parameter.detach().flatten().tolist() for parameter in parameters],
        "weights": weights.flatten().tolist(),
        "targets": targets.flatten().tolist(),
        "loss": loss.item(),
        "gradients": [parameter.grad.flatten().tolist() for parameter in parameters],
        **constants,
    }


def main():
    generator = torch.Generator().manual_seed(5)
    rows, columns = SHAPE
    shapes = [(1, 3, 2, 4), (4, 2, 5, 3), (3, 2, 2, 1)]
    mask = (torch.rand(SHAPE, generator=generator) < 0.4).double()
    group = 5
    codes = torch.randint(-8, 8, SHAPE, generator=generator).double()
    scales = (0.05 + torch.rand(rows, columns // group, generator=generator, dtype=torch.float32)).double()

    def of_scales(factors):
        return codes * (factors * scales).repeat_interleave(group, 1)

    factors = torch.ones(rows, columns // group, dtype=torch.float64, requires_grad=True)
    write_fixture(
        "trainable-forms.json",
        {
            "shape": SHAPE,
            "lowRank": case(
                generator,
                [normal(generator, rows, 3), normal(generator, 3, columns)],
                torch.matmul,
                rank=3,
            ),
            "kronecker": case(
                generator,
                [normal(generator, 4, 2 * 5), normal(generator, 2 * 3, 4)],
                lambda a, b: kronecker(a, b, 2),
                a=[4, 10],
                b=[6, 4],
                terms=2,
            ),
            "tensorTrain": case(
                generator,
                [normal(generator, row * right, left * column) for left, row, column, right in shapes],
                lambda *cores: tensor_train(cores, shapes),
                cores=shapes,
            ),
            "masked": case(
                generator,
                [normal(generator, *SHAPE)],
                lambda values: values * mask,
                mask=mask.flatten().tolist(),
            ),
            "quantized": case(
                generator,
                [factors],
                of_scales,
                codes=codes.flatten().tolist(),
                scales=scales.flatten().tolist(),
                groupSize=group,
            ),
        },
    )


if __name__ == "__main__":
    main()
