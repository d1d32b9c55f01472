"""PNG pictures for the demo and the tests, drawn without a library: tests also need broken and unusual chunks."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH, _TRUECOLOUR = 8, 2
_BELOW, _ABOVE = bytes((16, 42, 67)), bytes((242, 179, 61))


def png(width: int, height: int) -> bytes:
    """A PNG of two colours, divided by its diagonal."""
    rows = []
    for row in range(height):
        edge = width * row // height
        rows.append(b"\0" + _BELOW * edge + _ABOVE * (width - edge))
    header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _TRUECOLOUR, 0, 0, 0)
    return b"".join(
        [
            _SIGNATURE,
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(b"".join(rows), 9)),
            chunk(b"IEND", b""),
        ]
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
