"""Runs of the tiny GPT-2 in which the teacher trains too, in float64: co-distillation and meta-distillation.

    python -m references.moving_teacher        (in the folder training)

The teacher is the checkpoint; the student is the same with every linear of the blocks scaled by 0.9. All tensors of both
train, each side with its own AdamW and clipping. The teacher of meta-distillation uses the exact gradient through the student's
pilot step, by second-order autograd.
"""

import torch
import torch.nn.functional as F
from torch.func import functional_call
from transformers import GPT2LMHeadModel

from references.training_run import block_linears, cross_entropy, held_out_loss
from references.write_fixture import FIXTURES, write_fixture
from schedule import adamw, cosine_with_warm_up

SETTINGS = {
    "steps": 6, "batchSize": 4, "sequenceLength": 12, "accumulation": 1, "peakLearningRate": 3e-3, "warmupSteps": 2,
    "learningRateSchedule": "cosine", "finalShare": 0.1, "decayShare": 0.2, "cosineCycles": 4, "beta1": 0.9, "beta2": 0.98,
    "weightDecay": 0.05, "clipping": 1.0, "seed": 0, "evaluateEvery": 2, "keepStateEvery": 50,
}  # fmt: skip
CO_DISTILLATION = {"distillationWeight": 0.6, "temperature": 2.0, "teacherWeight": 0.3, "teacherLearningRate": 0.5}
META_DISTILLATION = {"distillationWeight": 0.6, "temperature": 2.0, "pilotLearningRate": 0.2, "teacherLearningRate": 0.5}
SHRINK = 0.9
STUDENT_PARAMETERS = ["transformer.h.1.ln_2.weight", "transformer.h.0.mlp.c_fc.bias", "transformer.wpe.weight"]
TEACHER_PARAMETERS = ["transformer.h.0.ln_1.weight", "transformer.h.1.mlp.c_proj.bias", "transformer.wpe.weight"]
WRITTEN_GRADIENT = "transformer.h.0.attn.c_proj"


def checkpoint():
    # Other attention implementations have no second derivatives.
    return GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2", attn_implementation="eager").double().eval()


def shrunk():
    model = checkpoint()
    with torch.no_grad():
        for _, linear in block_linears(model):
            linear.weight.copy_((linear.weight.float() * SHRINK).double())
    return model


def divergence(teacher_logits, student_logits, temperature):
    """KL(teacher || student) at the temperature, averaged over the tokens with a next token."""
    student, teacher = (logits[:, :-1].flatten(0, 1).div(temperature).log_softmax(-1) for logits in (student_logits, teacher_logits))
    return F.kl_div(student, teacher, log_target=True, reduction="batchmean")


def loss_of(logits, target_logits, ids, weight, temperature):
    return weight * temperature**2 * divergence(target_logits, logits, temperature) + (1 - weight) * cross_entropy(logits, ids)


class Optimizer:
    def __init__(self, model, share=1.0):
        self.model = model
        self.adamw = adamw(model, share * SETTINGS["peakLearningRate"], (SETTINGS["beta1"], SETTINGS["beta2"]), SETTINGS["weightDecay"])
        self.scheduler = cosine_with_warm_up(self.adamw, SETTINGS["steps"], SETTINGS["warmupSteps"], SETTINGS["finalShare"])

    def step(self):
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), SETTINGS["clipping"])
        self.adamw.step()
        self.scheduler.step()
        self.model.zero_grad(set_to_none=True)


def co_distillation_loss(student, teacher, ids):
    settings = CO_DISTILLATION
    given, taught = student(ids).logits, teacher(ids).logits
    of_student = loss_of(given, taught.detach(), ids, settings["distillationWeight"], settings["temperature"])
    of_teacher = loss_of(taught, given.detach(), ids, settings["teacherWeight"], settings["temperature"])
    return of_student + of_teacher


def co_distillation_step(student, teacher, optimizers, ids, _quiz):
    loss = co_distillation_loss(student, teacher, ids)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.item()


