"""Train a factorized demo GPT-2 with a teacher that learns to teach, as in Lathe's meta-distillation.

    python -m recovery.meta_distillation --form kronecker        (in the folder training)

The teacher descends the gradient of a quiz loss through a pilot step of the student (Zhou et al. 2022), computed by a central
difference over the student (DARTS, Liu et al. 2019, equations 7 and 8); then the student learns from it.
"""

import argparse

import torch

from recovery import moving_teacher, windows
from recovery.knowledge_distillation import FORMS, factorized_run
from recovery.run import add_arguments

STEP_LENGTH = 0.01


class MetaDistillation:
    def __init__(self, run):
        self.run, self.teacher = run, moving_teacher.MovingTeacher(run)
        self.parameters = [parameter for parameter in run.student.parameters() if parameter.requires_grad]
        self.step = 0

    def before_step(self, step):
        self.step = step

    @torch.no_grad()
    def move(self, directions, factor):
        for parameter, direction in zip(self.parameters, directions):
            parameter.add_(direction, alpha=factor)

    @torch.no_grad()
    def put_back(self, values):
        for parameter, value in zip(self.parameters, values):
            parameter.copy_(value)

    def lesson(self, tokens):
        arguments = self.run.arguments
        with torch.no_grad():
            taught = moving_teacher.next_token_logits(self.teacher.model, tokens)
        given = moving_teacher.next_token_logits(self.run.student, tokens)
        return moving_teacher.distillation_loss(given, taught, tokens, arguments.distillation_weight, arguments.temperature)

    def quiz_gradients(self, tokens, quiz):
        """Gradients at the student after a pilot step, which is not undone here."""
        pilot = torch.autograd.grad(self.lesson(tokens), self.parameters)
        self.move(pilot, -self.run.arguments.pilot_rate)
        loss = moving_teacher.cross_entropy(moving_teacher.next_token_logits(self.run.student, quiz), quiz)
        return torch.autograd.grad(loss, self.parameters)

    def move_teacher(self, tokens, quiz):
        arguments, student = self.run.arguments, self.run.student
        present = [parameter.detach().clone() for parameter in self.parameters]
        directions = self.quiz_gradients(tokens, quiz)
        self.put_back(present)
        step = STEP_LENGTH / torch.stack([direction.norm() for direction in directions]).norm().item()
        with torch.no_grad():
            self.move(directions, step)
            above = moving_teacher.next_token_logits(student, tokens)
            self.move(directions, -2 * step)
            below = moving_teacher.next_token_logits(student, tokens)
        self.put_back(present)
        t = arguments.temperature
        taught = moving_teacher.next_token_logits(self.teacher.model, tokens)
        difference = moving_teacher.divergence(taught, above, t) - moving_teacher.divergence(taught, below, t)
        factor = -arguments.pilot_rate * arguments.distillation_weight * t * t
        (difference * (factor / (2 * step))).backward()
        self.teacher.update(self.step)

    def backward(self, tokens):
        arguments = self.run.arguments
        quiz = windows.batch(self.run.training, self.step, arguments.batch_size, arguments.length, arguments.seed + 1)
        self.move_teacher(tokens, quiz)
        loss = self.lesson(tokens)
        loss.backward()
        return loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=FORMS, default="kronecker")
    parser.add_argument("--pilot-rate", type=float, default=0.05)
    moving_teacher.add_arguments(parser, teacher_rate=0.01)
    add_arguments(parser)
    arguments = parser.parse_args()
    run = factorized_run(arguments)
    meta = MetaDistillation(run)
    run.train(meta.before_step, meta.backward)
    run.report("after")


if __name__ == "__main__":
    main()
