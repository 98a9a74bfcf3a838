"""Prune a masked language model, lock the pattern, and fine-tune it as a classifier, as with Lathe's gradual-pruning,
classification-head and fine-tuning in one recipe (Prune Once for All, Zafrir et al. 2021).

    python -m recovery.transfer --model MLM_FOLDER --text TEXT --labelled TRAIN.tsv --test DEV.tsv      (in the folder training)
    python -m recovery.transfer … --sparsity 0                the dense model for comparison
    python -m recovery.transfer … --fine-seeds 0 1 2          pruned once, fine-tuned from each of the seeds

The same windows, masks, sentences and new weights as Lathe draws; with --sparsity 0 nothing is trained on the text.
"""

import argparse
import copy
from pathlib import Path
from types import SimpleNamespace

import torch
from torch.nn import functional
from torch.nn.utils import parametrize
from transformers import AutoTokenizer, BertForMaskedLM, BertForSequenceClassification

from classification import read_labelled
from recovery import examples, training_loop
from recovery.gradual_pruning import GradualPruning


class Mask(torch.nn.Module):
    """weight ⊙ mask."""

    def __init__(self, weight):
        super().__init__()
        self.register_buffer("mask", torch.ones_like(weight))

    def forward(self, weight):
        return weight * self.mask


class MaskedLinear:
    """Interface for gradual pruning: the values without the mask, and the mask."""

    def __init__(self, linear):
        parametrize.register_parametrization(linear, "weight", Mask(linear.weight.detach()), unsafe=True)
        self.weight = linear.parametrizations.weight.original
        self.mask = linear.parametrizations.weight[0].mask


class MaskedLanguage:
    """The loss of masked tokens, with the teacher's predictions of them and its hidden states of all."""

    def __init__(self, student, teacher, ids, tokenizer, arguments):
        self.student, self.teacher, self.ids, self.arguments = student, teacher, ids, arguments
        self.around = (tokenizer.cls_token_id, tokenizer.sep_token_id)
        self.mask_token = tokenizer.mask_token_id

    def batch(self, step):
        length = self.arguments.length
        settings = (step, self.arguments.batch_size, length, self.arguments.seed)
        return tensors(examples.masked_batch(self.ids, *settings, self.around, self.mask_token))

    def loss(self, batch):
        ids, targets = batch
        a, b = self.arguments.distillation_weight, self.arguments.hidden_weight
        asked = targets != examples.NO_TARGET
        with torch.no_grad():
            teacher = self.teacher(ids, output_hidden_states=b > 0)
        student = self.student(ids, output_hidden_states=b > 0)
        given, taught = student.logits[asked], teacher.logits[asked]
        divergence = functional.kl_div(
            given.log_softmax(-1), taught.log_softmax(-1), log_target=True, reduction="batchmean"
        )
        loss = a * divergence + (1 - a) * functional.cross_entropy(given, targets[asked])
        if b > 0:
            states = zip(student.hidden_states, teacher.hidden_states)
            loss = loss + b * sum(functional.mse_loss(own, other) for own, other in states)
        return loss

    @torch.no_grad()
    def held_out_loss(self):
        total = count = 0
        size = self.arguments.batch_size
        for batch in examples.masked_held_out(self.ids, size, self.arguments.length, self.around, self.mask_token):
            ids, targets = tensors(batch)
            asked = targets != examples.NO_TARGET
            total += functional.cross_entropy(self.student(ids).logits[asked], targets[asked], reduction="sum").item()
            count += int(asked.sum())
        return total / count


class Sentences:
    """The cross-entropy of labels."""

    def __init__(self, model, tokenizer, rows, arguments, seed):
        self.model, self.tokenizer, self.rows, self.arguments, self.seed = model, tokenizer, rows, arguments, seed
        self.training, self.held = examples.split(len(rows), arguments.held_out_share)

    def batch(self, step):
        drawn = examples.drawn(self.training, step, self.arguments.batch_size, self.seed)
        return [self.rows[index] for index in drawn]

    def logits(self, rows):
        texts = [text for text, _ in rows]
        given = self.tokenizer(
            texts, padding=True, truncation=True, max_length=self.arguments.length, return_tensors="pt"
        )
        return self.model(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).logits

    def loss(self, rows):
        return functional.cross_entropy(self.logits(rows), torch.tensor([label for _, label in rows]))

    @torch.no_grad()
    def held_out_loss(self):
        size, total = self.arguments.batch_size, 0
        for start in range(0, len(self.held), size):
            rows = [self.rows[index] for index in self.held[start : start + size]]
            total += self.loss(rows).item() * len(rows)
        return total / len(self.held)

    @torch.no_grad()
    def accuracy(self, rows):
        hits = 0
        for start in range(0, len(rows), 16):
            some = rows[start : start + 16]
            hits += int((self.logits(some).argmax(-1) == torch.tensor([label for _, label in some])).sum())
        return hits / len(rows)


def train(what, model, settings, data, held_out_loss, before_step=None):
    """Train on the data's batches and loss; return the step of the model's final parameters."""
    model.eval()  # Lathe trains without dropout.

    def backward(step):
        loss = data.loss(data.batch(step))
        loss.backward()
        return loss.item()

    return training_loop.train(model, settings, backward, held_out_loss, before_step, label=f"{what}: ")


