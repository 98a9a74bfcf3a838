"""Write a GPT-2 small (124 million parameters, about 500 MB in float32) with random weights, to measure loading and speed.

    python make_random_gpt2.py --output DIR [--dtype float16] [--tokenizer DIR]

The shapes are those of the published model, the weights are drawn like GPT-2's initialization. Its outputs mean nothing.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

END = "<|endoftext|>"


def byte_tokenizer(vocabulary):
    """One token for each byte, the rest of the vocabulary unused: enough to encode any text."""
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    ids = {token: i for i, token in enumerate(tokens)} | {END: vocabulary - 1}
    tokenizer = Tokenizer(models.BPE(ids, []))
    tokenizer.add_special_tokens([END])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], default="float32")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--tokenizer", type=Path, help="folder whose tokenizer.json to copy; else a token for each byte")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    config = GPT2Config(n_layer=arguments.layers)  # the defaults are GPT-2 small: width 768, context 1024, 50257 tokens
    model = GPT2LMHeadModel(config).to(getattr(torch, arguments.dtype))
    model.save_pretrained(arguments.output, max_shard_size="10GB")
    if arguments.tokenizer:
        shutil.copyfile(arguments.tokenizer / "tokenizer.json", arguments.output / "tokenizer.json")
    else:
        byte_tokenizer(config.vocab_size).save(str(arguments.output / "tokenizer.json"))
    tokenizer_config = {"tokenizer_class": "GPT2Tokenizer", "bos_token": END, "eos_token": END, "model_max_length": config.n_positions}
    (arguments.output / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2) + "\n")
    size = (arguments.output / "model.safetensors").stat().st_size
    print(f"{arguments.output}: {model.num_parameters():,} parameters, {size:,} bytes")


if __name__ == "__main__":
    main()
