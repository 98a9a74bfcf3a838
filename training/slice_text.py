"""Take every n-th block of a text of one paragraph a line: a small sample of all of its books.

    python slice_text.py data/fairy-tales.train.txt ../public/datasets/fairy-tales.train.txt --every 6
    python slice_text.py data/fairy-tales.train.txt data/fairy-tales.whole.txt --every 1 --without data/fairy-tales.test.txt

With --without, paragraphs that share a passage with a test text are left out: Lathe refuses to train on those.
"""

import argparse
from pathlib import Path

BLOCK_CHARACTERS = 6000
# Half of the length of Lathe's shared passages: a passage across two paragraphs has at least this much in one of them.
PASSAGE_CHARACTERS = 50


def blocks(lines):
    """Blocks of whole lines of about BLOCK_CHARACTERS."""
    block = ""
    for line in lines:
        block += line
        if len(block) >= BLOCK_CHARACTERS:
            yield block
            block = ""
    if block:
        yield block


def without_passages_of(test, lines):
    """Lines without a passage of PASSAGE_CHARACTERS in common with the test text, with white space collapsed."""
    passages = set(windows(" ".join(test.split())))
    return [line for line in lines if passages.isdisjoint(windows(" ".join(line.split())))]


def windows(text):
    return (text[start : start + PASSAGE_CHARACTERS] for start in range(len(text) - PASSAGE_CHARACTERS + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--without", type=Path, help="a test text")
    arguments = parser.parse_args()
    lines = arguments.source.read_text(encoding="utf-8").splitlines(keepends=True)
    if arguments.without:
        lines = without_passages_of(arguments.without.read_text(encoding="utf-8"), lines)
    kept = "".join(block for index, block in enumerate(blocks(lines)) if index % arguments.every == 0)
    arguments.target.write_text(kept, encoding="utf-8")
    print(f"{len(kept):,} characters")


if __name__ == "__main__":
    main()
