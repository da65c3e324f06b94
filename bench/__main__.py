"""Run the benchmarks: ``python -m bench`` for all of them, ``python -m bench ease_scale`` for one.

Each is a module of this package with a ``main``; it measures itself against another system or a limit in the same run
and prints the ratio with its method.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def names() -> list[str]:
    """Return the benchmarks there are: the modules with a ``main`` of their own."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    return [path.stem for path in files if "\ndef main(" in path.read_text(encoding="utf-8")]


if __name__ == "__main__":
    chosen = sys.argv[1:] or names()
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(names())}")
    for name in chosen:
        print(f"== {name}", flush=True)
        sys.argv = [f"bench/{name}.py"]
        importlib.import_module(f"bench.{name}").main()
