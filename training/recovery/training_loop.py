"""The loop of a run as Lathe's `train` has it: the schedule, the optimizer, clipping, the best parameters."""

import copy
import math

import torch


def train(model, settings, backward, held_out_loss, before_step=None, after_step=None, label=""):
    """Leaves the model with the parameters of the least held-out loss; the step that they are of.

    `backward(step)` adds the gradient of a step's loss to the model's and gives the loss.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = adamw(model, settings.weight_decay)
    best, best_loss, best_step = None, math.inf, None

    def consider(step, loss):
        nonlocal best, best_loss, best_step
        held_out = held_out_loss()
        print(f"{label}step {step} loss {loss:.4f} held out {held_out:.4f}", flush=True)
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


def learning_rate(settings, step):
    """Of a step, counted from 0: up in a line, then a cosine that would reach the final share one step after the last."""
    peak, warm_up, steps = settings.peak, settings.warm_up, settings.steps
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = (step - warm_up) / (steps - warm_up)
    final = settings.final_share
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))


def adamw(model, weight_decay):
    """Decay on matrices, factors and position embeddings, none on biases and norms."""
    decaying, others = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (decaying if parameter.dim() >= 2 else others).append(parameter)
    groups = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))
