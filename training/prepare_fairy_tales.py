"""Download 32 children's books from Project Gutenberg, clean them and split them into train, valid and test.

    python prepare_fairy_tales.py --output data            (needs the network)
    python prepare_fairy_tales.py --output data --text BOOK.txt [BOOK.txt ...]

Headers and footers are cut, quotes and dashes made ASCII, each paragraph joined to one line. Each book
is split into blocks of about 6,000 characters, of which block 17 of every 40 is validation and block 37 of every 40 test.
"""

import argparse
import re
import time
import urllib.request
from pathlib import Path

BOOKS = [
    11, 12, 16, 54, 55, 113, 236, 289, 486, 500, 503, 540, 640, 641, 708, 778, 836, 1597, 1874, 1937, 2435, 2781, 3027,
    3282, 3454, 3536, 5314, 5615, 6746, 7277, 7439, 27826,
]  # fmt: skip
ADDRESS = "https://www.gutenberg.org/cache/epub/{number}/pg{number}.txt"
SECONDS_BETWEEN_DOWNLOADS = 2  # Gutenberg asks robots to be slow
BLOCK_CHARACTERS = 6000
VALIDATION_BLOCK, TEST_BLOCK, BLOCKS = 17, 37, 40

ASCII = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "...", "\u00a0": " ", "\ufeff": ""}
)


def download(number):
    request = urllib.request.Request(ADDRESS.format(number=number), headers={"User-Agent": "lathe-training"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode("utf-8", errors="replace")


def paragraphs(book):
    """The book's own text, one string a paragraph."""
    text = book.replace("\r\n", "\n")
    start = re.search(r"^\*\*\* ?START OF .*$", text, re.MULTILINE)
    end = re.search(r"^\*\*\* ?END OF .*$", text, re.MULTILINE)
    text = text[start.end() if start else 0 : end.start() if end else len(text)].translate(ASCII)
    joined = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    return [paragraph for paragraph in joined if paragraph]


def blocks(lines):
    """Lists of lines of about BLOCK_CHARACTERS each."""
    block, size = [], 0
    for line in lines:
        block.append(line)
        size += len(line) + 1
        if size >= BLOCK_CHARACTERS:
            yield block
            block, size = [], 0
    if block:
        yield block


def split(books):
    parts = {"train": [], "valid": [], "test": []}
    for book in books:
        for index, block in enumerate(blocks(paragraphs(book))):
            part = {VALIDATION_BLOCK: "valid", TEST_BLOCK: "test"}.get(index % BLOCKS, "train")
            parts[part] += block
    return parts


def download_all():
    for number in BOOKS:
        print(f"book {number}")
        yield download(number)
        time.sleep(SECONDS_BETWEEN_DOWNLOADS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--text", type=Path, nargs="+", help="books already here, instead of the download")
    arguments = parser.parse_args()
    books = [path.read_text(encoding="utf-8") for path in arguments.text] if arguments.text else download_all()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for part, lines in split(books).items():
        path = arguments.output / f"fairy-tales.{part}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
