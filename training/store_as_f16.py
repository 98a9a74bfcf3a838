"""Store a float32 checkpoint as F16 and measure the loss of quality.

    python store_as_f16.py --model DIR --output DIR [--perplexity TEXT] [--accuracy TSV] [--prompts REFERENCE.json]

Every tensor is rounded to the nearest half-precision value. The loss is measured with the F16 file read back
and computed in float32, as in Lathe.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from classification import accuracy_and_f1, classify, read_labelled
from perplexity import perplexity

COPIED_AS_THEY_ARE = ["tokenizer.json", "tokenizer_config.json", "generation_config.json"]


def store(source, target):
    target.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half() for name, tensor in load_file(source / "model.safetensors").items()}
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} holds values that half precision cannot (beyond 65504)")
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((source / "config.json").read_text())
    config["dtype"] = "float16"
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for name in COPIED_AS_THEY_ARE:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def measure(folder, arguments):
    """Figures of one checkpoint, computed in float32."""
    figures = {"bytes": (folder / "model.safetensors").stat().st_size}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompts = json.loads(arguments.prompts.read_text()) if arguments.prompts else {}
    logits = []
    if arguments.perplexity:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        ids = tokenizer(arguments.perplexity.read_text(encoding="utf-8"), verbose=False)["input_ids"]
        figures["perplexity"] = perplexity(model, ids, window=256, max_windows=16).perplexity
        with torch.no_grad():
            logits += [model(torch.tensor([prompt["ids"]])).logits for prompt in prompts.get("prompts", [])]
    if arguments.accuracy:
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
        rows = read_labelled(arguments.accuracy)
        predictions = classify(model, tokenizer, [sentence for sentence, _ in rows]).argmax(-1).tolist()
        figures["accuracy"], figures["f1"] = accuracy_and_f1(predictions, [label for _, label in rows])
        with torch.no_grad():
            logits += [model(torch.tensor([sentence["ids"]])).logits for sentence in prompts.get("sentences", [])]
    return figures, logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the float32 checkpoint")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--perplexity", type=Path, help="text for the perplexity on 16 windows of 256 tokens")
    parser.add_argument("--accuracy", type=Path, help="rows of sentence<TAB>label")
    parser.add_argument("--prompts", type=Path, help="reference JSON whose prompts or sentences the logits are compared on")
    arguments = parser.parse_args()

    store(arguments.model, arguments.output)
    float32, logits32 = measure(arguments.model, arguments)
    float16, logits16 = measure(arguments.output, arguments)
    costs = {"float32": float32, "float16": float16}
    if logits32:
        costs["max_abs_logit_difference"] = max(
            (a - b).abs().max().item() for a, b in zip(logits32, logits16, strict=True)
        )
    print(json.dumps(costs, indent=2))


if __name__ == "__main__":
    main()
