"""Starts of the windows that a training run draws and holds out, by the generator of recovery/windows.py.

    python -m references.training_windows        (in the folder training)
"""

from recovery.windows import held_out_starts, training_starts, training_tokens
from references.write_fixture import write_fixture

CASES = [(5000, 64, 0), (5000, 256, 7), (400_000, 256, 0), (3_000_000, 128, 2**31 - 1)]
STEPS = [0, 1, 2, 399, 100_000]
BATCH = 4


def main():
    cases = []
    for total, length, seed in CASES:
        training = training_tokens(total, length)
        steps = {str(step): training_starts(training, step, BATCH, length, seed) for step in STEPS}
        cases.append({"tokens": total, "length": length, "seed": seed, "steps": steps, "heldOut": held_out_starts(total, length)})
    write_fixture("training-windows.json", {"batch": BATCH, "cases": cases})


if __name__ == "__main__":
    main()
