"""Pictures for tests, drawn when needed."""

import base64
import io
from typing import Any

from PIL import Image


def drawn(width: int, height: int, mode: str = "RGB", kind: str = "PNG", **options: Any) -> bytes:
    """Return the file of a picture in one colour."""
    return written(Image.new(mode, (width, height)), kind, **options)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()
