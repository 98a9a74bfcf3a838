"""Take every n-th block of a text of one paragraph a line: a small sample of all of its books.

    python slice_text.py data/fairy-tales.train.txt ../public/datasets/fairy-tales.train.txt --every 6
"""

import argparse
from pathlib import Path

BLOCK_CHARACTERS = 6000


def blocks(lines):
    """Runs of whole lines of about BLOCK_CHARACTERS."""
    block = ""
    for line in lines:
        block += line
        if len(block) >= BLOCK_CHARACTERS:
            yield block
            block = ""
    if block:
        yield block


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--every", type=int, default=6)
    arguments = parser.parse_args()
    lines = arguments.source.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = "".join(block for index, block in enumerate(blocks(lines)) if index % arguments.every == 0)
    arguments.target.write_text(kept, encoding="utf-8")
    print(f"{len(kept):,} characters")


if __name__ == "__main__":
    main()
