"""Train the demo GPT-2: a byte-level BPE of 4,096 tokens, then 6 layers of width 192.

    python train_fairy_tales_gpt2.py --text data/fairy-tales.train.txt --validation data/fairy-tales.valid.txt --output DIR

2,180 steps of 24 × 256 tokens are 13.4 million tokens, about 4 epochs: half an hour on two CPU cores.
`--steps 2` is a quick trial. Writes a float32 checkpoint; store_as_f16.py makes the shipped one.
"""

import argparse
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from perplexity import perplexity
from schedule import adamw, cosine_with_warm_up, train_step

END = "<|endoftext|>"
VOCABULARY, CONTEXT = 4096, 256
BATCH, PEAK, WARM_UP = 24, 2e-3, 150
REPORT_EVERY = 50


def train_tokenizer(text):
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train([str(text)], vocab_size=VOCABULARY, special_tokens=[END], show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer._tokenizer, bos_token=END, eos_token=END, unk_token=END, model_max_length=CONTEXT
    )


def read_ids(tokenizer, path):
    return tokenizer(path.read_text(encoding="utf-8"), verbose=False)["input_ids"]


def new_model():
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=192, n_layer=6, n_head=6,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return GPT2LMHeadModel(config)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True, help="training text")
    parser.add_argument("--validation", type=Path, help="held-out text for the loss at the end")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2180)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    tokenizer = train_tokenizer(arguments.text)
    ids = torch.tensor(read_ids(tokenizer, arguments.text))
    if len(ids) <= CONTEXT:
        parser.error(f"{arguments.text} has {len(ids)} tokens; more than {CONTEXT} are needed")
    model = new_model().train()
    optimizer = adamw(model, PEAK)
    scheduler = cosine_with_warm_up(optimizer, arguments.steps, WARM_UP)
    for step in range(arguments.steps):
        begins = torch.randint(len(ids) - CONTEXT, (BATCH,)).tolist()
        batch = torch.stack([ids[begin : begin + CONTEXT] for begin in begins])
        loss = train_step(model, {"input_ids": batch, "labels": batch}, optimizer, scheduler)
        if step % REPORT_EVERY == 0 or step == arguments.steps - 1:
            print(f"step {step} loss {loss:.4f}", flush=True)

    model.eval()
    model.save_pretrained(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    if arguments.validation:
        result = perplexity(model, read_ids(tokenizer, arguments.validation), CONTEXT)
        print(f"validation loss {result.mean_loss:.4f} ± {result.standard_error:.4f} nats a token")


if __name__ == "__main__":
    main()
