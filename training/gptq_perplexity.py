"""Perplexity of a GPT-2 whose block linears are rounded by GPTQ or to nearest, as references for Lathe's figures.

    python gptq_perplexity.py --model DIR --calibration TRAIN.txt --text TEST.txt

The calibration sequences are those that Lathe draws by default: 64 of 128 tokens, seed 0. Blocks are rounded one after the
other, each with the inputs from the already rounded blocks before it.
"""

import argparse
import copy
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import compressions
from perplexity import perplexity
from references.gptq import gptq

WINDOW, WINDOWS = 256, 16
SEQUENCES, LENGTH = 64, 128
LINEARS = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]


def drawn_sequences(ids):
    """[sequences, length] by Lathe's generator (Marsaglia's xorshift of 32 bits) of seed 0."""
    state, rows = 0x9E3779B9, []
    for _ in range(SEQUENCES):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        start = int(state / 2**32 * (len(ids) - LENGTH + 1))
        rows.append(ids[start : start + LENGTH])
    return torch.tensor(rows)


def rounded_to_nearest(model, bits, group_size):
    model = copy.deepcopy(model)
    for block in model.transformer.h:
        for name in LINEARS:
            weight = block.get_submodule(name).weight
            strategy = "group" if group_size else "channel"
            rounded = compressions.round_to_nearest(weight.T.contiguous().double(), bits, strategy, group_size, False)
            weight.copy_(rounded[0].T)
    return model


def rounded_by_gptq(model, sequences, **parameters):
    model = copy.deepcopy(model)
    for block in model.transformer.h:
        inputs = {}

        def keep(name):
            return lambda _module, given, _output: inputs.__setitem__(name, given[0].flatten(0, 1))

        hooks = [block.get_submodule(name).register_forward_hook(keep(name)) for name in LINEARS]
        model(sequences)
        for hook in hooks:
            hook.remove()
        for name in LINEARS:
            weight = block.get_submodule(name).weight
            weight.copy_(gptq(weight.T.contiguous(), inputs[name], **parameters)[0].T)
    return model


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--calibration", "--text"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    test, calibration = (
        tokenizer(path.read_text(encoding="utf-8"), verbose=False)["input_ids"]
        for path in (arguments.text, arguments.calibration)
    )
    sequences = drawn_sequences(calibration)

    def report(what, variant):
        print(f"{what}: {perplexity(variant, test, WINDOW, max_windows=WINDOWS).perplexity:.4f}", flush=True)

    report("base", model)
    for bits in (4, 3, 2):
        for group_size in (None, 32):
            of = f"{bits} bits, {f'groups of {group_size}' if group_size else 'per channel'}"
            report(f"{of}, to nearest", rounded_to_nearest(model, bits, group_size))
            for order in (False, True):
                variant = rounded_by_gptq(model, sequences, bits=bits, groupSize=group_size, activationOrder=order)
                report(f"{of}, GPTQ{', activation order' if order else ''}", variant)


if __name__ == "__main__":
    main()
