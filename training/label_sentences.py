"""Label the sentences of a text with a classifier, the same number for each label, as training data for a smaller model
if the labelled set itself is not available.

    python label_sentences.py --model SST2_BERT_FOLDER --text data/fairy-tales.train.txt --output labelled.tsv
"""

import argparse
import random
import re
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from classification import classify


def sentences_of(text, fewest_words, most_words):
    """Distinct sentences in lower case."""
    found = (" ".join(sentence.split()).lower() for sentence in re.split(r"(?<=[.!?;])[\"”’']?\s+", text))
    return list(dict.fromkeys(sentence for sentence in found if fewest_words <= len(sentence.split()) <= most_words))


def balanced(labels):
    """Indices of equally many of each label, as many as the rarest has, in their order."""
    of_label = {label: [index for index, each in enumerate(labels) if each == label] for label in set(labels)}
    fewest = min(len(indices) for indices in of_label.values())
    return sorted(index for indices in of_label.values() for index in indices[:fewest])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of a BertForSequenceClassification")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=48_000, help="drawn from the text, before they are balanced")
    parser.add_argument("--words", type=int, nargs=2, default=(4, 25), metavar=("FEWEST", "MOST"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = BertForSequenceClassification.from_pretrained(arguments.model, dtype=torch.float32).eval()
    sentences = sentences_of(arguments.text.read_text(encoding="utf-8"), *arguments.words)
    random.Random(arguments.seed).shuffle(sentences)
    sentences = sentences[: arguments.sentences]
    labels = classify(model, tokenizer, sentences).argmax(-1).tolist()
    kept = balanced(labels)
    arguments.output.write_text("".join(f"{sentences[index]}\t{labels[index]}\n" for index in kept), encoding="utf-8")
    print(f"{len(kept)} of {len(sentences)} sentences, as many of each label")


if __name__ == "__main__":
    main()
