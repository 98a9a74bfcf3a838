"""Steps of torch.optim.AdamW after torch.nn.utils.clip_grad_norm_, in float64.

    python -m references.adamw        (in the folder training)

Small and large gradients are drawn, so that only some steps are clipped; the learning rate changes.
"""

import torch

from references.write_fixture import write_fixture

SHAPES = {"matrix": (5, 8), "ragged": (3, 7), "bias": (5,), "scalar": (1,)}
DECAYING = ["matrix", "ragged"]
SETTINGS = {"beta1": 0.9, "beta2": 0.98, "weightDecay": 0.05, "epsilon": 1e-8}
CLIPPING = 1.0
RATES = [4e-4, 8e-4, 1.2e-3, 1.1e-3, 6e-4, 4e-5]
SIZES = [0.01, 3.0, 0.2, 0.001, 40.0, 0.05]


def main():
    generator = torch.Generator().manual_seed(21)

    def draw(shape):
        return torch.randn(shape, generator=generator).double()

    parameters = {name: torch.nn.Parameter(draw(shape)) for name, shape in SHAPES.items()}
    start = {name: parameter.flatten().tolist() for name, parameter in parameters.items()}
    groups = [
        {"params": [parameters[name] for name in DECAYING], "weight_decay": SETTINGS["weightDecay"]},
        {"params": [parameters[name] for name in SHAPES if name not in DECAYING], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(SETTINGS["beta1"], SETTINGS["beta2"]), eps=SETTINGS["epsilon"])
    steps = []
    for rate, size in zip(RATES, SIZES):
        gradients = {name: (size * draw(shape)).float() for name, shape in SHAPES.items()}
        for name, parameter in parameters.items():
            parameter.grad = gradients[name].double()
        norm = torch.nn.utils.clip_grad_norm_(list(parameters.values()), CLIPPING)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        steps.append(
            {
                "learningRate": rate,
                "gradients": {name: gradient.flatten().tolist() for name, gradient in gradients.items()},
                "norm": norm.item(),
                "parameters": {name: parameter.flatten().tolist() for name, parameter in parameters.items()},
            }
        )
    write_fixture(
        "adamw.json",
        {
            "shapes": {name: list(shape) for name, shape in SHAPES.items()},
            "decaying": DECAYING,
            "settings": {**SETTINGS, "clipping": CLIPPING},
            "start": start,
            "steps": steps,
        },
    )


if __name__ == "__main__":
    main()
