"""A training run of the tiny GPT-2, dense and with low-rank factors in its blocks, in float64.

    python -m references.training_run        (in the folder training)

torch.optim.AdamW, warm-up and cosine, clipping at a norm of 1, 0.7 KL to the checkpoint + 0.3 cross-entropy at temperature 1.
The dense student is the checkpoint with every linear of the blocks scaled by 0.9; the other replaces each by two factors,
which are written into the fixture. All of a student's tensors train.
"""

import torch
import torch.nn.functional as F
from transformers import GPT2LMHeadModel

from references.write_fixture import FIXTURES, write_fixture
from schedule import adamw, cosine_with_warm_up

SETTINGS = {
    "steps": 20, "batchSize": 4, "sequenceLength": 16, "accumulation": 1, "peakLearningRate": 3e-3, "warmupSteps": 4,
    "learningRateSchedule": "cosine", "finalShare": 0.1, "decayShare": 0.2, "cosineCycles": 4, "beta1": 0.9, "beta2": 0.98,
    "weightDecay": 0.05, "clipping": 1.0, "seed": 0, "evaluateEvery": 5, "keepStateEvery": 7,
}  # fmt: skip
DISTILLATION = {"distillationWeight": 0.7, "temperature": 1.0}
SHRINK = 0.9
RANK = 5
LINEARS = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"]


class LowRank(torch.nn.Module):
    """x (left right)ᵀ + b, with left [out, rank] and right [rank, in]."""

    def __init__(self, conv):
        super().__init__()
        weight = conv.weight.detach().T
        u, s, vh = torch.linalg.svd(weight, full_matrices=False)
        # Float32, as the factors are in the fixture and on the GPU.
        self.left = torch.nn.Parameter((u[:, :RANK] * s[:RANK].sqrt()).float().double())
        self.right = torch.nn.Parameter((s[:RANK].sqrt()[:, None] * vh[:RANK]).float().double())
        self.bias = torch.nn.Parameter(conv.bias.detach().clone())

    def forward(self, x):
        return x @ self.right.T @ self.left.T + self.bias


def checkpoint():
    return GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2").double().eval()


def block_linears(model):
    return [(f"transformer.h.{index}.{name}", block.get_submodule(name)) for index, block in enumerate(model.transformer.h) for name in LINEARS]


def dense_student():
    model = checkpoint()
    with torch.no_grad():
        for _, linear in block_linears(model):
            linear.weight.copy_((linear.weight.float() * SHRINK).double())
    return model, {}


def low_rank_student():
    model = checkpoint()
    factors = {}
    for name, linear in block_linears(model):
        replacement = LowRank(linear)
        factors[name] = {part: getattr(replacement, part).detach().flatten().tolist() for part in ["left", "right"]}
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, replacement)
    return model, factors


def cross_entropy(logits, ids):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def objective(student, teacher, ids):
    logits = student(ids).logits
    with torch.no_grad():
        taught = teacher(ids).logits
    weight = DISTILLATION["distillationWeight"]
    divergence = F.kl_div(
        logits[:, :-1].flatten(0, 1).log_softmax(-1), taught[:, :-1].flatten(0, 1).log_softmax(-1), log_target=True, reduction="batchmean"
    )
    return weight * divergence + (1 - weight) * cross_entropy(logits, ids)


@torch.no_grad()
def held_out_loss(student, ids):
    return cross_entropy(student(ids).logits, ids).item()


def run(student, factors, batches, held_out, written):
    teacher = checkpoint()
    optimizer = adamw(student, SETTINGS["peakLearningRate"], (SETTINGS["beta1"], SETTINGS["beta2"]), SETTINGS["weightDecay"])
    scheduler = cosine_with_warm_up(optimizer, SETTINGS["steps"], SETTINGS["warmupSteps"], SETTINGS["finalShare"])
    losses, norms, held_out_losses = [], [], [held_out_loss(student, held_out)]
    for step, ids in enumerate(batches, start=1):
        loss = objective(student, teacher, ids)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(student.parameters(), SETTINGS["clipping"]).item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step % SETTINGS["evaluateEvery"] == 0:
            held_out_losses.append(held_out_loss(student, held_out))
    parameters = dict(student.named_parameters())
    finals = {name: parameters[name].flatten().tolist() for name in written}
    print(f"losses {losses[0]:.4f} to {losses[-1]:.4f}, held out {held_out_losses}, norms {min(norms):.2f} to {max(norms):.2f}")
    return {"factors": factors, "losses": losses, "norms": norms, "heldOutLosses": held_out_losses, "parameters": finals}


def main():
    generator = torch.Generator().manual_seed(31)
    shape = (SETTINGS["batchSize"], SETTINGS["sequenceLength"])
    batches = [torch.randint(0, 97, shape, generator=generator) for _ in range(SETTINGS["steps"])]
    held_out = torch.randint(0, 97, shape, generator=generator)
    vectors = ["transformer.h.1.ln_2.weight", "transformer.h.0.mlp.c_fc.bias"]
    write_fixture(
        "training-run.json",
        {
            "settings": SETTINGS,
            "distillation": DISTILLATION,
            "shrink": SHRINK,
            "batches": [ids.flatten().tolist() for ids in batches],
            "heldOut": held_out.flatten().tolist(),
            "dense": run(*dense_student(), batches, held_out, [*vectors, "transformer.wpe.weight"]),
            "lowRank": run(*low_rank_student(), batches, held_out, [*vectors, "transformer.h.0.attn.c_proj.left", "transformer.h.1.mlp.c_fc.right"]),
        },
    )


if __name__ == "__main__":
    main()
