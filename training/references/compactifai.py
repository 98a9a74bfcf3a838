"""Matrix product operators in the deepest blocks of the tiny checkpoints, with rounded cores: CompactifAI (Tomut et al. 2024).

    python -m references.compactifai        (in the folder training)

Cores are computed in float64 from the checkpoint's float32; logits are those of transformers with the matrices replaced.
"""

import torch
from transformers import BertForSequenceClassification, GPT2LMHeadModel

import compressions
from references.write_fixture import FIXTURES, write_fixture

GPT2_IDS = [[5, 17, 3, 88, 41, 2, 60, 9]]
BERT_IDS = [[2, 17, 3, 41, 60, 9, 3], [2, 30, 11, 7, 52, 71, 3]]

# Factors of every dimension, by the number of cores.
FACTORS = {
    2: {24: [4, 6], 40: [5, 8], 72: [8, 9], 96: [8, 12]},
    3: {24: [2, 3, 4], 40: [2, 4, 5], 72: [3, 4, 6], 96: [4, 4, 6]},
}

CASES = {
    "gpt2": [
        {"bondDimension": 6, "layers": 1, "bits": "none", "cores": 3},
        {"bondDimension": 10, "layers": 0.5, "bits": 8, "cores": 2},
        {"bondDimension": 12, "layers": 2, "bits": 4, "cores": 3},
    ],
    "bert": [
        {"bondDimension": 6, "layers": 1, "bits": "none", "cores": 3},
        {"bondDimension": 12, "layers": 2, "bits": 8, "cores": 2},
    ],
}


def linears(model, family):
    """(module name, block, module, whether its weight is [in, out]) of the blocks' linears."""
    for name, module in model.named_modules():
        parts = name.split(".")
        kind = {"gpt2": "Conv1D", "bert": "Linear"}[family]
        at = {"gpt2": 2, "bert": 3}[family]
        inside = name.startswith({"gpt2": "transformer.h.", "bert": "bert.encoder.layer."}[family])
        if inside and type(module).__name__ == kind:
            yield name, int(parts[at]), module, family == "gpt2"


def rounded_core(core, row, column, bits):
    """The core as the matrix [row·right, left·column], every row with its own scale."""
    left, _, right = core.shape
    matrix = core.reshape(left, row, column, right).permute(1, 3, 0, 2).reshape(row * right, left * column)
    rounded, *_ = compressions.round_to_nearest(matrix, bits)
    return rounded.reshape(row, right, left, column).permute(2, 0, 3, 1).reshape(left, row * column, right)


def contracted(cores, rows, columns):
    dense = torch.ones(1, 1, dtype=torch.float64)
    for core in cores:
        dense = torch.tensordot(dense, core, dims=1).reshape(-1, core.shape[-1])
    count = len(rows)
    dense = dense.reshape([size for pair in zip(rows, columns, strict=True) for size in pair])
    order = [2 * k for k in range(count)] + [2 * k + 1 for k in range(count)]
    outputs = torch.tensor(rows).prod().item()
    return dense.permute(order).reshape(outputs, -1)


def compressed(weight, case):
    rows, columns = (FACTORS[case["cores"]][size] for size in weight.shape)
    _, cores = compressions.tensor_train(weight, rows, columns, max_rank=case["bondDimension"])
    if case["bits"] != "none":
        cores = [rounded_core(core, r, c, case["bits"]) for core, r, c in zip(cores, rows, columns, strict=True)]
    return contracted(cores, rows, columns), sum(core.numel() for core in cores)


def load(family):
    kind = {"gpt2": GPT2LMHeadModel, "bert": BertForSequenceClassification}[family]
    return kind.from_pretrained(FIXTURES / f"tiny-{family}", dtype=torch.float32, attn_implementation="eager").eval()


def result(family, case):
    model = load(family).double()
    entries = list(linears(model, family))
    blocks = 1 + max(block for _, block, _, _ in entries)
    count = case["layers"] if case["layers"] >= 1 else max(1, round(case["layers"] * blocks))
    changed = {}
    for name, block, module, transposed in entries:
        if block < blocks - count:
            continue
        weight = module.weight.data.T if transposed else module.weight.data
        dense, parameters = compressed(weight, case)
        changed[name] = {"relativeError": compressions.relative_error(weight, dense), "parameters": parameters}
        module.weight.data = (dense.T if transposed else dense).contiguous()
    ids = torch.tensor(GPT2_IDS if family == "gpt2" else BERT_IDS)
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    return {"parameters": case, "changed": changed, "logits": logits.flatten().tolist()}


def main():
    content = {}
    for family, ids in (("gpt2", GPT2_IDS), ("bert", BERT_IDS)):
        content[family] = {"ids": ids, "results": [result(family, case) for case in CASES[family]]}
    write_fixture("compactifai.json", content)


if __name__ == "__main__":
    main()
