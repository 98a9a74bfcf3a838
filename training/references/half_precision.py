"""F16 and BF16 bit patterns with their values, and float32 values with the patterns they round to.

    python -m references.half_precision        (in the folder training)

Infinities and NaN are written as strings, since JSON has no number for them. Rounding is half to even.
"""

import math

import torch

from references.write_fixture import write_fixture

DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16}
EDGES = {
    # zero, least and greatest subnormal, least normal, one and its neighbours, greatest, infinity, NaN
    "F16": [0x0000, 0x0001, 0x0002, 0x03FF, 0x0400, 0x0401, 0x3555, 0x3BFF, 0x3C00, 0x3C01, 0x7BFF, 0x7C00, 0x7E00],
    "BF16": [0x0000, 0x0001, 0x0002, 0x007F, 0x0080, 0x0081, 0x3EAB, 0x3F7F, 0x3F80, 0x3F81, 0x7F7F, 0x7F80, 0x7FC0],
}
ROUNDED = [
    0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, math.pi, -math.e, 65504.0, 65519.0, 65520.0, 1e6, 1e38, 3.4e38, 1e-8, 2.0**-25, 3 * 2.0**-26,
    2.0**-24, 2.0**-14, 6.1e-5, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 2049.0, 2051.0, math.inf, -math.inf,
]  # fmt: skip


def number(value):
    if math.isnan(value):
        return "NaN"
    return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, value)


def values_of(patterns, dtype):
    bits = torch.tensor(patterns, dtype=torch.int32).to(torch.uint16)
    return bits.view(dtype).float().tolist()


def main():
    generator = torch.Generator().manual_seed(4)
    content = {}
    for name, dtype in DTYPES.items():
        patterns = EDGES[name] + [pattern | 0x8000 for pattern in EDGES[name]]
        patterns += torch.randint(0, 0x7C00, (40,), generator=generator).tolist()
        floats = torch.tensor(ROUNDED + (torch.randn(40, generator=generator) * 3).tolist())
        rounded = floats.to(dtype).view(torch.uint16).tolist()
        content[name] = {
            "toFloat32": [[p, number(v)] for p, v in zip(patterns, values_of(patterns, dtype))],
            "fromFloat32": [[number(v), p] for v, p in zip(floats.tolist(), rounded)],
        }
    write_fixture("half-precision.json", content)


if __name__ == "__main__":
    main()
