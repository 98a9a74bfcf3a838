"""Distillation losses of the tiny checkpoints and their gradients, by autograd in float64.

    python -m references.distillation        (in the folder training)

The teacher is the checkpoint; the student is the same with every linear of the blocks scaled by 0.9. KL(teacher ‖ student) of
both logits over a temperature, times its square, and the cross-entropy of the targets, are means over the targets;
hidden states (of the embeddings and after each block, before a last layer norm) are compared by the mean squared error over
tokens that are not padding. Sequences are padded to one length. The fixture holds the beginning of one matrix's gradient and
the norms of all gradients.
"""

import torch
import torch.nn.functional as F
from transformers import BertForMaskedLM, BertForSequenceClassification, GPT2LMHeadModel

from references.write_fixture import FIXTURES, write_fixture

SHRINK = 0.9
PADDING = 7
MASK = 4
GRADIENT_VALUES = 120
SETTINGS = [
    {"distillationWeight": 0.7, "temperature": 1.0},
    {"distillationWeight": 0.4, "temperature": 2.5},
    {"distillationWeight": 1.0, "temperature": 4.0},
    {"distillationWeight": 0.0, "temperature": 1.0},
    {"distillationWeight": 0.5, "temperature": 2.0, "hiddenWeight": 0.3},
    {"distillationWeight": 0.5, "temperature": 1.0, "hiddenWeight": 2.0, "hiddenPairs": [{"student": 1, "teacher": 2}, {"student": 0, "teacher": 0}]},
]  # fmt: skip


def sequences(lengths, vocabulary, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(5, vocabulary, (length,), generator=generator) for length in lengths]


def padded(rows, filler):
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)


def outputs(model, blocks, ids, mask):
    """Logits, and the hidden states before the first block and after each."""
    states, hooks = [], []
    hooks.append(blocks[0].register_forward_pre_hook(lambda _, inputs, keywords: states.append((*inputs, *keywords.values())[0]), with_kwargs=True))
    for block in blocks:
        hooks.append(block.register_forward_hook(lambda _, inputs, output: states.append(output[0] if isinstance(output, tuple) else output)))
    logits = model(ids, attention_mask=mask).logits
    for hook in hooks:
        hook.remove()
    assert len(states) == len(blocks) + 1 and states[0].shape == states[-1].shape == (*ids.shape, 24)
    return logits, states


def loss_of(student, teacher, targets, mask, is_classifier, settings):
    """`targets` has the shape of the logits without the classes; negative without a target."""
    (logits, states), (teacher_logits, teacher_states) = student, teacher
    weight, temperature = settings["distillationWeight"], settings["temperature"]
    scored = targets >= 0
    taught = torch.ones_like(scored) if is_classifier else scored
    divergences = F.kl_div(
        (logits / temperature).log_softmax(-1), (teacher_logits / temperature).log_softmax(-1), log_target=True, reduction="none"
    ).sum(-1)
    loss = weight * temperature**2 * divergences[taught].mean()
    if scored.any() and weight < 1:
        loss = loss + (1 - weight) * F.cross_entropy(logits[scored], targets[scored])
    pairs = settings.get("hiddenPairs", [{"student": index, "teacher": index} for index in range(len(states))])
    for pair in pairs if "hiddenWeight" in settings else []:
        error = (states[pair["student"]] - teacher_states[pair["teacher"]])[mask.bool()]
        loss = loss + settings["hiddenWeight"] * error.square().mean()
    return loss


def matrix(model, module, gradient):
    """[out, in], as in Lathe: GPT-2's Conv1D is [in, out]."""
    return gradient.T if type(model.get_submodule(module)).__name__ == "Conv1D" else gradient


def case(kind, folder, blocks_of, ids, targets, written):
    teacher, student = (kind.from_pretrained(FIXTURES / folder).double().eval() for _ in range(2))
    with torch.no_grad():
        for block in blocks_of(student):
            for parameter in block.parameters():
                if parameter.dim() == 2:
                    parameter.mul_(SHRINK)
    lengths = [len(row) for row in ids]
    batch, mask = padded(ids, PADDING), padded([torch.ones_like(row) for row in ids], 0)
    is_classifier = kind is BertForSequenceClassification
    with torch.no_grad():
        taught = outputs(teacher, blocks_of(teacher), batch, mask)
    results = []
    for settings in SETTINGS:
        if is_classifier and settings["distillationWeight"] == 0 and not (targets >= 0).any():
            continue
        student.zero_grad(set_to_none=True)
        loss = loss_of(outputs(student, blocks_of(student), batch, mask), taught, targets, mask, is_classifier, settings)
        loss.backward()
        gradients = {name: parameter.grad for name, parameter in student.named_parameters() if parameter.grad is not None}
        matrices = [name.removesuffix(".weight") for name, value in gradients.items() if value.dim() == 2]
        norms = {module: gradients[f"{module}.weight"].norm().item() for module in matrices}
        gradient = matrix(student, written, gradients[f"{written}.weight"]).flatten()[:GRADIENT_VALUES].tolist()
        results.append({"settings": settings, "loss": loss.item(), "norms": norms, "gradient": gradient})
    return {"ids": batch.flatten().tolist(), "lengths": lengths, "targets": targets.flatten().tolist(), "written": written, "results": results}


def gpt2():
    ids = sequences([9, 9, 6], 97, 21)
    targets = padded([torch.cat([row[1:], torch.tensor([-1])]) for row in ids], -1)
    return case(GPT2LMHeadModel, "tiny-gpt2", lambda model: model.transformer.h, ids, targets, "transformer.h.0.attn.c_proj")


def bert(labels):
    ids = sequences([8, 5, 7], 80, 22)
    written = "bert.encoder.layer.1.attention.self.value"
    return case(BertForSequenceClassification, "tiny-bert", lambda model: model.bert.encoder.layer, ids, torch.tensor(labels), written)


def masked_lm():
    ids = sequences([9, 6], 80, 23)
    targets = [torch.full_like(row, -1) for row in ids]
    for row, target, positions in zip(ids, targets, [[2, 5], [1]]):
        target[positions] = row[positions]
        row[positions] = MASK
    written = "bert.encoder.layer.0.attention.output.dense"
    return case(BertForMaskedLM, "tiny-bert-mlm", lambda model: model.bert.encoder.layer, ids, padded(targets, -1), written)


if __name__ == "__main__":
    write_fixture(
        "distillation.json",
        {"gpt2": gpt2(), "bert": bert([1, 0, 1]), "bertWithoutSomeLabels": bert([1, -1, -1]), "bertWithoutLabels": bert([-1, -1, -1]), "maskedLm": masked_lm()},
    )  # fmt: skip
