"""Learning rates of every schedule by PyTorch's own schedulers, one of them for each phase.

    python -m references.learning_rates        (in the folder training)

Lathe's warm-up and linear decays reach their end with their last step, so a decay omits the rate before its first step.
"""

import torch
from torch.optim import lr_scheduler

from references.write_fixture import write_fixture

SETTINGS = {
    "steps": 100, "warmupSteps": 20, "peakLearningRate": 2e-3, "finalShare": 0.1, "decayShare": 0.3, "cosineCycles": 4,
}  # fmt: skip
PEAK, FINAL = SETTINGS["peakLearningRate"], SETTINGS["finalShare"]
LEAST = PEAK * FINAL
WARM_UP = SETTINGS["warmupSteps"]
AFTER = SETTINGS["steps"] - WARM_UP
DECAYING = round(SETTINGS["decayShare"] * SETTINGS["steps"])


def rates(steps, scheduler, **settings):
    """Learning rates of that many steps from the peak on."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = scheduler(optimizer, **settings)
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


def warm_up():
    return rates(WARM_UP, lr_scheduler.LinearLR, start_factor=1 / WARM_UP, end_factor=1.0, total_iters=WARM_UP - 1)


def line(steps):
    return rates(steps + 1, lr_scheduler.LinearLR, start_factor=1.0, end_factor=FINAL, total_iters=steps)[1:]


def constant(steps):
    return rates(steps, lr_scheduler.ConstantLR, factor=1.0)


def main():
    after = {
        "cosine": rates(AFTER, lr_scheduler.CosineAnnealingLR, T_max=AFTER, eta_min=LEAST),
        "linear": line(AFTER),
        "constant": constant(AFTER),
        "warmup-stable-decay": constant(AFTER - DECAYING) + line(DECAYING),
        "cosine-restarts": rates(
            AFTER, lr_scheduler.CosineAnnealingWarmRestarts, T_0=AFTER // SETTINGS["cosineCycles"], eta_min=LEAST
        ),
    }
    write_fixture(
        "learning-rates.json",
        {"settings": SETTINGS, "rates": {name: warm_up() + phase for name, phase in after.items()}},
    )


if __name__ == "__main__":
    main()
