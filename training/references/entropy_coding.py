"""Coded bytes by an independent coder written after docs/formats.md, with Python's integers, and Shannon entropies by NumPy.

Run from training/: python -m references.entropy_coding
"""

import binascii
import struct

import numpy as np

from references.write_fixture import write_fixture

LEAST_STATE = 1 << 15
STATES = 4
PRECISION = 12


def table(values):
    """One number for each symbol, 7 bits in a byte; zeros by their count."""
    out, symbol = bytearray(), 0
    while symbol < len(values):
        if values[symbol] == 0:
            run = 1
            while run < 256 and symbol + run < len(values) and values[symbol + run] == 0:
                run += 1
            out += bytes([0, run - 1])
            symbol += run
            continue
        rest = values[symbol]
        while rest >= 128:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
        symbol += 1
    return bytes(out)


def frequencies(symbols, alphabet):
    """Largest remainders: a rounding different from Lathe's, on which a decoder must not depend."""
    counts = np.bincount(symbols, minlength=alphabet)
    exact = counts * (1 << PRECISION) / len(symbols)
    shares = np.where(counts > 0, np.maximum(1, np.floor(exact)), 0).astype(int)
    order = np.argsort(shares - exact)
    missing = (1 << PRECISION) - int(shares.sum())
    position = 0
    while missing != 0:
        symbol = order[position % alphabet] if missing > 0 else order[-1 - position % alphabet]
        position += 1
        if counts[symbol] == 0 or (missing < 0 and shares[symbol] == 1):
            continue
        shares[symbol] += 1 if missing > 0 else -1
        missing += -1 if missing > 0 else 1
    return [int(share) for share in shares]


def rans(symbols, alphabet):
    shares = frequencies(symbols, alphabet)
    starts = [sum(shares[:symbol]) for symbol in range(alphabet)]
    states, words = [LEAST_STATE] * STATES, []
    for index in reversed(range(len(symbols))):
        symbol = int(symbols[index])
        state = states[index % STATES]
        share = shares[symbol]
        successor = (state // share << PRECISION) + starts[symbol] + state % share
        if successor >= 1 << 31:
            words.append(state & 0xFFFF)
            state >>= 16
            successor = (state // share << PRECISION) + starts[symbol] + state % share
        states[index % STATES] = successor
    head = bytes([PRECISION]) + table(shares) + struct.pack("<4I", *states)
    return head + struct.pack(f"<{len(words)}H", *reversed(words))


def code_lengths(counts):
    groups = sorted((int(count), [symbol]) for symbol, count in enumerate(counts) if count > 0)
    lengths = [0] * len(counts)
    while len(groups) > 1:
        (first, left), (second, right) = groups[:2]
        for symbol in left + right:
            lengths[symbol] += 1
        groups = sorted(groups[2:] + [(first + second, left + right)])
    return lengths


def huffman(symbols, alphabet):
    """Canonical code words as strings of 0 and 1, the first in the lowest bits."""
    lengths = code_lengths(np.bincount(symbols, minlength=alphabet))
    assert 0 < max(lengths) <= 14
    words, following, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        following <<= length - before
        words[symbol] = f"{following:0{length}b}"
        following, before = following + 1, length
    bits = "".join(words[int(symbol)] for symbol in symbols)
    bits += "0" * (-len(bits) % 8)
    return table(lengths) + bytes(int(bits[start : start + 8][::-1], 2) for start in range(0, len(bits), 8))


def streams(data, bits, planes):
    if bits == 8:
        return [np.frombuffer(data, np.uint8)[plane::planes] for plane in range(planes)]
    whole = int.from_bytes(data, "little")
    count = -(-8 * len(data) // bits)
    return [np.array([whole >> bits * index & (1 << bits) - 1 for index in range(count)])]


def coded(data, bits, planes, kinds):
    """`kinds`: the coding of each stream."""
    out = struct.pack("<IIBB", len(data), binascii.crc32(data), bits, planes)
    for symbols, kind in zip(streams(data, bits, planes), kinds):
        encode = {0: lambda s, _: bytes(s.astype(np.uint8)), 1: rans, 2: huffman}[kind]
        payload = encode(symbols, 1 << bits)
        out += struct.pack("<BI", kind, len(payload)) + payload
    return out + bytes(-len(out) % 4)


def entropy(symbols):
    _, counts = np.unique(symbols, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def main():
    random = np.random.default_rng(0)
    codes = np.clip(np.rint(random.normal(0, 1.3, 1600)), -8, 7).astype(int) & 15
    nibbles = bytes(int(low | high << 4) for low, high in codes.reshape(-1, 2))
    threes = np.clip(np.rint(random.normal(0, 0.8, 1600)), -4, 3).astype(int) & 7
    packed = sum(int(code) << 3 * index for index, code in enumerate(threes)).to_bytes(600, "little")
    samples = [
        ("codes of 8 bits", random.normal(0, 12, 1500).astype(np.int8).tobytes(), 8, 1, [1]),
        ("codes of 4 bits", nibbles, 4, 1, [1]),
        ("codes of 3 bits", packed, 3, 1, [1]),
        ("floats", random.normal(0, 0.02, 400).astype("<f4").tobytes(), 8, 4, [0, 0, 0, 1]),
        ("floats by Huffman", random.normal(0, 0.02, 400).astype("<f4").tobytes(), 8, 4, [0, 0, 2, 2]),
        ("one symbol", bytes([7]) * 100, 8, 1, [1]),
        ("codes of 8 bits by Huffman", random.normal(0, 12, 1500).astype(np.int8).tobytes(), 8, 1, [2]),
        ("codes of 4 bits by Huffman", nibbles, 4, 1, [2]),
    ]
    write_fixture(
        "entropy-coding.json",
        {
            "samples": [
                {
                    "name": name,
                    "bytes": data.hex(),
                    "symbolBits": bits,
                    "coder": "huffman" if 2 in kinds else "rans",
                    "coded": coded(data, bits, planes, kinds).hex(),
                    "entropies": [entropy(symbols) for symbols in streams(data, bits, planes)],
                }
                for name, data, bits, planes, kinds in samples
            ]
        },
    )


if __name__ == "__main__":
    main()
