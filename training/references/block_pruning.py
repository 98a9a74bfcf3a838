"""Blocks that remain after block pruning.

    python -m references.block_pruning        (in the folder training)

The matrices are float32; norms are computed from them in float64, a block at a time.
"""

import torch

from references.write_fixture import write_fixture

MATRICES = {"24x32": (24, 32), "20x30": (20, 30)}
BLOCKS = [(4, 4), (8, 8), (6, 5), (8, 1), (1, 4)]
SPARSITIES = [0.3, 0.5, 0.75]


def block_norms(weight, block):
    """Root of the mean square of each block: the Euclidean norm, the same for all sizes."""
    bands = weight.split(block[0], dim=0)
    return torch.tensor([[piece.square().mean().sqrt() for piece in band.split(block[1], dim=1)] for band in bands])


def kept_blocks(norms, sparsity):
    """Blocks that remain when the round(sparsity * number) of least norm are removed."""
    removed = round(sparsity * norms.numel())
    kept = torch.ones(norms.numel(), dtype=torch.bool)
    kept[torch.sort(norms.flatten(), stable=True).indices[:removed]] = False
    return kept.reshape(norms.shape)


def expanded(kept, block, shape):
    """For each weight, whether its block remains."""
    mask = kept.repeat_interleave(block[0], dim=0).repeat_interleave(block[1], dim=1)
    return mask[: shape[0], : shape[1]]


def strings(mask):
    """One string for each row: 1 remains, 0 is removed."""
    return ["".join("1" if value else "0" for value in row) for row in mask.tolist()]


def main():
    generator = torch.Generator().manual_seed(11)
    # Rows and columns of different strength, so that blocks differ.
    scale = {name: torch.rand(shape[0], 1, generator=generator) + torch.rand(1, shape[1], generator=generator) for name, shape in MATRICES.items()}
    weights = {name: scale[name] * torch.randn(shape, generator=generator) for name, shape in MATRICES.items()}
    layer = []
    for name, weight in weights.items():
        for block in BLOCKS:
            for sparsity in SPARSITIES:
                kept = kept_blocks(block_norms(weight.double(), block), sparsity)
                layer.append({"matrix": name, "block": block, "sparsity": sparsity, "mask": strings(expanded(kept, block, weight.shape))})
    every = []
    for block in BLOCKS:
        norms = [block_norms(weight.double(), block) for weight in weights.values()]
        kept = kept_blocks(torch.cat([norm.flatten() for norm in norms]), 0.5).split([norm.numel() for norm in norms])
        masks = {
            name: strings(expanded(mask.reshape(norm.shape), block, weights[name].shape))
            for name, mask, norm in zip(weights, kept, norms)
        }
        every.append({"block": block, "sparsity": 0.5, "masks": masks})
    write_fixture(
        "block-pruning.json",
        {"matrices": {name: weight.tolist() for name, weight in weights.items()}, "layer": layer, "global": every},
    )


if __name__ == "__main__":
    main()
