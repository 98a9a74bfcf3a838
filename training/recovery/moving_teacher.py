"""A teacher that trains with its student, as in Lathe's co-distillation and meta-distillation."""

import copy

import torch
from torch.nn import functional

from recovery.training_loop import adamw, learning_rate


class MovingTeacher:
    """A copy of the base in which all parameters train, with its own AdamW and clipping."""

    def __init__(self, run):
        self.run = run
        self.model = copy.deepcopy(run.teacher).requires_grad_(True)
        self.parameters = list(self.model.parameters())
        self.optimizer = adamw(self.model, run.arguments.weight_decay)

    def update(self, step):
        """Take a step with the accumulated gradients."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.run.arguments.teacher_rate * learning_rate(self.run.arguments, step)
        torch.nn.utils.clip_grad_norm_(self.parameters, self.run.arguments.clipping)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def add_arguments(parser, teacher_rate):
    parser.add_argument("--teacher-rate", type=float, default=teacher_rate, help="the teacher's learning rate, as a share of the student's")


def next_token_logits(model, tokens):
    return model(tokens).logits[:, :-1].flatten(0, 1)


def cross_entropy(logits, tokens):
    return functional.cross_entropy(logits, tokens[:, 1:].flatten())


def divergence(teacher, student, temperature):
    """KL(teacher || student) of logits at the temperature, the mean over rows."""
    log_student, log_teacher = ((logits / temperature).log_softmax(-1) for logits in (student, teacher))
    return functional.kl_div(log_student, log_teacher, log_target=True, reduction="batchmean")


def distillation_loss(logits, target_logits, tokens, weight, temperature):
    """a T² KL(target || logits) + (1 - a) cross-entropy."""
    return weight * temperature**2 * divergence(target_logits, logits, temperature) + (1 - weight) * cross_entropy(logits, tokens)
