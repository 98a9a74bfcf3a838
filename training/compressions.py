"""The compressions as plain PyTorch, each on one weight [out, in], as references for Lathe's own code.

Every function returns the dense matrix that the compressed format represents, in the dtype of `weight` unless stated
otherwise. Factorizations are computed in float64.
"""

import math

import torch


# ---- Magnitude pruning -------------------------------------------------------------------------------------------


def prune_unstructured(weight, sparsity):
    """The round(sparsity · size) smallest |w| set to 0."""
    count = round(sparsity * weight.numel())
    pruned = weight.flatten().clone()
    pruned[pruned.abs().argsort(stable=True)[:count]] = 0
    return pruned.view_as(weight)


def global_threshold(weights, sparsity):
    """One threshold for all weights together, which removes round(sparsity · total size) of them except for ties."""
    magnitudes = torch.cat([weight.abs().flatten() for weight in weights])
    return magnitudes.sort().values[round(sparsity * magnitudes.numel())]


def prune_n_of_m(weight, n, m):
    """Keep the n largest |w| of each m neighbours along the input dimension."""
    groups = weight.reshape(-1, m)
    keep = torch.zeros_like(groups, dtype=torch.bool)
    keep.scatter_(1, groups.abs().argsort(dim=1, descending=True, stable=True)[:, :n], True)
    return torch.where(keep, groups, torch.zeros_like(groups)).view_as(weight)


def prune_rows(weight, sparsity):
    """The round(sparsity · rows) rows of smallest L2 norm set to 0."""
    pruned = weight.clone()
    pruned[weight.norm(dim=1).argsort(stable=True)[: round(sparsity * len(weight))]] = 0
    return pruned


def prune_columns(weight, sparsity):
    return prune_rows(weight.T, sparsity).T


# ---- Round to nearest --------------------------------------------------------------------------------------------


def round_to_nearest(weight, bits, strategy="channel", group_size=None, symmetric=True):
    """(dequantized [out, in], codes [out, in], scales [groups], zero points [groups] or None).

    Symmetric: scale = max|w| / (2^(bits-1) - 1), codes clipped to ±127 (8 bits) or -8..7 (4 bits).
    Asymmetric: scale = (max - min) / (2^bits - 1) over a range that includes 0, zero point = round(-min / scale),
    codes 0..2^bits - 1. Rounding is half to even. A group of equal zeros has scale 1.
    """
    groups = {
        "tensor": lambda: weight.reshape(1, -1),
        "channel": lambda: weight,
        "group": lambda: weight.reshape(-1, group_size),
    }[strategy]()
    largest = 2**bits - 1
    if symmetric:
        half = 2 ** (bits - 1) - 1
        scale = groups.abs().amax(1, keepdim=True) / half
        scale = torch.where(scale == 0, torch.ones_like(scale), scale)
        codes = (groups / scale).round().clamp(-half if bits == 8 else -half - 1, half)
        return (codes * scale).view_as(weight), codes.view_as(weight).int(), scale.flatten(), None
    low = groups.amin(1, keepdim=True).clamp(max=0)
    scale = (groups.amax(1, keepdim=True).clamp(min=0) - low) / largest
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    zero_point = (-low / scale).round()
    codes = ((groups / scale).round() + zero_point).clamp(0, largest)
    dequantized = ((codes - zero_point) * scale).view_as(weight)
    return dequantized, codes.view_as(weight).int(), scale.flatten(), zero_point.flatten().int()


# ---- Factorizations ----------------------------------------------------------------------------------------------


def low_rank(weight, rank):
    """Truncated SVD: the best approximation of that rank (Eckart and Young 1936)."""
    u, s, vh = torch.linalg.svd(weight.double(), full_matrices=False)
    return ((u[:, :rank] * s[:rank]) @ vh[:rank]).to(weight.dtype)


def kronecker_rearranged(weight, a_shape):
    """[rows of A · columns of A, rows of B · columns of B] (Van Loan and Pitsianis 1993)."""
    (a_rows, a_columns), (rows, columns) = a_shape, weight.shape
    blocks = weight.reshape(a_rows, rows // a_rows, a_columns, columns // a_columns)
    return blocks.permute(0, 2, 1, 3).reshape(a_rows * a_columns, -1)


def kronecker(weight, a_shape, terms):
    """The best sum of `terms` products A⊗B with A of shape `a_shape`."""
    (a_rows, a_columns), (rows, columns) = a_shape, weight.shape
    best = low_rank(kronecker_rearranged(weight.double(), a_shape), terms)
    blocks = best.reshape(a_rows, a_columns, rows // a_rows, columns // a_columns)
    return blocks.permute(0, 2, 1, 3).reshape(rows, columns).to(weight.dtype)


def tensor_train(weight, rows, columns, max_rank=None, relative_error=None):
    """(dense [out, in], cores of shape r × (row · column) × r'): TT-SVD (Oseledets 2011, algorithm 1).

    rows and columns multiply to out and in, the first index slowest. With `relative_error` each of the d - 1 cuts
    may lose relative_error / sqrt(d - 1) of the norm; of rank and error the stricter rank applies.
    """
    d = len(rows)
    interleaved = [axis for k in range(d) for axis in (k, d + k)]
    modes = [r * c for r, c in zip(rows, columns, strict=True)]
    rest = weight.double().reshape(*rows, *columns).permute(interleaved)
    allowed = None if relative_error is None else relative_error / math.sqrt(d - 1) * weight.double().norm()
    cores, rank = [], 1
    for mode in modes[:-1]:
        u, s, vh = torch.linalg.svd(rest.reshape(rank * mode, -1), full_matrices=False)
        kept = len(s)
        if allowed is not None:
            tails = s.square().flip(0).cumsum(0).flip(0).sqrt()  # tails[r]: what cutting at rank r loses
            kept = max(1, int((tails > allowed).sum()))
        if max_rank is not None:
            kept = min(kept, max_rank)
        cores.append(u[:, :kept].reshape(rank, mode, kept))
        rest, rank = s[:kept, None] * vh[:kept], kept
    cores.append(rest.reshape(rank, modes[-1], 1))

    dense = torch.ones(1, 1, dtype=torch.float64)
    for core in cores:
        dense = torch.tensordot(dense, core, dims=1).reshape(-1, core.shape[-1])
    dense = dense.reshape([size for pair in zip(rows, columns) for size in pair])
    back = [interleaved.index(axis) for axis in range(2 * d)]
    return dense.permute(back).reshape(weight.shape).to(weight.dtype), cores


def relative_error(weight, approximation):
    """Relative Frobenius error, in float64."""
    difference = weight.double() - approximation.double()
    return (difference.norm() / weight.double().norm()).item()
