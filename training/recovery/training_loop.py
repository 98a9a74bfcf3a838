"""Training loop of Lathe's `train`: the schedule, the optimizer, clipping, the best parameters."""

import copy
import math

import torch


def train(model, settings, backward, held_out_loss, before_step=None, after_step=None, label=""):
    """Leave the model with the parameters of the least held-out loss, and return their step.

    `backward(step)` adds the gradient of a step's loss to the model's and returns the loss.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = adamw(model, settings.weight_decay)
    best, best_loss, best_step = None, math.inf, None

    def consider(step, loss):
        nonlocal best, best_loss, best_step
        held_out = held_out_loss()
        print(f"{label}step {step} loss {loss:.4f} held out {held_out:.6f}", flush=True)
        if held_out < best_loss:
            best, best_loss, best_step = copy.deepcopy(model.state_dict()), held_out, step

    consider(0, math.nan)
    for step in range(settings.steps):
        if before_step:
            before_step(step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, step)
        optimizer.zero_grad(set_to_none=True)
        loss = backward(step)
        torch.nn.utils.clip_grad_norm_(parameters, settings.clipping)
        optimizer.step()
        if (step + 1) % settings.evaluate_every == 0 or step + 1 == settings.steps:
            consider(step + 1, loss)
        if after_step:
            after_step(step)
    model.load_state_dict(best)
    print(f"{label}best at step {best_step}", flush=True)
    return best_step


def add_schedule_arguments(parser):
    """Shape of the learning rate after the warm-up; Lathe's defaults."""
    parser.add_argument("--schedule", choices=SHARE_AFTER_WARM_UP, default="cosine")
    parser.add_argument("--final-share", type=float, default=0.03)
    parser.add_argument("--decay-share", type=float, default=0.2, help="of all steps, for warmup-stable-decay")
    parser.add_argument("--cycles", type=int, default=4, help="of cosine-restarts")


def learning_rate(settings, step):
    """Learning rate of a step, counted from 0: linear warm-up, then the schedule."""
    peak, warm_up, steps = settings.peak, settings.warm_up, settings.steps
    if step < warm_up:
        return peak * (step + 1) / warm_up
    share = SHARE_AFTER_WARM_UP[settings.schedule](step - warm_up, steps - warm_up, settings)
    return peak * (settings.final_share + (1 - settings.final_share) * share)


def cosine(step, steps, settings):
    """From 1 down; would reach 0 one step after the last."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))


def linear(step, steps, settings):
    """Reaches 0 with the last step."""
    return 1 - (step + 1) / steps


def constant(step, steps, settings):
    return 1


def warmup_stable_decay(step, steps, settings):
    decaying = min(steps, math.floor(settings.decay_share * settings.steps + 0.5))
    return 1 if step < steps - decaying else linear(step - (steps - decaying), decaying, settings)


def cosine_restarts(step, steps, settings):
    ends = [math.floor(cycle * steps / settings.cycles + 0.5) for cycle in range(settings.cycles + 1)]
    start, end = next((start, end) for start, end in zip(ends, ends[1:]) if step < end)
    return cosine(step - start, end - start, settings)


SHARE_AFTER_WARM_UP = {
    "cosine": cosine,
    "linear": linear,
    "constant": constant,
    "warmup-stable-decay": warmup_stable_decay,
    "cosine-restarts": cosine_restarts,
}


def adamw(model, weight_decay):
    """Decay on matrices, factors and position embeddings, none on biases and norms."""
    decaying, others = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (decaying if parameter.dim() >= 2 else others).append(parameter)
    groups = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))
