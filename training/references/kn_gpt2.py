"""KnGPT2's factors and parameter counts, by shapes alone.

    python -m references.kn_gpt2        (in the folder training)

The modules of transformers' GPT-2 and BERT are created without values, and those that Edalati et al. 2021 compress are replaced
by pairs of factors: the token embedding and the linears of the odd blocks, each by half. The paper's figure for GPT-2 small is
83 M. For the tiny checkpoints, also the logits with the nearest such factors, in float64.
"""

import re

import torch
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from compressions import kronecker
from references.write_fixture import FIXTURES, write_fixture

FACTOR = 2
LINEARS = (
    r"h\.(\d+)\.(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight$|"
    r"encoder\.layer\.(\d+)\.(attention\.self\.(query|key|value)|attention\.output\.dense|intermediate\.dense|output\.dense)\.weight$"
)
EMBEDDING = r"(wte|word_embeddings)\.weight$"


def is_conv1d(name):
    """GPT-2's linears, stored as [in, out]."""
    return re.search(r"\.(c_attn|c_proj|c_fc)\.weight$", name) is not None


def factors_of(name, shape):
    """A and B as [out, in], or nothing."""
    block = re.search(LINEARS, name)
    if block and int(block[1] or block[3]) % 2 == 1:
        outputs, inputs = shape[::-1] if is_conv1d(name) else shape
    elif re.search(EMBEDDING, name):
        outputs, inputs = shape
    else:
        return None
    return [[outputs, inputs // FACTOR], [1, FACTOR]]


def size(shape):
    return torch.Size(shape).numel()


def describe(model):
    shapes = {name: list(tensor.shape) for name, tensor in model.named_parameters()}  # tied ones once
    factors = {name.removesuffix(".weight"): factors_of(name, shape) for name, shape in shapes.items()}
    factors = {name: pair for name, pair in factors.items() if pair}
    after = sum(
        sum(map(size, factors[module])) if (module := name.removesuffix(".weight")) in factors and name.endswith(".weight") else size(shape)
        for name, shape in shapes.items()
    )
    return {"parameters": sum(map(size, shapes.values())), "compressedParameters": after, "factors": factors}


def compressed_logits(model, ids):
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            pair = factors_of(name, list(tensor.shape))
            if not pair:
                continue
            if is_conv1d(name):
                tensor.copy_(kronecker(tensor.T, pair[0], 1).T)
            else:
                tensor.copy_(kronecker(tensor, pair[0], 1))
        return {"ids": ids, "logits": model(torch.tensor([ids])).logits[0].tolist()}


def main():
    with torch.device("meta"):
        models = {"gpt2-small": GPT2LMHeadModel(GPT2Config()), "bert-base": BertForMaskedLM(BertConfig())}
    content = {name: describe(model) for name, model in models.items()}
    for name, described in content.items():
        print(name, f"{described['parameters']:,} -> {described['compressedParameters']:,}")
    tiny = {"tiny-gpt2": GPT2LMHeadModel, "tiny-bert-mlm": BertForMaskedLM}
    for name, kind in tiny.items():
        model = kind.from_pretrained(FIXTURES / name).double().eval()
        content[name] = compressed_logits(model, [2, 73, 76, 4, 61])
    write_fixture("kn-gpt2.json", content)


if __name__ == "__main__":
    main()
