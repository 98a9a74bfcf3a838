"""Codebooks of two small matrices, by k-means in the metric of some activations.

    python -m references.product_quantization        (in the folder training)

Every distance is computed by its definition, in float64: ‖x̃(v − c)‖² over all rows x̃ of the activations that meet the block v.
"""

import torch

from references.write_fixture import write_fixture

DAMPING = 1e-5  # of the mean diagonal, as the method adds it
TOKENS = 32


def blocks_of(weight, size):
    """[rows, columns] → [rows, columns / size, size]"""
    return weight.reshape(weight.shape[0], -1, size)


def activation_blocks(x, weighting, across, size):
    """Activations x̃ of each block of columns, followed by the square root of the damping."""
    if weighting == "none":
        rows = [torch.eye(size, dtype=torch.float64)] * across
    elif weighting == "shared":
        rows = [x.reshape(-1, size)] * across
    else:
        rows = list(x.reshape(x.shape[0], across, size).unbind(1))
    different = rows[:1] if weighting != "blocks" else rows
    mean = torch.stack([piece.square().sum() for piece in different]).sum() / (len(different) * size)
    return [torch.cat([piece, (DAMPING * mean).sqrt() * torch.eye(size, dtype=torch.float64)]) for piece in rows]


def distances(blocks, codebook, activations):
    """[rows, across, entries]"""
    per_block = []
    for block, x in enumerate(activations):
        difference = blocks[:, block, None, :] - codebook[None]  # [rows, entries, size]
        per_block.append((difference @ x.T).square().sum(-1))
    return torch.stack(per_block, dim=1)


def best_entries(blocks, indices, codebook, activations):
    """Least squares for each entry: the stacked rows x̃ of its blocks against x̃ v."""
    result = codebook.clone()
    for entry in range(len(codebook)):
        members = (indices == entry).nonzero().tolist()
        if not members:
            continue
        left = torch.cat([activations[block] for _, block in members])
        right = torch.cat([activations[block] @ blocks[row, block] for row, block in members])
        result[entry] = torch.linalg.lstsq(left, right[:, None]).solution[:, 0]
    return result


def learn(weight, x, size, weighting, initial, iterations):
    blocks = blocks_of(weight, size)
    activations = activation_blocks(x, weighting, blocks.shape[1], size)
    codebook = blocks.reshape(-1, size)[initial].clone()
    rounds = []
    for _ in range(iterations):
        indices = distances(blocks, codebook, activations).argmin(-1)
        assert len(indices.unique()) == len(codebook), "no cluster may be empty here"
        codebook = best_entries(blocks, indices, codebook, activations)
        found = distances(blocks, codebook, activations)
        rounds.append({"indices": found.argmin(-1).flatten().tolist(), "objective": found.min(-1).values.sum().item()})
    return rounds, codebook


def main():
    generator = torch.Generator().manual_seed(21)
    cases = []
    for shape, size, entries in [((24, 32), 4, 16), ((30, 30), 5, 12), ((16, 64), 8, 10)]:
        weight = torch.randn(shape, generator=generator)
        scale = torch.rand(shape[1], generator=generator) * 3 + 0.1
        x = (torch.randn(TOKENS, shape[1], generator=generator) + 0.5 * torch.randn(TOKENS, 1, generator=generator)) * scale
        initial = torch.randperm(weight.numel() // size, generator=generator)[:entries]
        for weighting in ("none", "shared", "blocks"):
            rounds, codebook = learn(weight.double(), x.double(), size, weighting, initial, 6)
            cases.append(
                {
                    "matrix": len(cases) // 3,
                    "blockSize": size,
                    "weighting": weighting,
                    "initial": initial.tolist(),
                    "rounds": rounds,
                    "codebook": codebook.tolist(),
                }
            )
            if weighting == "none":
                matrix = {"shape": shape, "values": weight.flatten().tolist(), "inputs": x.flatten().tolist()}
                cases[-1]["data"] = matrix
    write_fixture("product-quantization.json", {"cases": cases})


if __name__ == "__main__":
    main()
