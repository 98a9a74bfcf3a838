"""Training a student against the demo GPT-2 as in Lathe: its data, loss and evaluation."""

import copy
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer

from perplexity import perplexity

from . import training_loop, windows

PUBLIC = Path(__file__).resolve().parents[2] / "public"
WINDOW, WINDOWS = 256, 16


def add_arguments(parser):
    """The settings of a run, with the defaults of Lathe's methods."""
    parser.add_argument("--model", type=Path, default=PUBLIC / "models" / "fairy-tales-gpt2")
    parser.add_argument("--text", type=Path, default=PUBLIC / "datasets" / "fairy-tales.train.txt")
    parser.add_argument("--test", type=Path, default=PUBLIC / "datasets" / "fairy-tales.test.txt")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--peak", type=float, default=1.2e-3)
    parser.add_argument("--warm-up", type=int, default=30)
    training_loop.add_schedule_arguments(parser)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--clipping", type=float, default=1.0)
    parser.add_argument("--distillation-weight", type=float, default=0.7)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--hidden-weight", type=float, default=0.0)
    parser.add_argument("--attention-weight", type=float, default=0.0)
    parser.add_argument("--embedding", action="store_true", help="the token embedding trains too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluate-every", type=int, default=50)
    parser.add_argument("--perplexity-every", type=int, help="steps after which the test text is measured on the way")


class Run:
    """A student and its teacher, with the training and evaluation texts."""

    def __init__(self, arguments):
        self.arguments = arguments
        tokenizer = AutoTokenizer.from_pretrained(arguments.model)
        ids = tokenizer(arguments.text.read_text(encoding="utf-8"), verbose=False)["input_ids"]
        self.test = tokenizer(arguments.test.read_text(encoding="utf-8"), verbose=False)["input_ids"]
        self.training, self.held_out = windows.split(ids, arguments.length)
        # Only eager attention returns its maps.
        attention = "eager" if arguments.attention_weight > 0 else None
        self.teacher = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32, attn_implementation=attention).eval()
        self.teacher.requires_grad_(False)
        self.student = copy.deepcopy(self.teacher).requires_grad_(True)
        self.student.transformer.wte.requires_grad_(arguments.embedding)
        self.hidden_pairs = None  # (the student's state, the teacher's), 0 being what the first block takes; else all

    def report(self, what, model=None):
        model = (model or self.student).eval()
        result = perplexity(model, self.test, WINDOW, max_windows=WINDOWS).perplexity
        print(f"{what}: perplexity {result:.4f}", flush=True)

    def loss(self, tokens):
        """The mean over the targets: a T² KL(teacher ‖ student) + (1 − a) cross-entropy + b hidden states + c attention."""
        a, t = self.arguments.distillation_weight, self.arguments.temperature
        with torch.no_grad():
            taught, teacher_states, teacher_maps = self.outputs(self.teacher, tokens)
        given, student_states, student_maps = self.outputs(self.student, tokens)
        student, teacher = given[:, :-1].flatten(0, 1), taught[:, :-1].flatten(0, 1)
        cross_entropy = functional.cross_entropy(student, tokens[:, 1:].flatten())
        divergence = functional.kl_div(
            (student / t).log_softmax(-1), (teacher / t).log_softmax(-1), log_target=True, reduction="batchmean"
        )
        loss = a * t * t * divergence + (1 - a) * cross_entropy
        pairs = self.hidden_pairs or [(i, i) for i in range(len(student_states))]
        if self.arguments.hidden_weight > 0:
            for i, j in pairs:
                difference = functional.mse_loss(student_states[i], teacher_states[j])
                loss = loss + self.arguments.hidden_weight * difference
        if self.arguments.attention_weight > 0:
            for i, j in pairs:
                if i > 0:
                    divergence = attention_divergence(student_maps[i - 1], teacher_maps[j - 1])
                    loss = loss + self.arguments.attention_weight * divergence
        return loss

    def outputs(self, model, tokens):
        """(logits, hidden states: the first block's input, then each block's output, attention maps of each block or None)"""
        states = []

        def keep(_module, _given, given):
            states.append(given[0] if isinstance(given, tuple) else given)

        hooks = [module.register_forward_hook(keep) for module in (model.transformer.drop, *model.transformer.h)]
        found = model(tokens, output_attentions=self.arguments.attention_weight > 0)
        for hook in hooks:
            hook.remove()
        return found.logits, states, found.attentions

    @torch.no_grad()
    def held_out_loss(self):
        """Mean cross-entropy over all held-out tokens."""
        self.student.eval()
        total = count = 0
        for tokens in self.held_out.split(self.arguments.batch_size):
            logits = self.student(tokens).logits[:, :-1].flatten(0, 1)
            total += functional.cross_entropy(logits, tokens[:, 1:].flatten(), reduction="sum").item()
            count += tokens[:, 1:].numel()
        return total / count

    def backward(self, tokens):
        """Add the gradient of the loss to the student's, and return the loss."""
        loss = self.loss(tokens)
        loss.backward()
        return loss.item()

    def train(self, before_step=None, backward=None, held_out_loss=None):
        """Leave the student with the parameters of the least held-out loss, and return their step."""
        arguments = self.arguments

        def backward_of(step):
            self.student.train()
            tokens = windows.batch(self.training, step, arguments.batch_size, arguments.length, arguments.seed)
            return (backward or self.backward)(tokens)

        def report_on_the_way(step):
            if arguments.perplexity_every and (step + 1) % arguments.perplexity_every == 0:
                self.report(f"at step {step + 1}")

        held_out_loss = held_out_loss or self.held_out_loss
        return training_loop.train(self.student, arguments, backward_of, held_out_loss, before_step, report_on_the_way)


def attention_divergence(student, teacher):
    """KL(teacher ‖ student) of causal maps [batch, heads, queries, keys], the mean over all queries."""
    seen = torch.ones_like(student, dtype=torch.bool).tril()
    student, teacher = (torch.where(seen, weights, 1).log() for weights in (student, teacher))
    return torch.where(seen, teacher.exp() * (teacher - student), 0).sum(-1).mean()
