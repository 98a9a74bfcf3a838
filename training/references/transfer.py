"""Random draws of a transfer from masked language modelling to a classifier, and the initial outputs of the classifier.

    python -m references.transfer        (in the folder training)

Masked windows and labelled examples are those of recovery/examples.py. The classifier is transformers' own, on the encoder of
the tiny masked language model, with the head that recovery/examples.py draws.
"""

import torch
from transformers import BertForSequenceClassification

from recovery import examples
from references.write_fixture import FIXTURES, write_fixture

LABELLED = [(60, 0.1, 0, 3), (400, 0.02, 7, 0), (5000, 0.5, 1, 2**31 - 1)]
MASKED = [(3000, 32, 0), (400_000, 128, 11)]
STEPS = [0, 1, 399]
BATCH = 5
CLS, SEP, MASK = 2, 3, 4
SEED, LABELS = 9, 3
SENTENCE = [CLS, 73, 74, 40, 12, 75, SEP]


def labelled_case(count, share, seed, run_seed):
    training, held_out = examples.split(count, share, seed)
    steps = {str(step): examples.drawn(training, step, BATCH, run_seed) for step in STEPS}
    case = {"examples": count, "heldOutShare": share, "seed": seed, "runSeed": run_seed}
    return {**case, "heldOut": held_out, "steps": steps}


def masked_case(tokens, length, seed):
    ids = range(tokens)
    steps = {}
    for step in STEPS:
        rows, targets = examples.masked_batch(ids, step, BATCH, length, seed, (-1, -2), -3)
        steps[str(step)] = {"starts": starts_of(rows, targets), "masked": places(targets)}
    held = [targets for _, targets in examples.masked_held_out(ids, 4, length, (-1, -2), -3)]
    case = {"tokens": tokens, "length": length, "seed": seed}
    return {**case, "steps": steps, "heldOutMasked": [places(each) for each in held[:2]]}


def starts_of(rows, targets):
    return [target[1] if target[1] >= 0 else row[1] for row, target in zip(rows, targets)]


def places(targets):
    return [[index for index, value in enumerate(target) if value >= 0] for target in targets]


def head():
    folder = FIXTURES / "tiny-bert-mlm"
    model = BertForSequenceClassification.from_pretrained(folder, num_labels=LABELS, dtype=torch.float32).eval()
    width = model.config.hidden_size
    classifier, pooler = examples.initial_head(width, LABELS, SEED)
    with torch.no_grad():
        model.classifier.weight.copy_(classifier)
        model.bert.pooler.dense.weight.copy_(pooler)
        model.classifier.bias.zero_()
        model.bert.pooler.dense.bias.zero_()
        logits = model(torch.tensor([SENTENCE])).logits[0]
    return {
        "seed": SEED,
        "labels": LABELS,
        "classifier": classifier.flatten().tolist(),
        "pooler": pooler.flatten().tolist(),
        "sentence": SENTENCE,
        "logits": logits.tolist(),
    }


def main():
    write_fixture(
        "transfer.json",
        {
            "batch": BATCH,
            "labelled": [labelled_case(*case) for case in LABELLED],
            "masked": [masked_case(*case) for case in MASKED],
            "head": head(),
        },
    )


if __name__ == "__main__":
    main()
