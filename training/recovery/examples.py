"""Lathe's masked tokens and its labelled sentences for training and hold-out: the same for the same seed, step by step.

Mirrors src/lab/texts/training-data.ts and src/model/gradients/training-batch.ts, and the new head of
src/compression/recovery/classification-head.ts; references/transfer.py writes a fixture that tests the agreement.
"""

import math

import torch

from recovery.windows import LEAST_HELD_OUT, WORD, held_out_starts, random_of_step, training_tokens

MOST_EXAMPLES = 256
HELD_OUT = -1
MASKED_SHARE = 0.15
NO_TARGET = -1


def masked(windows, mask_token, random):
    """15 % of each window's tokens, at least one, except its first and last: (ids, targets), lists of lists."""
    ids, targets = [list(window) for window in windows], [[NO_TARGET] * len(window) for window in windows]
    for row, target in zip(ids, targets):
        inner = max(0, len(row) - 2)
        wanted = max(1, math.floor(MASKED_SHARE * inner + 0.5))
        for offset in range(inner):
            if next(random) * (inner - offset) >= wanted:
                continue
            target[1 + offset], row[1 + offset] = row[1 + offset], mask_token
            wanted -= 1
    return ids, targets


def masked_batch(ids, step, size, length, seed, surroundings, mask_token, held_out_share=0.02):
    """The windows of a step between [CLS] and [SEP], with masks."""
    random = random_of_step(seed, step)
    inner = length - 2
    training = training_tokens(len(ids), inner, held_out_share)
    starts = [math.floor(next(random) * (training - inner + 1)) for _ in range(size)]
    return masked(_windows(ids, starts, inner, surroundings), mask_token, random)


def masked_held_out(ids, size, length, surroundings, mask_token, held_out_share=0.02, seed=0):
    """All held-out windows, masked, in batches."""
    random = random_of_step(seed, HELD_OUT)
    inner = length - 2
    starts = held_out_starts(len(ids), inner, held_out_share)
    for first in range(0, len(starts), size):
        yield masked(_windows(ids, starts[first : first + size], inner, surroundings), mask_token, random)


def _windows(ids, starts, inner, surroundings):
    first, last = surroundings
    return [[first, *ids[start : start + inner], last] for start in starts]


def shuffled(count, random):
    """Positions shuffled by Fisher and Yates."""
    order = list(range(count))
    for index in range(count - 1, 0, -1):
        other = math.floor(next(random) * (index + 1))
        order[index], order[other] = order[other], order[index]
    return order


def split(count, held_out_share=0.02, seed=0):
    """(positions of the training examples, positions of the held-out ones)"""
    held_out = min(MOST_EXAMPLES, max(LEAST_HELD_OUT, math.ceil(held_out_share * count)))
    order = shuffled(count, random_of_step(seed, HELD_OUT))
    return order[held_out:], order[:held_out]


def drawn(training, step, size, seed):
    """Positions of a step's examples."""
    random = random_of_step(seed, step)
    return [training[math.floor(next(random) * len(training))] for _ in range(size)]


def initial_head(width, labels, seed=0, deviation=0.02):
    """(classifier [labels, width], pooler [width, width]), normal by Box and Muller 1958 from one generator."""
    random = _seeded(seed)
    return _normal(random, labels, width, deviation), _normal(random, width, width, deviation)


def _normal(random, rows, columns, deviation):
    values = []
    while len(values) < rows * columns:
        radius = deviation * math.sqrt(-2 * math.log(1 - next(random)))
        angle = 2 * math.pi * next(random)
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return torch.tensor(values[: rows * columns], dtype=torch.float64).view(rows, columns).float()


def _seeded(seed):
    """Marsaglia's 32-bit xorshift from an unmixed seed."""
    state = (seed ^ 0x9E3779B9) & WORD or 1
    while True:
        state ^= state << 13 & WORD
        state ^= state >> 17
        state ^= state << 5 & WORD
        yield state / 2**32
