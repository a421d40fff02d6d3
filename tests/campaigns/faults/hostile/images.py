"""Images that are small as files and large as pictures, or hostile beside their pixels."""

import io
import random
import struct
import zlib
from collections.abc import Mapping

from PIL import Image


def png(width: int, height: int, body: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG whose header claims a size; `body` are its compressed rows, `extra` chunks before them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + extra
        + chunk(b"IDAT", body or zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def image_bomb(rng: random.Random, good: Mapping[str, bytes]) -> bytes:
    """An image that is small as a file and large as a picture, or hostile beside its pixels."""
    side = rng.choice([8001, 20_000, 60_000, 65_535, 2**31 - 1])
    swollen = zlib.compress(b"\0" * (20 * 2**20), 9)
    kind = rng.randrange(13)
    if kind == 0:
        return png(side, rng.choice([side, 1, 8001]))
    if kind == 1:
        jpeg = bytearray(good["a.jpg"])
        at = jpeg.index(b"\xff\xc0") + 5
        jpeg[at : at + 4] = struct.pack(">HH", min(side, 65_535), rng.choice([0, 65_535]))
        return bytes(jpeg)
    if kind == 2:
        bmp = bytearray(good["a.bmp"])
        bmp[18:26] = struct.pack("<ii", rng.choice([side, -side, 2**31 - 1]), rng.choice([side, -side]))
        bmp[30:34] = struct.pack("<I", rng.choice([0, 1, 2, 3]))
        return bytes(bmp)
    if kind == 3:
        return rng.choice([b"P6", b"P5", b"P3", b"P2", b"P1", b"P4", b"Pf", b"PF", b"P7",
        b"P0CMYK"]) + b"\n%d %d\n%d\n" % (
            rng.choice([side, 3]), rng.choice([side, 0, 3]), rng.choice([255, 65_535, 0, 10**30]),
        ) + b"\0" * 99  # fmt: skip
    if kind == 4:
        webp = bytearray(good["a.webp"])
        webp[26:30] = struct.pack("<HH", 16_383, 16_383)
        return bytes(webp)
    if kind == 5:
        size = (side - 1) & 0xFFFFFF
        body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + struct.pack("<I", size)[:3] * 2
        body += b"ANIM" + struct.pack("<IIH", 6, 0, 0) + b"ANMF" + struct.pack("<I", 16) + b"\0" * 16
        return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    if kind == 6:
        return tiff(rng.choice([side, 3]), rng.choice([side, 3]), rng)
    if kind == 7:
        extra = rng.choice(
            [
                chunk(b"iCCP", b"p\0\0" + swollen), chunk(b"zTXt", b"k\0\0" + swollen),
                chunk(b"eXIf", b"II*\0" + b"\xff" * 9000),
                chunk(b"iTXt", b"k\0\1\0\0\0" + swollen) * 9, chunk(b"acTL", b"\xff" * 8),
                chunk(b"tRNS", b"\0" * 9999),
                chunk(b"pHYs", b""), chunk(b"fdAT", b"\0"), chunk(b"IHDR", b"\0"), chunk(b"zTXt", b""),
                chunk(b"\0\0\0\0", b""),
            ]
        )  # fmt: skip
        return png(2, 2, zlib.compress(b"\0" * 14), extra)
    if kind == 8:
        return (
            png(5000, 5000, zlib.compress(b"\0" * (15_001 * 5000), 1))
            if rng.random() < 0.2
            else png(9, 9, swollen)
        )
    if kind == 9:
        frames = [Image.new("RGB", (20, 20), (n % 256, 0, 0)) for n in range(50)]
        stream = io.BytesIO()
        frames[0].save(
            stream, rng.choice(["GIF", "TIFF", "WEBP", "PNG"]), save_all=True, append_images=frames[1:]
        )
        return stream.getvalue()
    if kind == 10:
        exif = rng.choice(
            [b"Exif\0\0" + rng.randbytes(60_000), exif_block(rng), b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
        )
        return b"\xff\xd8\xff\xe1" + struct.pack(">H", min(len(exif) + 2, 65_535)) + exif + good["a.jpg"][2:]
    if kind == 11:
        return rng.choice(
            [
                b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch CANARY) run\n",
                b"GIF89a" + b"\xff" * 900,
                b"<svg><image href='file:///etc/passwd'/></svg>", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n",
                b"BM", b"II*\0",
                b"\0\0\1\0\1\0\0\0\0\0" + b"\xff" * 90, b"%PDF-1.4", b"\x1f\x8b", b"PK\3\4",
                b"#EXTM3U\nfile:///etc/passwd", b"",
            ]
        )  # fmt: skip
    return progressive(rng)


def tiff(width: int, height: int, rng: random.Random) -> bytes:
    """A TIFF with one strip and a directory that claims a size, pages in a circle, or absurd counts."""
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, rng.choice([1, 8, 16, 32, 64])),
        (259, 3, 1, rng.choice([1, 5, 7, 8, 32773, 50000, 34712])),
        (262, 3, 1, rng.choice([1, 2, 3, 6, 32803])),
        (273, 4, rng.choice([1, 1, 2**30]), rng.choice([8, 2**31])), (274, 3, 1, rng.choice([1, 6, 99])),
        (277, 3, 1, rng.choice([1, 3, 9, 60_000])), (278, 4, 1, height), (279, 4, 1, rng.choice([99, 2**31])),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(tags))
        + body
        + struct.pack("<I", rng.choice([0, 8]))
        + b"\0" * 99
    )


def exif_block(rng: random.Random) -> bytes:
    """An EXIF block whose entries are hostile: strange orientation, types, counts and offsets."""
    entries = [
        (0x0112, rng.choice([2, 3, 4, 5, 7, 12, 99]), rng.choice([0, 1, 2**31]),
        rng.choice([0, 6, 99, 2**31])),
        (rng.choice([0x8769, 0x8825, 0x9286, 0x0112]), 4, 1, rng.choice([8, 2**31, 0])),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries * rng.choice([1, 900]))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(body) // 12) + body + b"\0" * 4


def progressive(rng: random.Random) -> bytes:
    """A progressive JPEG of few bytes a scan and very many scans: each is a pass over the whole picture."""
    side = rng.choice([64, 2000, 7900])
    stream = io.BytesIO()
    Image.new("L", (side, side)).save(stream, "JPEG", progressive=True, quality=10)
    content = stream.getvalue()
    at = content.rindex(b"\xff\xda")
    return content[:at] + content[at:-2] * rng.choice([3, 300, 3000]) + b"\xff\xd9"
