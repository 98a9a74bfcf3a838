"""A layer to prune: weights, and correlated inputs like activations. All float32."""

import torch


def layer(outputs, width, tokens, seed, dead=()):
    """W [outputs, width] and X [tokens, width]; the inputs `dead` are 0 in every token."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(outputs, width, generator=generator)
    sources = torch.randn(tokens, width, generator=generator) * torch.linspace(2, 0.1, width)
    inputs = sources @ torch.randn(width, width, generator=generator) / width**0.5
    inputs *= torch.exp(0.7 * torch.randn(width, generator=generator))
    inputs[:, list(dead)] = 0
    return weights, inputs


def output_error(weights, approximation, inputs):
    """‖(W − Ŵ) Xᵀ‖² / ‖W Xᵀ‖²."""
    change = (weights.double() - approximation.double()) @ inputs.double().T
    return (change.square().sum() / (weights.double() @ inputs.double().T).square().sum()).item()


def mask(pruned):
    """One string for each row: 1 remains, 0 is removed."""
    return ["".join("1" if value else "0" for value in row) for row in (pruned != 0).tolist()]
