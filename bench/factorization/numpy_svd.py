"""Time the truncated singular value decompositions of a GPT-2's linears with NumPy, as the yardstick of Lathe's.

    python numpy_svd.py --model DIR --share 0.5

Reads model.safetensors with NumPy alone, decomposes every linear of the transformer blocks in float64, as Lathe does, and
keeps the leading singular vectors. Prints one JSON object: seconds of the decompositions alone, and their number.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np

DTYPES = {"F32": np.float32, "F16": np.float16}
LINEAR = re.compile(r"h\.\d+\.(attn|mlp)\.\w+\.weight$")


def linears(path):
    """The matrices of the transformer blocks, one at a time."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, entry in header.items():
            if not LINEAR.search(name):
                continue
            start, end = entry["data_offsets"]
            file.seek(8 + length + start)
            values = np.frombuffer(file.read(end - start), DTYPES[entry["dtype"]])
            yield values.reshape(entry["shape"]).astype(np.float64)


def truncated(matrix, share):
    """Two factors that hold at most `share` of the matrix's parameters."""
    rows, columns = matrix.shape
    rank = max(1, min(int(share * rows * columns / (rows + columns)), rows, columns))
    u, values, vt = np.linalg.svd(matrix, full_matrices=False)
    roots = np.sqrt(values[:rank])
    return (u[:, :rank] * roots).astype(np.float32), (vt[:rank] * roots[:, None]).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--share", type=float, required=True)
    arguments = parser.parse_args()
    seconds, count = 0.0, 0
    for matrix in linears(arguments.model / "model.safetensors"):
        start = time.perf_counter()
        truncated(matrix, arguments.share)
        seconds += time.perf_counter() - start
        count += 1
    print(json.dumps({"seconds": seconds, "matrices": count, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
