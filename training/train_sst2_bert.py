"""Train the demo BERT: masked-LM on sentences and fairy tales, then sentiment on SST-2.

    python train_sst2_bert.py --train SST-2/train.tsv --dev SST-2/dev.tsv --exclude SST-2/test.tsv \\
        --text data/fairy-tales.train.txt --output DIR --masked-lm-output DIR

The .tsv files hold `sentence<TAB>label` rows, with or without a header line. Training sentences that occur in dev or
in an --exclude file are removed. The checkpoint that is best on dev is written. `--steps 2 --epochs 1` is a quick trial.
"""

import argparse
import copy
import random
from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
)

from classification import accuracy_and_f1, classify, read_labelled
from schedule import adamw, cosine_with_warm_up, train_step

VOCABULARY, CONTEXT = 8000, 128
BATCH, PEAK = 64, 5e-4
PARAGRAPHS = 20_000
SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
REPORT_EVERY = 50


def train_tokenizer(sentences):
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(
        sentences, vocab_size=VOCABULARY, special_tokens=list(SPECIAL.values()), show_progress=False
    )
    # Training leaves no post-processor behind: set the one that adds [CLS] and [SEP].
    tokenizer = BertWordPieceTokenizer(tokenizer.get_vocab(), lowercase=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer._tokenizer,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **SPECIAL,
    )


def configuration():
    return BertConfig(
        vocab_size=VOCABULARY, hidden_size=192, num_hidden_layers=4, num_attention_heads=6, intermediate_size=768,
        max_position_embeddings=CONTEXT, pad_token_id=0, num_labels=2,
        id2label={0: "NEGATIVE", 1: "POSITIVE"}, label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )  # fmt: skip


def encode(tokenizer, texts):
    return tokenizer(texts, truncation=True, padding=True, return_tensors="pt")


def train_masked_lm(model, tokenizer, texts, steps):
    mask = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    optimizer = adamw(model, PEAK)
    scheduler = cosine_with_warm_up(optimizer, steps, warm_up=max(1, steps // 10))
    model.train()
    for step in range(steps):
        inputs = encode(tokenizer, random.sample(texts, min(BATCH, len(texts))))
        inputs["input_ids"], inputs["labels"] = mask.torch_mask_tokens(inputs["input_ids"])
        loss = train_step(model, inputs, optimizer, scheduler)
        if step % REPORT_EVERY == 0:
            print(f"masked LM step {step} loss {loss:.4f}", flush=True)


def train_classifier(model, tokenizer, train, dev, epochs, max_steps):
    """State that is best on dev, with its accuracy and F1."""
    per_epoch = (len(train) + BATCH - 1) // BATCH
    optimizer = adamw(model, PEAK)
    scheduler = cosine_with_warm_up(optimizer, epochs * per_epoch, warm_up=max(1, epochs * per_epoch // 10))
    best, state = (-1.0, 0.0), None
    for epoch in range(epochs):
        random.shuffle(train)
        model.train()
        for begin in range(0, min(len(train), (max_steps or per_epoch) * BATCH), BATCH):
            sentences, labels = zip(*train[begin : begin + BATCH])
            inputs = encode(tokenizer, list(sentences)) | {"labels": torch.tensor(labels)}
            train_step(model, inputs, optimizer, scheduler)
        model.eval()
        predictions = classify(model, tokenizer, [sentence for sentence, _ in dev]).argmax(-1).tolist()
        figures = accuracy_and_f1(predictions, [label for _, label in dev])
        print(f"epoch {epoch} dev accuracy {figures[0]:.4f} F1 {figures[1]:.4f}", flush=True)
        if figures > best:
            best, state = figures, copy.deepcopy(model.state_dict())
    return state, best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], help="files whose sentences are not trained on")
    parser.add_argument("--text", type=Path, help="further text for the masked LM, a paragraph a line")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--masked-lm-output", type=Path)
    parser.add_argument("--masked-lm-steps", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--steps", type=int, help="at most so many steps of each kind, to try the script out")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    dev = read_labelled(arguments.dev)
    held_out = {sentence.strip() for sentence, _ in dev}
    for path in arguments.exclude:
        held_out |= {field.strip() for line in path.read_text(encoding="utf-8").splitlines() for field in line.split("\t")}
    train = [(sentence, label) for sentence, label in read_labelled(arguments.train) if sentence.strip() not in held_out]
    if not train:
        parser.error(f"{arguments.train} has no sentence that is not held out")
    texts = [sentence for sentence, _ in train]
    if arguments.text:
        lines = arguments.text.read_text(encoding="utf-8").splitlines()
        texts += random.sample(lines, min(PARAGRAPHS, len(lines)))

    tokenizer = train_tokenizer(texts)
    masked_lm = BertForMaskedLM(configuration())
    train_masked_lm(masked_lm, tokenizer, texts, arguments.steps or arguments.masked_lm_steps)
    if arguments.masked_lm_output:
        masked_lm.save_pretrained(arguments.masked_lm_output)
        tokenizer.save_pretrained(arguments.masked_lm_output)

    classifier = BertForSequenceClassification(configuration())
    classifier.bert.load_state_dict(masked_lm.bert.state_dict(), strict=False)  # the masked LM has no pooler
    state, (accuracy, f1) = train_classifier(classifier, tokenizer, train, dev, arguments.epochs, arguments.steps)
    classifier.load_state_dict(state)
    classifier.save_pretrained(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    print(f"kept: dev accuracy {accuracy:.4f} F1 {f1:.4f}")


if __name__ == "__main__":
    main()
