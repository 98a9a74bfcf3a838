"""Tokens and probabilities after temperature, top-k and top-p, and the token that a draw selects.

    python -m references.sampling        (in the folder training)

The logits are distinct float32 values (transformers keeps all ties with the k-th); the warpers of transformers run on
them in float64, in the order of its `generate`. A draw selects the first id whose cumulative probability exceeds it.
"""

import numpy
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from references.write_fixture import write_fixture

SPREADS = {"peaked": 4.0, "even": 0.3}  # standard deviations of the logits
VOCABULARY = 40
DRAWS = 60
OPTIONS = [
    {"temperature": temperature, "topK": top_k, "topP": top_p}
    for temperature, top_k, top_p in [
        (1.0, None, None), (0.7, None, None), (1.0, 5, None), (1.5, 100, None), (1.0, 1, None),
        (1.0, None, 0.9), (1.0, None, 0.5), (1.3, None, 0.99), (1.0, None, 1.0), (1.0, None, 0.001),
        (0.8, 10, 0.9), (1.0, 10, 0.4), (2.0, 30, 0.75), (1.0, 2, 0.95),
    ]
]  # fmt: skip


def probabilities(logits, options):
    """[vocabulary] in float64, 0 where a warper removed the token."""
    warpers = [TemperatureLogitsWarper(options["temperature"])]
    if options["topK"] is not None:
        warpers.append(TopKLogitsWarper(options["topK"]))
    if options["topP"] is not None:
        warpers.append(TopPLogitsWarper(options["topP"]))
    scores = logits.double()[None]
    for warper in warpers:
        scores = warper(None, scores)
    return scores.softmax(-1)[0]


def case(name, logits, options, draws):
    expected = probabilities(logits, options)
    drawn = numpy.searchsorted(expected.cumsum(0).numpy(), draws, side="right")
    return {"logits": name, **options, "probabilities": expected.tolist(), "drawn": drawn.tolist()}


def main():
    generator = torch.Generator().manual_seed(5)
    logits = {name: torch.randn(VOCABULARY, generator=generator) * spread for name, spread in SPREADS.items()}
    draws = [0.0] + torch.rand(DRAWS - 1, generator=generator).tolist()
    write_fixture(
        "sampling.json",
        {
            "logits": {name: values.tolist() for name, values in logits.items()},
            "draws": draws,
            "cases": [case(name, values, options, draws) for name, values in logits.items() for options in OPTIONS],
        },
    )


if __name__ == "__main__":
    main()
