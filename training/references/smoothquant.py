"""SmoothQuant: smoothing scales, and a W8A8 product with dynamic per-token scales, emulated as in the authors' fake_quant.py.

    python -m references.smoothquant        (in the folder training)

W and X are float32; everything is computed from them in float64.
"""

import torch

from references.write_fixture import write_fixture

# Outputs, inputs, tokens.
CASES = [(24, 40, 12), (16, 37, 9)]
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
LEAST = 1e-5
# Values nearer than this to the middle between two codes may be rounded either way in float32.
CLEARANCE = 3e-5


def activations(tokens, inputs, generator):
    """Some inputs are outliers in every token, as in large language models."""
    x = torch.randn(tokens, inputs, generator=generator)
    x[:, ::11] *= 60
    return x


def smoothing(weight, x, strength):
    """s_j = max|X_j|^α / max|W_j|^(1 - α) (Xiao et al. 2022, equation 4)."""
    weight_maxima = weight.abs().amax(0).clamp(min=LEAST)
    return (x.abs().amax(0).pow(strength) / weight_maxima.pow(1 - strength)).clamp(min=LEAST)


def codes_by_row(matrix):
    """(codes, scales) of each row by its greatest magnitude; None if the code of a value is ambiguous."""
    scales = matrix.abs().amax(1, keepdim=True) / 127
    exact = matrix / scales
    if ((exact - exact.floor() - 0.5).abs() < CLEARANCE).any():
        return None
    return exact.round(), scales


def w8a8(weight, x):
    w, a = codes_by_row(weight), codes_by_row(x)
    if w is None or a is None:
        return None
    # Sums of integers: exact.
    return (a[0] @ w[0].T) * a[1] * w[1].T


def results(weight, x):
    exact = x @ weight.T
    plain = w8a8(weight, x)
    if plain is None:
        return None
    entries = []
    for strength in STRENGTHS:
        scales = smoothing(weight, x, strength)
        output = w8a8(weight * scales, x / scales)
        if output is None:
            return None
        entries.append(
            {
                "migrationStrength": strength,
                "scales": scales.tolist(),
                "output": output.flatten().tolist(),
                "outputError": (output - exact).square().sum().item(),
                "unsmoothedOutputError": (plain - exact).square().sum().item(),
            }
        )
    return entries


def main():
    generator = torch.Generator().manual_seed(23)
    content = {}
    for outputs, inputs, tokens in CASES:
        entries = None
        while entries is None:
            weight = 0.2 * torch.randn(outputs, inputs, generator=generator)
            x = activations(tokens, inputs, generator)
            entries = results(weight.double(), x.double())
        content[f"{outputs}x{inputs}"] = {
            "shape": [outputs, inputs],
            "values": weight.flatten().tolist(),
            "inputs": x.flatten().tolist(),
            "results": entries,
        }
    write_fixture("smoothquant.json", content)


if __name__ == "__main__":
    main()
