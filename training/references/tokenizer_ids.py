"""Ids of unusual and long texts by Hugging Face's tokenizers, with the demo checkpoints' tokenizers.

    python -m references.tokenizer_ids        (in the folder training)

For the evaluation texts, which ship with the app, the fixture holds only the number of ids and their SHA-256 (as little-endian
uint32). No special tokens are added there; they are in the unusual texts.
"""

import hashlib
import json
from pathlib import Path

import numpy
from transformers import AutoTokenizer
from transformers.utils import logging

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "src" / "tokenizer" / "fixtures" / "tokenizer-ids.json"
MODELS = ["fairy-tales-gpt2", "sst2-bert"]
DATASETS = ["fairy-tales.test.txt", "wikitext-2-raw.test.txt"]
BEGINNING = 20_000  # characters

ODD_TEXTS = [
    "",
    " ",
    "\n\n\n",
    "one  two   three    four",
    " leading and trailing ",
    "tabs\tand\r\nWindows lines\r\n\r\n",
    "line one\nline two\n\n  indented\n",
    "It's I'm you're we'll they'd he's DON'T Can'T 'tis 'S",
    "3.14159 1,000,000 2nd 10km ½ ² Ⅷ ٣٤",
    "café cafe\u0301 naïve Ångström ÀÉÎÕÜ ñ",
    "ΟΔΥΣΣΕΥΣ ΣΟΦΟΣ Σ ός",
    "İstanbul ISPARTA ẞ ß Ǆ ŉ",
    "Привет, мир! 你好，世界。 こんにちは 안녕하세요 مرحبا שלום हिन्दी ไทย",
    "rare ideographs 𠀀𠮷 and 𫠝 and 㐀 between words",
    "🙂👩‍👩‍👧‍👦🏳️‍🌈 👍🏽 1️⃣",
    "e\u200bz\u00adw\u2060j \u00a0nbsp\u3000wide\u2003em",
    "\ufeffa byte order mark\ufeffinside \ufeff alone",
    "next\u0085line \u0085 and\u2028separator\u2029paragraph\u000bvt\u000cff",
    "control\u0000\u0001\u001f\u007f\ufffd\ue000 characters",
    "unassigned \u0378 and \U000e0041 tag",
    "!!!??? ... --- *** (a)[b]{c}<d> «q» \u201cx\u201d \u2014 \u2026 $5 €6 ^_^ a|b ~ `c`",
    "snake_case camelCase kebab-case http://example.org/a?b=c&d#e me@example.org",
    "a<|endoftext|>b <|endoftext|> c<|endoftext|><|endoftext|>",
    "the [MASK] sat [SEP] on[MASK]the [CLS] [PAD][UNK] [mask]",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa hahahahahahahahahahaha" + " " * 70 + "end",
]


def fingerprint(ids):
    return {"count": len(ids), "sha256": hashlib.sha256(numpy.array(ids, dtype="<u4").tobytes()).hexdigest()}


def reference_of(model):
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "public" / "models" / model)
    encode = lambda text, special: tokenizer(text, add_special_tokens=special)["input_ids"]
    texts = []
    for text in ODD_TEXTS:
        ids = encode(text, True)
        texts.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
    datasets = {}
    for name in DATASETS:
        text = (ROOT / "public" / "datasets" / name).read_bytes().decode("utf-8")
        datasets[name] = {
            "beginning": fingerprint(encode(text[:BEGINNING], False)),
            "whole": fingerprint(encode(text, False)),
        }
    return {"texts": texts, "datasets": datasets}


def main():
    logging.set_verbosity_error()
    content = {"beginningCharacters": BEGINNING, "models": {model: reference_of(model) for model in MODELS}}
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{FIXTURE.name}: {FIXTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