def meta_gradients(student, teacher, ids, quiz):
    """Gradient of the quiz loss with respect to the teacher's parameters, in their order, through the student's pilot step."""
    settings = META_DISTILLATION
    parameters = dict(student.named_parameters())
    loss = loss_of(student(ids).logits, teacher(ids).logits, ids, settings["distillationWeight"], settings["temperature"])
    gradients = torch.autograd.grad(loss, list(parameters.values()), create_graph=True)
    pilot = {name: value - settings["pilotLearningRate"] * gradient for (name, value), gradient in zip(parameters.items(), gradients)}
    quiz_loss = cross_entropy(functional_call(student, pilot, (quiz,)).logits, quiz)
    return torch.autograd.grad(quiz_loss, list(teacher.parameters()))


def meta_distillation_step(student, teacher, optimizers, ids, quiz):
    settings = META_DISTILLATION
    of_student, of_teacher = optimizers
    for parameter, gradient in zip(teacher.parameters(), meta_gradients(student, teacher, ids, quiz)):
        parameter.grad = gradient
    of_teacher.step()
    loss = loss_of(student(ids).logits, teacher(ids).logits.detach(), ids, settings["distillationWeight"], settings["temperature"])
    loss.backward()
    of_student.step()
    return loss.item()


def values(model, names):
    parameters = dict(model.named_parameters())
    return {name: parameters[name].flatten().tolist() for name in names}


def run(step, settings, batches, quizzes, held_out):
    student, teacher = shrunk(), checkpoint()
    optimizers = Optimizer(student), Optimizer(teacher, settings["teacherLearningRate"])
    losses, held_out_losses, teacher_losses = [], [held_out_loss(student, held_out)], [held_out_loss(teacher, held_out)]
    for count, (ids, quiz) in enumerate(zip(batches, quizzes), start=1):
        losses.append(step(student, teacher, optimizers, ids, quiz))
        if count % SETTINGS["evaluateEvery"] == 0:
            held_out_losses.append(held_out_loss(student, held_out))
            teacher_losses.append(held_out_loss(teacher, held_out))
    print(f"losses {losses}, held out {held_out_losses}, of the teacher {teacher_losses}")
    return {
        "parameters": settings,
        "losses": losses,
        "heldOutLosses": held_out_losses,
        "teacherHeldOutLosses": teacher_losses,
        "student": values(student, STUDENT_PARAMETERS),
        "teacher": values(teacher, TEACHER_PARAMETERS),
    }


def matrix_norms(model, gradients):
    named = [(name.removesuffix(".weight"), gradient) for (name, _), gradient in zip(model.named_parameters(), gradients)]
    return {name: gradient.norm().item() for name, gradient in named if gradient.dim() == 2}


def first_co_gradients(ids):
    """Norms of the gradients with respect to the matrices of both."""
    models = {"student": shrunk(), "teacher": checkpoint()}
    co_distillation_loss(models["student"], models["teacher"], ids).backward()
    return {side: matrix_norms(model, [parameter.grad for parameter in model.parameters()]) for side, model in models.items()}


def first_meta_gradient(ids, quiz):
    """Gradients with respect to the teacher's matrices: their norms, and one matrix [out, in]."""
    teacher = checkpoint()
    found = meta_gradients(shrunk(), teacher, ids, quiz)
    gradients = {name: gradient for (name, _), gradient in zip(teacher.named_parameters(), found)}
    return {"norms": matrix_norms(teacher, found), "written": WRITTEN_GRADIENT, "gradient": gradients[f"{WRITTEN_GRADIENT}.weight"].T.flatten().tolist()}


def main():
    generator = torch.Generator().manual_seed(47)
    shape = (SETTINGS["batchSize"], SETTINGS["sequenceLength"])
    batches, quizzes = ([torch.randint(0, 97, shape, generator=generator) for _ in range(SETTINGS["steps"])] for _ in range(2))
    held_out = torch.randint(0, 97, shape, generator=generator)
    write_fixture(
        "moving-teacher.json",
        {
            "settings": SETTINGS,
            "shrink": SHRINK,
            "batches": [ids.flatten().tolist() for ids in batches],
            "quizzes": [ids.flatten().tolist() for ids in quizzes],
            "heldOut": held_out.flatten().tolist(),
            "coGradients": first_co_gradients(batches[0]),
            "metaGradient": first_meta_gradient(batches[0], quizzes[0]),
            "coDistillation": run(co_distillation_step, CO_DISTILLATION, batches, quizzes, held_out),
            "metaDistillation": run(meta_distillation_step, META_DISTILLATION, batches, quizzes, held_out),
        },
    )


if __name__ == "__main__":
    main()
