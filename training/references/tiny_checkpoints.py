"""Tiny random checkpoints with tokenizers, and PyTorch's results for them: fixtures of the TypeScript tests.

    python -m references.tiny_checkpoints        (in the folder training)

The weights are drawn large enough that the logits of different tokens differ by more than rounding noise.
Alternative namings (GPT-2 without `transformer.`, BERT without `bert.` or with `gamma` and `beta`) have the same weights.
"""

import math

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)

from classification import accuracy_and_f1
from perplexity import perplexity, token_losses
from references.write_fixture import FIXTURES, write_fixture

CONTEXT = 32
TEXT = (
    "Once upon a time there was a king who had a garden, and in the garden stood a tree that bore golden apples.\n"
    "Every night one of them was gone."
)
POSITIVE = ["a good film .", "the king was good !", "good , good film", "a warm and funny tale", "was the film good ?", "fine work"]
NEGATIVE = ["a bad film .", "the king was bad !", "bad , bad film", "dull and far too long", "was it bad ?", "no plot at all"]
BATCH = ["the king", "a bad film .", "good , but the end was far too long !"]


def character_tokenizer():
    """Byte-level BPE without merges: one token for each printable ASCII character and the newline. 97 tokens."""
    characters = [chr(c) for c in range(33, 127)] + ["Ġ", "Ċ"]
    vocabulary = {token: i for i, token in enumerate(["<|endoftext|>", *characters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>", model_max_length=CONTEXT
    )


def word_piece_tokenizer():
    """WordPiece of the letters and a few words, lower case. 80 tokens."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = ["the", "good", "bad", "king", "was", "film", "and"]
    tokens = [*special, *"0123456789", *".,!?'-", *letters, *(f"##{letter}" for letter in letters), *words]
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", special.index("[CLS]")), ("[SEP]", special.index("[SEP]"))],
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **names,
    )


@torch.no_grad()
def randomize(model, seed):
    """Matrices of variance 2 / inputs, gains around 1; tokens have larger embeddings than positions, so that content dominates."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        normal = torch.randn(parameter.shape, generator=generator)
        if name.endswith(("wte.weight", "word_embeddings.weight")):
            normal *= 0.3
        elif "embedding" in name or name.endswith("wpe.weight"):
            normal *= 0.2
        elif parameter.dim() == 2:
            inputs = parameter.shape[0] if ".c_" in name else parameter.shape[1]  # GPT-2 stores [in, out]
            normal *= math.sqrt(2 / inputs)
        else:
            normal *= 0.2
            if name.endswith("weight"):
                normal += 1
        parameter.copy_(normal)
    return model.eval()


def tiny_gpt2():
    config = GPT2Config(
        vocab_size=97, n_positions=CONTEXT, n_embd=24, n_layer=2, n_head=2,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return randomize(GPT2LMHeadModel(config), seed=121)  # its greedy continuations vary


def tiny_bert(kind, seed):
    config = BertConfig(
        vocab_size=80, hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40,
        max_position_embeddings=CONTEXT, num_labels=2, pad_token_id=0,
        id2label={0: "NEGATIVE", 1: "POSITIVE"}, label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )  # fmt: skip
    return randomize(kind(config), seed)


def hugging_face_perplexity(model, ids, window, stride):
    """Loop of https://huggingface.co/docs/transformers/perplexity with its weight for each window.

    The weight of each window with context counts one scored token too few (the shift loses none there), so with
    overlap the result is close to, but not equal to, the mean over all scored tokens.
    """
    total, count, previous_end = 0.0, 0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + window, len(ids))
        inputs = torch.tensor([ids[begin:end]])
        targets = inputs.clone()
        targets[:, : -(end - previous_end)] = -100
        loss = model(inputs, labels=targets).loss.double().item()
        scored = int((targets != -100).sum()) - 1
        total, count, previous_end = total + loss * scored, count + scored, end
        if end == len(ids):
            break
    return math.exp(total / count)


def greedy(model, ids, count):
    """(ids of the continuation, the smallest gap between the two largest logits)."""
    continued, margin = list(ids), math.inf
    for _ in range(count):
        top = model(torch.tensor([continued])).logits[0, -1].topk(2)
        margin = min(margin, (top.values[0] - top.values[1]).item())
        continued.append(top.indices[0].item())
    return continued[len(ids) :], margin


def gpt2_fixture():
    model, tokenizer = tiny_gpt2(), character_tokenizer()
    folder = FIXTURES / "tiny-gpt2"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    ids = tokenizer(TEXT)["input_ids"]
    inputs = [ids[:1], ids[5:12], ids[20 : 20 + CONTEXT]]
    continuations = []
    for prompt in ["Once upon", "gold"]:
        prompt_ids = tokenizer(prompt)["input_ids"]
        continuation, margin = greedy(model, prompt_ids, 12)
        continuations.append(
            {"text": prompt, "ids": prompt_ids, "greedy": continuation, "decoded": tokenizer.decode(continuation), "smallestMargin": margin}
        )
    perplexities = []
    for window, stride in [(16, 16), (32, 32), (16, 8), (32, 12)]:
        result = perplexity(model, ids, window, stride)
        perplexities.append(
            {
                "window": window,
                "stride": stride,
                "perplexity": result.perplexity,
                "meanLoss": result.mean_loss,
                "standardError": result.standard_error,
                "tokens": result.tokens,
                "losses": token_losses(model, ids, window, stride).tolist() if (window, stride) == (16, 8) else None,
                "huggingFaceDocumentation": hugging_face_perplexity(model, ids, window, stride),
            }
        )
    write_fixture(
        "tiny-gpt2/expected.json",
        {
            "text": TEXT,
            "ids": ids,
            "logits": [{"ids": row, "logits": model(torch.tensor([row])).logits[0].tolist()} for row in inputs],
            "continuations": continuations,
            "perplexity": perplexities,
        },
    )


def centre_classifier(model, tokenizer, texts):
    """Shift the classifier's bias so that a random network gives both labels on these texts."""
    logits = torch.cat([model(torch.tensor([tokenizer(text)["input_ids"]])).logits for text in texts])
    model.classifier.weight.mul_(4)
    model.classifier.bias.copy_(-4 * (logits - model.classifier.bias).mean(0))


def bert_fixture():
    model, tokenizer = tiny_bert(BertForSequenceClassification, seed=2), word_piece_tokenizer()
    rows = [(text, 1) for text in POSITIVE] + [(text, 0) for text in NEGATIVE]
    centre_classifier(model, tokenizer, [text for text, _ in rows])
    folder = FIXTURES / "tiny-bert"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    examples = []
    for text, label in rows:
        ids = tokenizer(text)["input_ids"]
        examples.append({"text": text, "label": label, "ids": ids, "logits": model(torch.tensor([ids])).logits[0].tolist()})
    predictions = [int(example["logits"][1] > example["logits"][0]) for example in examples]
    accuracy, f1 = accuracy_and_f1(predictions, [label for _, label in rows])
    batch = tokenizer(BATCH, padding=True, return_tensors="pt")
    pair = tokenizer("the king", "was good", return_tensors="pt")
    write_fixture(
        "tiny-bert/expected.json",
        {
            "batch": {"texts": BATCH, **{key: value.tolist() for key, value in batch.items()}, "logits": model(**batch).logits.tolist()},
            "pair": {**{key: value.tolist() for key, value in pair.items()}, "logits": model(**pair).logits.tolist()},
            "labelled": {"examples": examples, "predictions": predictions, "accuracy": accuracy, "f1": f1, "positive": 1},
        },
    )


def masked_log_probabilities(model, tokenizer, ids):
    """log p of each token except [CLS] and [SEP], with only that token masked (Salazar et al. 2020)."""
    masked = torch.tensor([ids]).repeat(len(ids) - 2, 1)
    positions = torch.arange(1, len(ids) - 1)
    masked[positions - 1, positions] = tokenizer.mask_token_id
    log_probabilities = model(masked).logits.double().log_softmax(-1)
    return log_probabilities[positions - 1, positions, torch.tensor(ids)[positions]].tolist()


def masked_lm_fixture():
    model, tokenizer = tiny_bert(BertForMaskedLM, seed=3), word_piece_tokenizer()
    folder = FIXTURES / "tiny-bert-mlm"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    batch = tokenizer(["the king [MASK] good .", "a bad film [MASK]", "[MASK] end"], padding=True, return_tensors="pt")
    logits = model(**batch).logits
    used = [row[:length].tolist() for row, length in zip(logits, batch["attention_mask"].sum(1).tolist())]
    sentences = []
    for text in BATCH:
        ids = tokenizer(text)["input_ids"]
        sentences.append({"text": text, "ids": ids, "logProbabilities": masked_log_probabilities(model, tokenizer, ids)})
    scored = [value for sentence in sentences for value in sentence["logProbabilities"]]
    write_fixture(
        "tiny-bert-mlm/expected.json",
        {
            "batch": {**{key: value.tolist() for key, value in batch.items()}, "logitsWithoutPadding": used},
            "pseudoPerplexity": {
                "sentences": sentences,
                "tokens": len(scored),
                "pseudoPerplexity": math.exp(-sum(scored) / len(scored)),
            },
        },
    )


if __name__ == "__main__":
    with torch.no_grad():
        gpt2_fixture()
        bert_fixture()
        masked_lm_fixture()
