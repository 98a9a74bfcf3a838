"""Accuracy and F1 of a sequence classifier on `sentence<TAB>label` rows."""

import torch


def read_labelled(path, max_examples=None):
    """Rows of a .tsv as (sentence, label); a header line `sentence<TAB>label` is skipped."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            sentence, label = line.rstrip("\n").rsplit("\t", 1)
            if label != "label":
                rows.append((sentence, int(label)))
    return rows[:max_examples]


@torch.no_grad()
def classify(model, tokenizer, sentences, batch=64):
    """Logits [sentences, labels] in float32."""
    logits = []
    for begin in range(0, len(sentences), batch):
        inputs = tokenizer(
            sentences[begin : begin + batch],
            padding=True,
            truncation=True,
            max_length=model.config.max_position_embeddings,
            return_tensors="pt",
        )
        logits.append(model(**inputs).logits.float())
    return torch.cat(logits)


def accuracy_and_f1(predictions, labels, positive=1):
    """(accuracy, F1 of the label `positive`)."""
    pairs = list(zip(predictions, labels, strict=True))
    true_positive = sum(p == positive and y == positive for p, y in pairs)
    wrong_about_positive = sum((p == positive) != (y == positive) for p, y in pairs)
    accuracy = sum(p == y for p, y in pairs) / len(pairs)
    denominator = 2 * true_positive + wrong_about_positive
    return accuracy, (2 * true_positive / denominator if denominator else 0.0)
