"""Divergence of attention between the tiny checkpoints and changed copies of them, and its gradients, by autograd in float64.

    python -m references.attention_distillation        (in the folder training)

The teacher is the checkpoint; in the student all linears of the blocks, including queries and keys, are scaled, and some
heads or blocks may be removed. The loss is the cross-entropy of the targets, so that the two gradients can be distinguished,
plus a weight times the sum over blocks of KL(teacher's attention ‖ student's), averaged over sequences, common heads and queries
that are not padding, for the maps of transformers' eager attention. A head is removed by setting its columns of the output
projection to 0; its own rows then have no gradient. The fixture holds the gradients of the query and key matrices, and the norms
of all gradients.
"""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertForMaskedLM, BertForSequenceClassification, GPT2LMHeadModel

from references.distillation import MASK, PADDING, matrix, padded, sequences
from references.write_fixture import FIXTURES, write_fixture

WIDTH, HEADS = 24, 2
HEAD_WIDTH = WIDTH // HEADS
SHRINK = 0.7
WEIGHT = 3.0


def divergence(student, teacher, mask, causal):
    """Both [batch, heads, queries, keys]; mean over heads and queries that are not padding."""
    seen = mask.bool()[:, None, None, :].expand_as(student)
    if causal:
        seen = seen & torch.ones_like(student, dtype=torch.bool).tril()
    logarithm = lambda weights: torch.where(seen, weights, 1).log()
    of_queries = (teacher * (logarithm(teacher) - logarithm(student))).sum(-1)
    return of_queries.mean(1)[mask.bool()].mean()


def take_out_heads(blocks, kept_heads, causal):
    for number, kept in kept_heads.items():
        output = blocks[number].attn.c_proj.weight if causal else blocks[number].attention.output.dense.weight.T
        for head in set(range(HEADS)) - set(kept):
            output[head * HEAD_WIDTH : (head + 1) * HEAD_WIDTH] = 0


def case(kind, folder, ids, targets, causal, written, kept_heads=None, kept_blocks=None, teacher_heads=None):
    """kept_heads: remaining heads by block number; kept_blocks: numbers of the remaining blocks."""
    kept_heads, teacher_heads = kept_heads or {}, teacher_heads or {}
    teacher, student = (kind.from_pretrained(FIXTURES / folder, attn_implementation="eager").double().eval() for _ in range(2))
    blocks_of = lambda model: model.transformer.h if causal else model.bert.encoder.layer
    blocks = blocks_of(student)
    numbers = list(range(len(blocks))) if kept_blocks is None else kept_blocks
    with torch.no_grad():
        for block in blocks:
            for parameter in block.parameters():
                if parameter.dim() == 2:
                    parameter.mul_(SHRINK)
        take_out_heads(blocks, kept_heads, causal)
        take_out_heads(blocks_of(teacher), teacher_heads, causal)
    names = {f"{name}.weight": parameter for name, module in student.named_modules() for parameter in [getattr(module, "weight", None)] if parameter is not None}
    left = nn.ModuleList(blocks[number] for number in numbers)
    if causal:
        student.transformer.h, student.config.use_cache = left, False
    else:
        student.bert.encoder.layer = left
    batch, mask = padded(ids, PADDING), padded([torch.ones_like(row) for row in ids], 0)
    with torch.no_grad():
        taught = teacher(batch, attention_mask=mask, output_attentions=True).attentions
    given = student(batch, attention_mask=mask, output_attentions=True)
    assert len(given.attentions) == len(numbers)
    divergences = []
    for position, number in enumerate(numbers):
        heads = [head for head in kept_heads.get(number, range(HEADS)) if head in teacher_heads.get(number, range(HEADS))]
        divergences.append(divergence(given.attentions[position][:, heads], taught[number][:, heads], mask, causal))
    scored = targets >= 0
    loss = F.cross_entropy(given.logits[scored], targets[scored]) + WEIGHT * sum(divergences)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in names.items() if parameter.grad is not None}
    modules = [name.removesuffix(".weight") for name, value in gradients.items() if value.dim() == 2]
    return {
        "ids": batch.flatten().tolist(),
        "lengths": [len(row) for row in ids],
        "targets": targets.flatten().tolist(),
        "keptHeads": {str(number): heads for number, heads in kept_heads.items()},
        "teacherHeads": {str(number): heads for number, heads in teacher_heads.items()},
        "keptBlocks": numbers,
        "divergences": [value.item() for value in divergences],
        "loss": loss.item(),
        "norms": {module: gradients[f"{module}.weight"].norm().item() for module in modules},
        # [out, in], without the rows of values.
        "gradients": {module: matrix(teacher, module, gradients[f"{module}.weight"])[: 2 * WIDTH].flatten().tolist() for module in written},
    }


def gpt2(**changes):
    ids = sequences([9, 9, 6], 97, 31)
    targets = padded([torch.cat([row[1:], torch.tensor([-1])]) for row in ids], -1)
    return case(GPT2LMHeadModel, "tiny-gpt2", ids, targets, True, ["transformer.h.1.attn.c_attn"], **changes)


def bert(**changes):
    ids = sequences([8, 5, 7], 80, 32)
    written = [f"bert.encoder.layer.1.attention.self.{role}" for role in ("query", "key")]
    return case(BertForSequenceClassification, "tiny-bert", ids, torch.tensor([1, 0, 1]), False, written, **changes)


def masked_lm():
    ids = sequences([9, 6], 80, 33)
    targets = [torch.full_like(row, -1) for row in ids]
    for row, target, positions in zip(ids, targets, [[2, 5], [1]]):
        target[positions] = row[positions]
        row[positions] = MASK
    written = [f"bert.encoder.layer.0.attention.self.{role}" for role in ("query", "key")]
    return case(BertForMaskedLM, "tiny-bert-mlm", ids, padded(targets, -1), False, written)


if __name__ == "__main__":
    content = {
        "gpt2": gpt2(),
        "gpt2WithoutHeads": gpt2(kept_heads={0: [1], 1: [0]}),
        "gpt2WithoutBlocks": gpt2(kept_blocks=[1]),
        "gpt2FromTeacherWithoutHeads": gpt2(teacher_heads={1: [1]}),
        "bert": bert(),
        "bertWithoutHeads": bert(kept_heads={1: [1]}),
        "maskedLm": masked_lm(),
    }
    for name, result in content.items():
        print(name, "loss", result["loss"], "divergences", result["divergences"])
    write_fixture("attention-distillation.json", {"weight": WEIGHT, "shrink": SHRINK, **content})
