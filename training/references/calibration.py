"""Statistics of the inputs of the tiny checkpoints' linears, and outputs of the models without some of their parts.

    python -m references.calibration        (in the folder training)

Statistics come from forward hooks, without padding; float64 throughout.
"""

import torch
from transformers import BertForSequenceClassification, GPT2LMHeadModel

from references.write_fixture import FIXTURES, write_fixture

GPT2_LINEARS = ["transformer.h.0.attn.c_attn", "transformer.h.1.mlp.c_proj", "lm_head"]
BERT_LINEARS = ["bert.encoder.layer.0.attention.self.key", "bert.encoder.layer.1.output.dense", "classifier"]


def sequences(batch, length, vocabulary, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, vocabulary, (batch, length), generator=generator)


def statistics(model, inputs, mask, names):
    """Sums over the tokens of the inputs of each linear; for a classifier's head, over the sequences."""
    seen, hooks = {}, []
    for name in names:
        module = model.get_submodule(name)
        hooks.append(module.register_forward_hook(lambda _, x, y, name=name: seen.__setitem__(name, (x[0], y))))
    with torch.no_grad():
        model(**inputs)
    for hook in hooks:
        hook.remove()
    content = {}
    for name, (x, y) in seen.items():
        bias = getattr(model.get_submodule(name), "bias", None)
        y = y if bias is None else y - bias
        if x.dim() == 3:
            x, y = x[mask], y[mask]
        content[name] = {
            "tokens": x.shape[0],
            "inputSquareSums": (x**2).sum(0).tolist(),
            "inputAbsoluteSums": x.abs().sum(0).tolist(),
            "inputAbsoluteMaxima": x.abs().amax(0).tolist(),
            "hessian": (x.T @ x).flatten().tolist() if x.shape[1] <= 24 else None,
            "outputGram": (y.T @ y).flatten().tolist() if y.shape[1] <= 24 else None,
        }
    return content


def logits(model, inputs):
    with torch.no_grad():
        return model(**inputs).logits.flatten().tolist()


@torch.no_grad()
def without_heads(matrices, heads, head_width):
    """Zeros the columns of an output projection [out, in] that these heads feed."""
    for head in heads:
        matrices[:, head * head_width : (head + 1) * head_width] = 0


def top_k(hidden, kept):
    indices = hidden.abs().topk(kept, dim=-1).indices
    return torch.zeros_like(hidden).scatter(-1, indices, hidden.gather(-1, indices))


def cosine(before, after, mask):
    return torch.cosine_similarity(before[mask], after[mask], dim=1).mean().item()


def similarities(blocks, middles, run, mask):
    """Mean cosine similarities of a block's input, the state between its two sub-layers, and its output."""
    inputs, middle, outputs, hooks = [], [], [], []
    hidden = lambda value: value[0] if isinstance(value, tuple) else value  # noqa: E731
    for block in blocks:
        hooks.append(block.register_forward_pre_hook(lambda _, x: inputs.append(x[0])))
        hooks.append(block.register_forward_hook(lambda _, x, y: outputs.append(hidden(y))))
    for module in middles:
        hooks.append(module.register_forward_pre_hook(lambda _, x: middle.append(x[0])))
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    count = len(blocks)
    content = {
        "blocks": [
            [cosine(inputs[start], outputs[start + length - 1], mask) for start in range(count - length + 1)]
            for length in range(1, count + 1)
        ]
    }
    if middles:
        content["attention"] = [cosine(inputs[i], middle[i], mask) for i in range(count)]
        content["feedForward"] = [cosine(middle[i], outputs[i], mask) for i in range(count)]
    return content


def gpt2_parts():
    """GPT-2 without a head, neurons, a sub-layer or a block. Conv1D weights are [in, out]."""
    ids = sequences(1, 9, 97, 3)
    load = lambda: GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2").double().eval()  # noqa: E731
    results = {"ids": ids.flatten().tolist()}
    with torch.no_grad():
        model = load()
        without_heads(model.transformer.h[1].attn.c_proj.weight.T, [0], 12)
        results["withoutHead0OfBlock1"] = logits(model, {"input_ids": ids})
        model = load()
        model.transformer.h[0].mlp.c_proj.weight[1::2] = 0
        results["evenNeuronsOfBlock0"] = logits(model, {"input_ids": ids})
        model = load()
        model.transformer.h[0].attn.c_proj.weight.zero_()
        model.transformer.h[0].attn.c_proj.bias.zero_()
        results["withoutAttentionOfBlock0"] = logits(model, {"input_ids": ids})
        model = load()
        model.transformer.h[1].mlp.c_proj.weight.zero_()
        model.transformer.h[1].mlp.c_proj.bias.zero_()
        results["withoutFeedForwardOfBlock1"] = logits(model, {"input_ids": ids})
        model = load()
        del model.transformer.h[0]
        for index, block in enumerate(model.transformer.h):
            block.attn.layer_idx = index
        model.config.n_layer = 1
        results["onlyBlock1"] = logits(model, {"input_ids": ids})
        model = load()
        keep_greatest = lambda _, x, y: top_k(y[0] if isinstance(y, tuple) else y, 6)  # noqa: E731
        model.transformer.h[0].register_forward_hook(keep_greatest)
        results["quarterOfActivations"] = logits(model, {"input_ids": ids})
    return results


def bert_parts():
    ids = sequences(2, 7, 80, 4)
    inputs = {"input_ids": ids}
    load = lambda: BertForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").double().eval()  # noqa: E731
    results = {"ids": ids.flatten().tolist()}
    with torch.no_grad():
        model = load()
        without_heads(model.bert.encoder.layer[0].attention.output.dense.weight, [1], 12)
        results["withoutHead1OfBlock0"] = logits(model, inputs)
        model = load()
        model.bert.encoder.layer[1].output.dense.weight[:, 1::2] = 0
        results["evenNeuronsOfBlock1"] = logits(model, inputs)
        model = load()
        for parameter in model.bert.encoder.layer[1].attention.output.dense.parameters():
            parameter.zero_()
        results["withoutAttentionOfBlock1"] = logits(model, inputs)
        model = load()
        del model.bert.encoder.layer[1]
        results["onlyBlock0"] = logits(model, inputs)
    return results


def main():
    gpt2 = GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2").double().eval()
    bert = BertForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").double().eval()
    gpt2_ids = sequences(4, 11, 97, 1)
    bert_ids, lengths = sequences(3, 8, 80, 2), [8, 5, 3]
    mask = torch.tensor([[position < length for position in range(8)] for length in lengths])
    bert_inputs = {"input_ids": bert_ids, "attention_mask": mask.long()}
    all_tokens = torch.ones_like(gpt2_ids, dtype=torch.bool)
    write_fixture(
        "calibration.json",
        {
            "gpt2": {
                "ids": gpt2_ids.tolist(),
                "statistics": statistics(gpt2, {"input_ids": gpt2_ids}, all_tokens, GPT2_LINEARS),
                "similarities": similarities(
                    gpt2.transformer.h,
                    [block.ln_2 for block in gpt2.transformer.h],
                    lambda: gpt2(input_ids=gpt2_ids),
                    all_tokens,
                ),
            },
            "bert": {
                "ids": bert_ids.tolist(),
                "lengths": lengths,
                "statistics": statistics(bert, bert_inputs, mask, BERT_LINEARS),
                "similarities": similarities(bert.bert.encoder.layer, [], lambda: bert(**bert_inputs), mask),
            },
        },
    )
    write_fixture("structure.json", {"gpt2": gpt2_parts(), "bert": bert_parts()})


if __name__ == "__main__":
    main()
