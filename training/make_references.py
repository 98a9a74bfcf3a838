"""Write the reference figures for Lathe's own code, computed by PyTorch and transformers.

    python make_references.py --gpt2 DIR --text TEST.txt --output fairy-tales-gpt2.json
    python make_references.py --bert DIR --labelled DEV.tsv [--masked-lm DIR] --output sst2-bert.json

Float32 weights, losses in float64. In GPT-2's variants every linear of every block is compressed.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

import compressions
from classification import accuracy_and_f1, classify, read_labelled
from perplexity import perplexity

WINDOW, WINDOWS = 256, 16
PROMPTS = ["Once upon a time there was a king", '"Who are you?" said the wolf,']
MASKED = "the old king [MASK] a beautiful princess ."


def block_linears(model):
    """name -> weight parameter [in, out] of every linear of every block (GPT-2 stores them transposed)."""
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if ".h." in name and name.endswith("weight") and parameter.dim() == 2
    }


def gpt2_variants(linears):
    """name -> function from a weight [out, in] to its replacement."""
    threshold = compressions.global_threshold(linears.values(), 0.5)
    variants = {
        f"magnitude_layerwise_{percent}": lambda w, s=percent / 100: compressions.prune_unstructured(w, s)
        for percent in (30, 50, 70)
    }
    return variants | {
        "magnitude_2of4": lambda w: compressions.prune_n_of_m(w, 2, 4),
        "int8_per_channel_symmetric": lambda w: compressions.round_to_nearest(w.double(), 8, "channel")[0],
        "int8_per_tensor_symmetric": lambda w: compressions.round_to_nearest(w.double(), 8, "tensor")[0],
        "int4_group32_symmetric": lambda w: compressions.round_to_nearest(w.double(), 4, "group", 32)[0],
        "kronecker_A_half_rows_rank1": lambda w: compressions.kronecker(w, (w.shape[0] // 2, w.shape[1]), 1),
        "kronecker_A_12x12_rank32": lambda w: compressions.kronecker(w, (w.shape[0] // 16, w.shape[1] // 16), 32),
        "low_rank_96": lambda w: compressions.low_rank(w, 96),
        "magnitude_global_50": lambda w: torch.where(w.abs() >= threshold, w, torch.zeros_like(w)),
    }


def tensor_train_figures(weight, rows, columns, ranks):
    by_max_rank = {}
    for rank in ranks:
        dense, cores = compressions.tensor_train(weight, rows, columns, max_rank=rank)
        by_max_rank[str(rank)] = {
            "relative_frobenius_error": compressions.relative_error(weight, dense),
            "core_shapes": [list(core.shape) for core in cores],
            "parameters": sum(core.numel() for core in cores),
        }
    return {"rows": rows, "cols": columns, "shape_out_in": list(weight.shape), "by_max_rank": by_max_rank}


def kronecker_figures(weight, a_shape, terms):
    errors = {str(r): compressions.relative_error(weight, compressions.kronecker(weight, a_shape, r)) for r in terms}
    return {"A_shape": list(a_shape), "relative_frobenius_error_by_rank": errors}


def prompt_figures(model, tokenizer, text):
    ids = tokenizer(text)["input_ids"]
    logits = model(torch.tensor([ids])).logits[0, -1]
    top = logits.topk(10)
    greedy = list(ids)
    for _ in range(24):
        greedy.append(model(torch.tensor([greedy])).logits[0, -1].argmax().item())
    return {
        "text": text,
        "ids": ids,
        "last_logits_top10": [[i, v] for i, v in zip(top.indices.tolist(), top.values.tolist())],
        "last_logits_first8": logits[:8].tolist(),
        "greedy_24_ids": greedy[len(ids) :],
        "greedy_24_text": tokenizer.decode(greedy[len(ids) :]),
    }


@torch.no_grad()
def gpt2_figures(folder, text):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer(text.read_text(encoding="utf-8"), verbose=False)["input_ids"]
    linears = block_linears(model)
    original = {name: parameter.clone() for name, parameter in linears.items()}
    perplexities = {"dense": perplexity(model, ids, WINDOW, max_windows=WINDOWS).perplexity}
    for name, compress in gpt2_variants(original).items():
        for linear, parameter in linears.items():
            parameter.copy_(compress(original[linear].T.contiguous()).T)
        perplexities[name] = perplexity(model, ids, WINDOW, max_windows=WINDOWS).perplexity
    for linear, parameter in linears.items():
        parameter.copy_(original[linear])

    weight = original["transformer.h.2.mlp.c_fc.weight"].T.contiguous()
    return {
        "window": WINDOW,
        "windows": WINDOWS,
        "start_token": 0,
        "perplexity": perplexities,
        "tensor_train_h2_c_fc": tensor_train_figures(weight, [8, 8, 12], [4, 6, 8], [8, 16, 32, 64]),
        "kronecker_h2_c_fc": kronecker_figures(weight, (48, 12), [1, 2, 4, 8, 16, 32, 64]),
        "prompts": [prompt_figures(model, tokenizer, prompt) for prompt in PROMPTS],
    }


@torch.no_grad()
def bert_figures(folder, labelled, masked_lm):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    rows = read_labelled(labelled)
    labels = [label for _, label in rows]
    predictions = classify(model, tokenizer, [sentence for sentence, _ in rows]).argmax(-1).tolist()
    accuracy, f1 = accuracy_and_f1(predictions, labels)
    sentences = []
    for text, _ in rows[:8]:
        ids = tokenizer(text)["input_ids"]
        sentences.append({"text": text, "ids": ids, "logits": model(torch.tensor([ids])).logits[0].tolist()})
    figures = {
        "sentences": sentences,
        "dev_accuracy_first_200": accuracy_and_f1(predictions[:200], labels[:200])[0],
        "dev_accuracy": accuracy,
        "dev_f1_positive": f1,
        "dev_size": len(rows),
    }
    if masked_lm:
        figures["masked_lm"] = masked_lm_figures(masked_lm)
    return figures


def masked_lm_figures(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer(MASKED)["input_ids"]
    position = ids.index(tokenizer.mask_token_id)
    top = model(torch.tensor([ids])).logits[0, position].topk(5)
    tokens = tokenizer.convert_ids_to_tokens(top.indices.tolist())
    return {
        "checkpoint": folder.name,
        "text": MASKED,
        "ids": ids,
        "mask_position": position,
        "top5": [list(row) for row in zip(top.indices.tolist(), tokens, top.values.tolist())],
        "note": "weak model; made for parity",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--gpt2", type=Path, help="folder of the float32 GPT-2")
    which.add_argument("--bert", type=Path, help="folder of the float32 BERT classifier")
    parser.add_argument("--text", type=Path, help="text for the perplexity, with --gpt2")
    parser.add_argument("--labelled", type=Path, help="rows of sentence<TAB>label, with --bert")
    parser.add_argument("--masked-lm", type=Path, help="folder of the BERT masked LM, with --bert")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.gpt2:
        if not arguments.text:
            parser.error("--gpt2 needs --text")
        figures = gpt2_figures(arguments.gpt2, arguments.text)
    else:
        if not arguments.labelled:
            parser.error("--bert needs --labelled")
        figures = bert_figures(arguments.bert, arguments.labelled, arguments.masked_lm)
    arguments.output.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