def tensors(batch):
    return tuple(torch.tensor(rows) for rows in batch)


def prune(model, teacher, tokenizer, arguments):
    """Masks that grow while the model is trained on the text, until they are locked."""
    ids = tokenizer(arguments.text.read_text(encoding="utf-8"), add_special_tokens=False, verbose=False)["input_ids"]
    language = MaskedLanguage(model, teacher, ids, tokenizer, arguments)
    linears = {name: MaskedLinear(module) for name, module in block_linears(model)}
    pruning = GradualPruning(SimpleNamespace(held_out_loss=language.held_out_loss), linears, arguments)
    # Only the matrices of the blocks train; the token embedding and the head do not change.
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    model.cls.predictions.transform.dense.weight.requires_grad_(False)
    settings = settings_of(arguments)
    best = train("pruning", model, settings, language, pruning.held_out_loss, pruning.before_step)
    if best <= pruning.last:
        pruning.set_masks(1.0)
    return {name: linear.mask.clone() for name, linear in linears.items()}


def block_linears(model):
    return [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith("bert.encoder.")
    ]


def with_classifier(model, folder, labels, seed):
    """A classifier with a copy of the model's encoder, including its masks."""
    classifier = BertForSequenceClassification.from_pretrained(folder, num_labels=labels, dtype=torch.float32)
    classifier.bert.embeddings = copy.deepcopy(model.bert.embeddings)
    classifier.bert.encoder = copy.deepcopy(model.bert.encoder)
    head, pooler = examples.initial_head(classifier.config.hidden_size, labels, seed)
    with torch.no_grad():
        classifier.classifier.weight.copy_(head)
        classifier.classifier.bias.zero_()
        classifier.bert.pooler.dense.weight.copy_(pooler)
        classifier.bert.pooler.dense.bias.zero_()
    return classifier.requires_grad_(True)


def settings_of(arguments, fine=False):
    """Settings of the run on the text, or of the fine-tuning."""
    steps, peak, warm_up = (
        (arguments.fine_steps, arguments.fine_peak, arguments.fine_warm_up)
        if fine
        else (arguments.steps, arguments.peak, arguments.warm_up)
    )
    names = ["schedule", "final_share", "decay_share", "cycles", "weight_decay", "clipping", "evaluate_every"]
    return SimpleNamespace(steps=steps, peak=peak, warm_up=warm_up, **{name: getattr(arguments, name) for name in names})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of a BertForMaskedLM")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--labelled", type=Path, required=True, help="lines of sentence, tab, label")
    parser.add_argument("--test", type=Path, required=True, help="the same, never trained on")
    parser.add_argument("--labels", type=int, default=2)
    parser.add_argument("--sparsity", type=float, default=0.7)
    parser.add_argument("--pattern", help="N:M instead of a sparsity")
    parser.add_argument("--prune-every", type=int, default=10)
    parser.add_argument("--pruning-share", type=float, default=0.5)
    for name, steps in [("", 400), ("fine-", 400)]:
        parser.add_argument(f"--{name}steps", type=int, default=steps)
        parser.add_argument(f"--{name}peak", type=float, default=1.2e-3)
        parser.add_argument(f"--{name}warm-up", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--length", type=int, default=128)
    training_loop.add_schedule_arguments(parser)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--clipping", type=float, default=1.0)
    parser.add_argument("--distillation-weight", type=float, default=0.7)
    parser.add_argument("--hidden-weight", type=float, default=0.0)
    parser.add_argument("--held-out-share", type=float, default=0.02, help="of the labelled sentences")
    parser.add_argument("--seed", type=int, default=0, help="of the windows and masks of the text")
    parser.add_argument("--fine-seeds", type=int, nargs="+", default=[0], help="of the new weights and the sentences")
    parser.add_argument("--evaluate-every", type=int, default=50)
    return parser.parse_args()


def main():
    arguments = parse()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    teacher = BertForMaskedLM.from_pretrained(arguments.model, dtype=torch.float32).eval().requires_grad_(False)
    model = copy.deepcopy(teacher).requires_grad_(True)
    masks = prune(model, teacher, tokenizer, arguments) if arguments.sparsity > 0 or arguments.pattern else {}
    labelled, test = read_labelled(arguments.labelled), read_labelled(arguments.test)
    for seed in arguments.fine_seeds:
        classifier = with_classifier(model, arguments.model, arguments.labels, seed)
        sentences = Sentences(classifier, tokenizer, labelled, arguments, seed)
        train("fine-tuning", classifier, settings_of(arguments, fine=True), sentences, sentences.held_out_loss)
        zeros = share_of_zeros(classifier, masks)
        print(f"seed {seed}: accuracy {sentences.accuracy(test):.4f} on {len(test)} sentences, {zeros:.1%} of the weights zero")


def share_of_zeros(classifier, masks):
    """Sparsity of the blocks' weights, which include all masked ones."""
    linears = dict(block_linears(classifier))
    for name, mask in masks.items():
        assert bool((linears[name].weight[mask == 0] == 0).all()), f"{name} has lost its pattern"
    shares = [float((linear.weight == 0).float().mean()) for linear in linears.values()]
    return sum(shares) / len(shares)


if __name__ == "__main__":
    main()
