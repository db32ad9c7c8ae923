"""Run benchmarks by name, all of them by default, and print their tables."""

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

from tests.benchmarks import machine

NAMES = ("functions", "computing", "payload", "views", "load", "first_plot", "drag", "settle")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all where none is given"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}; there are {NAMES}")

    figures: dict[str, Any] = {"machine": machine()}
    print(", ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    for name in arguments.names or NAMES:
        print(f"\n== {name} ==", flush=True)
        figures[name] = importlib.import_module(f"tests.benchmarks.{name}").main()
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
