"""KL divergence and same-top share of the tiny GPT-2 against a quantized copy of itself.

    python -m references.divergence        (in the folder training, after references.tiny_checkpoints)

Names and percentile as llama.cpp's `--kl-divergence`: linear interpolation between the sorted values.
Every block linear is rounded to nearest, symmetric, one scale per output channel.
"""

import numpy
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

import compressions
from make_references import block_linears
from references.tiny_checkpoints import CONTEXT, TEXT
from references.write_fixture import FIXTURES, write_fixture

FOLDER = FIXTURES / "tiny-gpt2"


def quantized(bits):
    model = GPT2LMHeadModel.from_pretrained(FOLDER).eval()
    for parameter in block_linears(model).values():
        dequantized = compressions.round_to_nearest(parameter.T.contiguous().double(), bits, "channel")[0]
        parameter.copy_(dequantized.T)
    return model


def logits_of(model, ids):
    """Logits [predictions, vocabulary]: windows of the whole context, each without its last position."""
    windows = [ids[begin : begin + CONTEXT] for begin in range(0, len(ids), CONTEXT)]
    return torch.cat([model(torch.tensor([window])).logits[0, :-1] for window in windows if len(window) > 1])


def compare(base, variant):
    log_p, log_q = base.double().log_softmax(-1), variant.double().log_softmax(-1)
    divergence = (log_p.exp() * (log_p - log_q)).sum(-1)
    return {
        "meanKl": divergence.mean().item(),
        "kl99": float(numpy.percentile(divergence.numpy(), 99)),
        "sameTop": (base.argmax(-1) == variant.argmax(-1)).double().mean().item(),
        "predictions": len(divergence),
        "kl": divergence.tolist(),
        "firstVariantLogits": variant[:4].tolist(),
    }


@torch.no_grad()
def main():
    ids = AutoTokenizer.from_pretrained(FOLDER)(TEXT)["input_ids"]
    base = logits_of(GPT2LMHeadModel.from_pretrained(FOLDER).eval(), ids)
    write_fixture(
        "divergence.json",
        {
            "checkpoint": "tiny-gpt2",
            "window": CONTEXT,
            "stride": CONTEXT,
            "ids": ids,
            "firstBaseLogits": base[:4].tolist(),
            "variants": {f"int{bits}_per_channel_symmetric": compare(base, logits_of(quantized(bits), ids)) for bits in (8, 4)},
        },
    )


if __name__ == "__main__":
    main()
