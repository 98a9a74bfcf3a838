"""AWQ with the searches of the authors' code: on the activations themselves, not on their Hessian. As an addition to the
authors' code, a row uses the limits of its groups only where they reduce the error of its output.

    python -m references.awq        (in the folder training)

W and X are float32; everything is computed from them in float64, and scales are rounded to float32 as they are stored.
"""

import torch

from references.write_fixture import write_fixture

# Outputs, inputs, tokens, group size.
CASES = [(20, 64, 48, 32), (10, 80, 32, 16)]
SCHEMES = [(4, False), (4, True), (3, False)]
GRID = 20
MAX_SHRINK = 0.5


def calibration(tokens, inputs, generator):
    """A few inputs are far larger than the others, as in language models."""
    sizes = torch.exp(1.2 * torch.randn(inputs, generator=generator))
    mixing = torch.eye(inputs) + 0.3 * torch.randn(inputs, inputs, generator=generator) / inputs**0.5
    return (torch.randn(tokens, inputs, generator=generator) * sizes) @ mixing


def pseudo_quantize(weight, bits, group_size, symmetric):
    """An asymmetric range includes 0."""
    groups = weight.reshape(-1, group_size)
    if symmetric:
        high, low = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
        scales = (groups.abs().amax(1, keepdim=True) / high).float().double()
        zeros = torch.zeros_like(scales)
    else:
        high, low = 2**bits - 1, 0
        least = groups.amin(1, keepdim=True).clamp(max=0)
        scales = ((groups.amax(1, keepdim=True).clamp(min=0) - least) / high).float().double()
        zeros = torch.round(-least / scales)
    return ((torch.clamp(torch.round(groups / scales) + zeros, low, high) - zeros) * scales).reshape(weight.shape)


def search_scales(weight, x, quantize):
    """(exponent, scales, relative loss of each exponent): auto_scale.py, of one linear by its own output."""
    # Sums are passed to the method as float32. Limits of a clipped group lie exactly between two codes, and the last
    # digits of a scale decide the code.
    magnitude = x.abs().sum(0).float().double() / len(x)
    before = x @ weight.T
    whole = before.square().sum()
    losses, candidates = [], []
    for step in range(GRID):
        scales = magnitude.pow(step / GRID).clamp(min=1e-4)
        scales = scales / (scales.max() * scales.min()).sqrt()
        after = x @ (quantize(weight * scales) / scales).T
        losses.append(((before - after).square().sum() / whole).item())
        candidates.append(scales)
    best = min(range(GRID), key=lambda step: losses[step])
    return best / GRID, candidates[best], losses


def search_clipping(weight, x, group_size, quantize):
    """[out, groups], the magnitude at which each group is clipped: auto_clip.py, with all tokens."""
    outputs, inputs = weight.shape
    groups = weight.reshape(outputs, -1, group_size)
    parts = x.reshape(len(x), -1, group_size)
    before = torch.einsum("ogj,tgj->otg", groups, parts)
    greatest = groups.abs().amax(2)
    best, least = greatest.clone(), torch.full_like(greatest, float("inf"))
    for step in range(int(MAX_SHRINK * GRID)):
        limit = greatest * (1 - step / GRID)
        clipped = groups.clamp(-limit.unsqueeze(2), limit.unsqueeze(2))
        rounded = quantize(clipped.reshape(outputs, inputs)).reshape(groups.shape)
        error = (torch.einsum("ogj,tgj->otg", rounded, parts) - before).square().mean(1)
        better = error < least
        best, least = torch.where(better, limit, best), torch.where(better, error, least)
    return best


def clip_rows(scaled, x, limits, group_size, quantize):
    """Weights with only those rows clipped whose output error falls, and the indices of these rows."""
    limit = limits.repeat_interleave(group_size, 1)
    clipped = scaled.clamp(-limit, limit)
    lost = lambda cut: (x @ (quantize(cut) - scaled).T).square().sum(0)
    takes = lost(clipped) < lost(scaled)
    return torch.where(takes[:, None], clipped, scaled), takes


def awq(weight, x, bits, group_size, symmetric):
    """(exponent, scales, loss of each exponent, result without clipping, which rows are clipped, result)"""
    quantize = lambda matrix: pseudo_quantize(matrix, bits, group_size, symmetric)
    exponent, scales, losses = search_scales(weight, x, quantize)
    scaled = weight * scales
    limits = search_clipping(scaled, x / scales, group_size, quantize)
    clipped, takes = clip_rows(scaled, x / scales, limits, group_size, quantize)
    return exponent, scales, losses, quantize(scaled) / scales, takes, quantize(clipped) / scales


def results(weight, x, group_size):
    whole = (weight @ x.T).square().sum()
    error = lambda approximation: (((weight - approximation) @ x.T).square().sum() / whole).item()
    entries = []
    for bits, symmetric in SCHEMES:
        exponent, scales, losses, plain, takes, clipped = awq(weight, x, bits, group_size, symmetric)
        limits = search_clipping(weight, x, group_size, lambda matrix: pseudo_quantize(matrix, bits, group_size, symmetric))
        print(bits, symmetric, f"{takes.sum()} of {len(takes)} rows are clipped")
        entries.append(
            {
                "bits": bits,
                "symmetric": symmetric,
                "exponent": exponent,
                "scales": scales.tolist(),
                # ‖(W - Ŵ)X‖² / ‖WX‖² for each exponent; the first is rounding to nearest.
                "outputErrors": losses,
                # Magnitude at which the authors' rule clips each group of the unscaled weights.
                "limits": limits.flatten().tolist(),
                "clippedRows": takes.int().tolist(),
                "clippedOutputError": error(clipped),
                "clipped": clipped.flatten().tolist() if (bits, symmetric) == SCHEMES[0] else None,
            }
        )
        assert abs(error(plain) - min(losses)) < 1e-9 * min(losses)
    return entries


def main():
    generator = torch.Generator().manual_seed(17)
    content = {}
    for outputs, inputs, tokens, group_size in CASES:
        weight = torch.randn(outputs, inputs, generator=generator)
        x = calibration(tokens, inputs, generator)
        content[f"{outputs}x{inputs}"] = {
            "shape": [outputs, inputs],
            "groupSize": group_size,
            "values": weight.flatten().tolist(),
            "inputs": x.flatten().tolist(),
            "results": results(weight.double(), x.double(), group_size),
        }
    write_fixture("awq.json", content)


if __name__ == "__main__":
    main()
