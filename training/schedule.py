"""AdamW with weight decay on matrices only, and a learning rate that warms up and falls as a cosine."""

import math

import torch


def adamw(model, peak, betas=(0.9, 0.98), weight_decay=0.1):
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=peak, betas=betas)


def cosine_with_warm_up(optimizer, steps, warm_up, floor=0.05):
    """Rises over `warm_up` steps to the peak, then falls to `floor` of it at `steps`."""

    def factor(step):
        if step < warm_up:
            return (step + 1) / warm_up
        progress = min(1.0, (step - warm_up) / max(1, steps - warm_up))
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train_step(model, inputs, optimizer, scheduler):
    """Take one step in bfloat16 autocast with the gradient's norm clipped to 1, and return the loss."""
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(**inputs).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()
