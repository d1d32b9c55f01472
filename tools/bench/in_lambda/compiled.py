"""Loads a function and prints, as JSON, the files whose source had to be compiled: `compiled.py PATH[:PATH…]`."""

import importlib.machinery
import json
import sys
from typing import Any

paths = sys.argv[1].split(":")
compiled: list[str] = []
source_to_code = importlib.machinery.SourceFileLoader.source_to_code


def recorded(self: Any, data: Any, path: Any, **options: Any) -> Any:
    """Compile, and record the path."""
    compiled.append(str(path))
    return source_to_code(self, data, path, **options)


importlib.machinery.SourceFileLoader.source_to_code = recorded  # type: ignore[method-assign]
sys.path += paths
__import__("app")  # a built function

sys.stdout.write(json.dumps([path for path in compiled if path.startswith(tuple(paths))]))
