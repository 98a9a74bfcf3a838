"""Export a GPT-2 in the layout of transformers.js, to compare Lathe with it.

    python export_onnx.py --model DIR --output DIR

Writes onnx/model.onnx (float32) and onnx/model_quantized.onnx (dynamic int8 by onnxruntime), with config and tokenizer
next to the folder. Inputs input_ids, attention_mask, position_ids and past_key_values.N.key|value; outputs logits and
present.N.key|value. The forward pass is written in plain PyTorch, so that the trace contains only GPT-2.
"""

import argparse
import shutil
from pathlib import Path

import torch
from torch import nn
from transformers import GPT2LMHeadModel

COPIED_AS_THEY_ARE = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]
OPSET = 17
MASKED = -1e9


class CachedGPT2(nn.Module):
    """GPT-2 from ids and past keys and values to logits and present keys and values."""

    def __init__(self, model):
        super().__init__()
        self.transformer, self.head = model.transformer, model.lm_head
        self.heads = model.config.n_head

    def split_heads(self, x):
        batch, tokens, width = x.shape
        return x.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)  # [b, heads, t, width of a head]

    def attend(self, block, x, past_key, past_value, mask):
        query, key, value = (self.split_heads(part) for part in block.attn.c_attn(x).chunk(3, dim=-1))
        key = torch.cat([past_key, key], dim=2)
        value = torch.cat([past_value, value], dim=2)
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + mask
        mixed = (scores.softmax(-1) @ value).transpose(1, 2)
        return block.attn.c_proj(mixed.reshape(x.shape)), key, value

    def forward(self, input_ids, attention_mask, position_ids, *past):
        index = torch.cumsum(torch.ones_like(attention_mask), dim=1)  # [b, s]: past and new tokens
        asking = index[:, -input_ids.shape[1] :]
        visible = (index[:, None, None, :] <= asking[:, None, :, None]) & (attention_mask[:, None, None, :] > 0)
        mask = torch.where(visible, 0.0, MASKED)
        x = self.transformer.wte(input_ids) + self.transformer.wpe(position_ids)
        present = []
        for layer, block in enumerate(self.transformer.h):
            attended, key, value = self.attend(block, block.ln_1(x), past[2 * layer], past[2 * layer + 1], mask)
            x = x + attended
            x = x + block.mlp.c_proj(block.mlp.act(block.mlp.c_fc(block.ln_2(x))))
            present += [key, value]
        return self.head(self.transformer.ln_f(x)), *present


def example_inputs(config, tokens, past):
    heads, width = config.n_head, config.n_embd // config.n_head
    cache = [torch.randn(1, heads, past, width) for _ in range(2 * config.n_layer)]
    ids = torch.arange(tokens)[None]
    return ids, torch.ones(1, past + tokens, dtype=torch.int64), ids + past, *cache


def export(model, path):
    config = model.config
    sides = [f"{layer}.{side}" for layer in range(config.n_layer) for side in ("key", "value")]
    inputs = ["input_ids", "attention_mask", "position_ids"] + [f"past_key_values.{side}" for side in sides]
    outputs = ["logits"] + [f"present.{side}" for side in sides]
    axes = {"input_ids": {0: "b", 1: "t"}, "attention_mask": {0: "b", 1: "s"}, "position_ids": {0: "b", 1: "t"}}
    axes |= {"logits": {0: "b", 1: "t"}}
    axes |= {f"past_key_values.{side}": {0: "b", 2: "p"} for side in sides}
    axes |= {f"present.{side}": {0: "b", 2: "s"} for side in sides}
    torch.onnx.export(
        CachedGPT2(model), example_inputs(config, tokens=3, past=2), str(path),
        input_names=inputs, output_names=outputs, dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip


@torch.no_grad()
def check_against_transformers(model):
    """Check that the plain forward pass, in one piece and with a cache, equals transformers' own."""
    config, ids = model.config, torch.randint(model.config.vocab_size, (1, 12))
    expected = model(ids).logits
    cached, (_, mask, positions, *cache) = CachedGPT2(model), example_inputs(config, tokens=12, past=0)
    _, *cache = cached(ids[:, :7], mask[:, :7], positions[:, :7], *cache)
    logits, *_ = cached(ids[:, 7:], mask, positions[:, 7:], *cache)
    difference = (logits - expected[:, 7:]).abs().max().item()
    if difference > 1e-3:
        raise ValueError(f"the forward pass here differs from transformers' by {difference}")
    return difference


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--float-only", action="store_true", help="no model_quantized.onnx; needs no onnxruntime")
    arguments = parser.parse_args()

    model = GPT2LMHeadModel.from_pretrained(arguments.model, dtype=torch.float32).eval()
    print(f"largest difference to transformers: {check_against_transformers(model):.2e}")
    folder = arguments.output / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED_AS_THEY_ARE:
        if (arguments.model / name).exists():
            shutil.copyfile(arguments.model / name, arguments.output / name)
    export(model, folder / "model.onnx")
    if not arguments.float_only:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(folder / "model.onnx", folder / "model_quantized.onnx", weight_type=QuantType.QInt8)
    for path in sorted(folder.iterdir()):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
