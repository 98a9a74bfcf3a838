"""Linears whose matrix [out, in] is computed from trained parameters: factors, masked values, rounded values.

Each is initialized from a matrix like Lathe's own compression, so that both train from the same point.
"""

import torch
from torch import nn

import compressions

LINEARS = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]


class TrainableLinear(nn.Module):
    """x Wᵀ + b for a matrix that a subclass computes from its parameters."""

    def __init__(self, bias):
        super().__init__()
        self.bias = nn.Parameter(bias.detach().clone())

    def dense(self):
        raise NotImplementedError

    def forward(self, x):
        return nn.functional.linear(x, self.dense(), self.bias)


class Dense(TrainableLinear):
    def __init__(self, weight, bias):
        super().__init__(bias)
        self.weight = nn.Parameter(weight.detach().clone())

    def dense(self):
        return self.weight


class LowRank(TrainableLinear):
    """left · right with the square roots of the singular values on either side."""

    def __init__(self, weight, bias, parameters_kept):
        super().__init__(bias)
        rank = int(parameters_kept * weight.numel() / sum(weight.shape))
        u, s, vh = torch.linalg.svd(weight.detach().double(), full_matrices=False)
        roots = s[:rank].sqrt()
        self.left = nn.Parameter((u[:, :rank] * roots).to(weight.dtype))
        self.right = nn.Parameter((roots[:, None] * vh[:rank]).to(weight.dtype))

    def dense(self):
        return self.left @ self.right


class Kronecker(TrainableLinear):
    """A ⊗ B, one term, A of half the rows and all columns; the square root of the singular value on either side."""

    def __init__(self, weight, bias):
        super().__init__(bias)
        rows, columns = weight.shape
        rearranged = compressions.kronecker_rearranged(weight.detach().double(), (rows // 2, columns))
        u, s, vh = torch.linalg.svd(rearranged, full_matrices=False)
        root = s[0].sqrt()
        self.a = nn.Parameter((u[:, 0] * root).reshape(rows // 2, columns).to(weight.dtype))
        self.b = nn.Parameter((vh[0] * root).reshape(2, 1).to(weight.dtype))

    def dense(self):
        return torch.kron(self.a, self.b)


class TensorTrain(TrainableLinear):
    """Two cores over rows 8 × out/8 and columns 8 × in/8, of the greatest rank that keeps a share of the parameters."""

    def __init__(self, weight, bias, parameters_kept):
        super().__init__(bias)
        self.shape = tuple(weight.shape)
        rows, columns = [8, self.shape[0] // 8], [8, self.shape[1] // 8]
        modes = [row * column for row, column in zip(rows, columns)]
        rank = min(int(parameters_kept * weight.numel() / sum(modes)), *modes)
        _, cores = compressions.tensor_train(weight.detach(), rows, columns, max_rank=rank)
        self.first, self.second = (nn.Parameter(core.to(weight.dtype)) for core in cores)

    def dense(self):
        rows, columns = self.shape
        dense = self.first[0] @ self.second[..., 0]
        return dense.reshape(8, 8, rows // 8, columns // 8).permute(0, 2, 1, 3).reshape(rows, columns)


class Masked(Dense):
    """Values under a mask that can be replaced; masked values do not change and have no gradient."""

    def __init__(self, weight, bias):
        super().__init__(weight, bias)
        self.register_buffer("mask", torch.ones_like(weight))

    def dense(self):
        return self.weight * self.mask


class Quantized(Dense):
    """Rounded to nearest in the forward pass; the gradient goes straight through (Bengio et al. 2013).

    With `noise` below 1 only that share of the blocks of `noise_block` columns, drawn at each step, is rounded (Fan et al. 2020).
    """

    def __init__(self, weight, bias, bits, group_size=None, noise=1.0, noise_block=1):
        super().__init__(weight, bias)
        self.bits, self.group_size, self.noise, self.noise_block = bits, group_size, noise, noise_block

    def dense(self):
        strategy = "group" if self.group_size else "channel"
        rounded = compressions.round_to_nearest(self.weight.detach(), self.bits, strategy, self.group_size)[0]
        if self.training and self.noise < 1:
            rounded = torch.where(self.drawn(), rounded, self.weight.detach())
        return self.weight + (rounded - self.weight).detach()

    def drawn(self):
        rows, columns = self.weight.shape
        blocks = torch.rand(rows, -(-columns // self.noise_block)) < self.noise
        return blocks.repeat_interleave(self.noise_block, dim=1)[:, :columns]


def replace_linears(model, make):
    """Replace every linear of the blocks by `make(weight [out, in], bias)`; return them by name."""
    replaced = {}
    for index, block in enumerate(model.transformer.h):
        for name in LINEARS:
            old = block.get_submodule(name)
            parent, _, attribute = name.rpartition(".")
            new = make(old.weight.T.contiguous(), old.bias)
            setattr(block.get_submodule(parent), attribute, new)
            replaced[f"transformer.h.{index}.{name}"] = new
    return replaced
