"""Location of the fixtures of the TypeScript tests, and their number format."""

import json
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "src" / "testing" / "fixtures"
DIGITS = 9  # enough to give every float32 back exactly


def rounded(value):
    """Nested lists and dicts with every float at 9 significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value


def write_fixture(name, content):
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(rounded(item))}" for key, item in content.items())
    path.write_text("{\n" + lines + "\n}\n")
    print(f"{name}: {path.stat().st_size:,} bytes")
