"""Windows of a text that Lathe trains on and holds out: the same for the same seed, step by step.

Mirrors src/lab/texts/training-data.ts; references/training_windows.py writes a fixture that tests the agreement.
"""

import math

import torch

LEAST_HELD_OUT, MOST_WINDOWS = 4, 64
WORD = 0xFFFFFFFF


def mixed(value):
    """The finalizer of MurmurHash3 (Appleby 2011)."""
    bits = value & WORD
    bits = (bits ^ bits >> 16) * 0x85EBCA6B & WORD
    bits = (bits ^ bits >> 13) * 0xC2B2AE35 & WORD
    return bits ^ bits >> 16


def random_of_step(seed, step):
    """Yields numbers in [0, 1) by Marsaglia's xorshift of 32 bits."""
    state = mixed(mixed(seed) + step) ^ 0x9E3779B9 or 1
    while True:
        state ^= state << 13 & WORD
        state ^= state >> 17
        state ^= state << 5 & WORD
        yield state / 2**32


def training_tokens(total, length, held_out_share=0.02):
    """Number of tokens, from the beginning of the text, in which training windows may lie."""
    return total - max(math.ceil(held_out_share * total), LEAST_HELD_OUT * length)


def training_starts(training, step, size, length, seed):
    random = random_of_step(seed, step)
    return [math.floor(next(random) * (training - length + 1)) for _ in range(size)]


def held_out_starts(total, length, held_out_share=0.02):
    held_out = total - training_tokens(total, length, held_out_share)
    count = min(MOST_WINDOWS, held_out // length)
    return [total - (count - index) * length for index in range(count)]


def windows_at(ids, starts, length):
    """[starts, length]"""
    return torch.tensor([ids[start : start + length] for start in starts])


def split(ids, length):
    """(ids for training windows, held-out windows [windows, length])"""
    return ids[: training_tokens(len(ids), length)], windows_at(ids, held_out_starts(len(ids), length), length)


def batch(training, step, size, length, seed):
    """The windows of a step, counted from 0: [size, length]."""
    return windows_at(training, training_starts(len(training), step, size, length, seed), length)
