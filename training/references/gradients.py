"""Losses of the tiny checkpoints and their gradients with respect to weights, vectors and gates, by autograd in float64.

    python -m references.gradients        (in the folder training)

Vectors are biases, norms and position embeddings. A gate is a factor of 1 on each head's output before the output projection,
and on each feed-forward activation; each sequence has its own, so that one backward pass gives every sequence's derivatives. Sequences of different lengths run one by one.
"""

import torch
from transformers import BertForMaskedLM, BertForSequenceClassification, GPT2LMHeadModel

from references.write_fixture import FIXTURES, write_fixture

HEADS = 2
MASK = 4
WRITTEN = {
    "gpt2": ["transformer.h.0.attn.c_attn", "transformer.wte"],
    "bert": ["bert.encoder.layer.0.attention.self.query", "bert.encoder.layer.1.output.dense", "classifier"],
    "maskedLm": ["bert.embeddings.word_embeddings", "cls.predictions.transform.dense"],
}


def sequences(lengths, vocabulary, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(5, vocabulary, (length,), generator=generator) for length in lengths]


def gate_linears(model, names, gates, heads):
    """Multiply every head (or every neuron, where heads is None) by its gate before each of these linears."""
    hooks = []
    for name, gate in zip(names, gates):

        def scale(_, inputs, gate=gate):
            (x,) = inputs
            parts = x.shape[-1] if heads is None else heads
            return ((x.unflatten(-1, (parts, -1)) * gate[:, None]).flatten(-2),)

        hooks.append(model.get_submodule(name).register_forward_pre_hook(scale))
    return hooks


def matrix(model, module, gradients):
    """[out, in], as in Lathe: GPT-2's Conv1D is [in, out]."""
    gradient = gradients[f"{module}.weight"]
    return gradient.T if type(model.get_submodule(module)).__name__ == "Conv1D" else gradient


def results(model, family, examples, attention_names, feed_forward_names, neurons, loss):
    """The loss and the gates' gradients of each sequence, and the gradients of the mean loss with respect to weights."""
    content = {"losses": [], "heads": [], "neurons": []}
    gates = {
        "heads": ([torch.ones(HEADS, dtype=torch.float64, requires_grad=True) for _ in attention_names], attention_names, HEADS),
        "neurons": ([torch.ones(neurons, dtype=torch.float64, requires_grad=True) for _ in feed_forward_names], feed_forward_names, None),
    }
    hooks = [hook for held, names, heads in gates.values() for hook in gate_linears(model, names, held, heads)]
    total = 0
    for example in examples:
        value = loss(model, example)
        total = total + value
        content["losses"].append(value.item())
        for kind, (held, _, _) in gates.items():
            found = torch.autograd.grad(value, held, retain_graph=True)
            content[kind].append([gradient.tolist() for gradient in found])
    for hook in hooks:
        hook.remove()
    (total / len(examples)).backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    modules = [name.removesuffix(".weight") for name, value in gradients.items() if value.dim() == 2 and name.endswith(".weight")]
    # Lathe's vectors: biases, norms, embeddings of positions and of token types.
    beside = [name for name, value in gradients.items() if value.dim() == 1 or "wpe" in name or "position_emb" in name or "token_type" in name]
    content["vectors"] = {name: gradients[name].flatten().tolist() for name in beside}
    content["norms"] = {module: gradients[f"{module}.weight"].norm().item() for module in modules}
    content["weights"] = {module: matrix(model, module, gradients).flatten().tolist() for module in WRITTEN[family]}
    return content


def gpt2():
    model = GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2").double().eval()
    ids = sequences([9, 9, 6], 97, 11)
    blocks = [f"transformer.h.{index}" for index in range(2)]
    content = results(
        model, "gpt2", ids,
        [f"{block}.attn.c_proj" for block in blocks], [f"{block}.mlp.c_proj" for block in blocks], 96,
        lambda model, row: model(row[None], labels=row[None]).loss,
    )  # fmt: skip
    return {"ids": [row.tolist() for row in ids], **content}


def bert_gates():
    blocks = [f"bert.encoder.layer.{index}" for index in range(2)]
    return [f"{block}.attention.output.dense" for block in blocks], [f"{block}.output.dense" for block in blocks], 40


def bert():
    model = BertForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").double().eval()
    ids, labels = sequences([8, 5, 7], 80, 12), [1, 0, 1]
    content = results(
        model, "bert", list(zip(ids, labels)), *bert_gates(),
        lambda model, example: model(example[0][None], labels=torch.tensor([example[1]])).loss,
    )  # fmt: skip
    return {"ids": [row.tolist() for row in ids], "labels": labels, **content}


def masked_lm():
    model = BertForMaskedLM.from_pretrained(FIXTURES / "tiny-bert-mlm").double().eval()
    ids = sequences([9, 6], 80, 13)
    targets = [torch.full_like(row, -100) for row in ids]
    for row, target, positions in zip(ids, targets, [[2, 5], [1]]):
        target[positions] = row[positions]
        row[positions] = MASK
    content = results(
        model, "maskedLm", list(zip(ids, targets)), *bert_gates(),
        lambda model, example: model(example[0][None], labels=example[1][None]).loss,
    )  # fmt: skip
    used = [[max(-1, value) for value in target.tolist()] for target in targets]
    return {"ids": [row.tolist() for row in ids], "targets": used, **content}


if __name__ == "__main__":
    contents = {"gpt2": gpt2(), "bert": bert(), "maskedLm": masked_lm()}
    write_fixture("vector-gradients.json", {family: content.pop("vectors") for family, content in contents.items()})
    write_fixture("gradients.json", contents)
