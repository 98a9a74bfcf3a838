"""Write public/models/index.json: the demo checkpoints with the byte size of each of their files."""

import json
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "public" / "models"
READ_BY_LATHE = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]
DEMOS = [
    {
        "id": "fairy-tales-gpt2",
        "title": "Fairy tales GPT-2 (3.5 M parameters)",
        "family": "gpt2",
        "task": "causal-lm",
        "evaluation": {"measure": "perplexity", "dataset": "fairy-tales.test"},
    },
    {
        "id": "sst2-bert",
        "title": "SST-2 BERT (3.4 M parameters)",
        "family": "bert",
        "task": "sequence-classification",
        "evaluation": {"measure": "accuracy", "dataset": "sst2.dev"},
    },
]


def main():
    for demo in DEMOS:
        folder = MODELS / demo["id"]
        files = [folder / name for name in READ_BY_LATHE if (folder / name).exists()]
        demo["files"] = [{"name": file.name, "bytes": file.stat().st_size} for file in files]
        demo["card"] = "README.md"
    (MODELS / "index.json").write_text(json.dumps(DEMOS, indent=2) + "\n")


if __name__ == "__main__":
    main()
