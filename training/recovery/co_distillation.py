"""Train a factorized demo GPT-2 and a copy of the dense one together, as in Lathe's co-distillation.

    python -m recovery.co_distillation --form kronecker        (in the folder training)

Each learns from the text and from the other's predictions, held constant (Lee et al. 2023). With `--result teacher` the
teacher's held-out loss is monitored.
"""

import argparse
import copy
import math

from recovery import moving_teacher
from recovery.knowledge_distillation import FORMS, factorized_run
from recovery.run import add_arguments


class CoDistillation:
    def __init__(self, run):
        self.run, self.teacher = run, moving_teacher.MovingTeacher(run)
        self.step = 0
        self.best, self.best_loss = None, math.inf

    def before_step(self, step):
        self.step = step

    def backward(self, tokens):
        arguments = self.run.arguments
        given = moving_teacher.next_token_logits(self.run.student, tokens)
        taught = moving_teacher.next_token_logits(self.teacher.model, tokens)
        of_student = moving_teacher.distillation_loss(given, taught.detach(), tokens, arguments.distillation_weight, arguments.temperature)
        of_teacher = moving_teacher.distillation_loss(taught, given.detach(), tokens, arguments.teacher_weight, arguments.temperature)
        loss = of_student + of_teacher
        loss.backward()
        self.teacher.update(self.step)
        return loss.item()

    def teacher_held_out_loss(self):
        student, self.run.student = self.run.student, self.teacher.model
        loss = self.run.held_out_loss()
        self.run.student = student
        if loss < self.best_loss:
            self.best, self.best_loss = copy.deepcopy(self.teacher.model.state_dict()), loss
        return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=FORMS, default="kronecker")
    parser.add_argument("--teacher-weight", type=float, default=0.3)
    parser.add_argument("--result", choices=("student", "teacher"), default="student")
    moving_teacher.add_arguments(parser, teacher_rate=0.1)
    add_arguments(parser)
    arguments = parser.parse_args()
    run = factorized_run(arguments)
    together = CoDistillation(run)
    if arguments.result == "student":
        run.train(together.before_step, together.backward)
        run.report("after")
    else:
        run.train(together.before_step, together.backward, together.teacher_held_out_loss)
        together.teacher.model.load_state_dict(together.best)
        run.report("teacher after", together.teacher.model)


if __name__ == "__main__":
    main()
