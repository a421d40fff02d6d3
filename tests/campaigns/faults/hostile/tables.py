"""CSV tables."""

import csv
import io
import random
from pathlib import Path


def table_changed(
    path: Path, rng: random.Random, texts: tuple[str, ...], columns: dict[str, tuple[str, ...]]
) -> bytes:
    """A CSV with cells, rows and columns replaced, removed or doubled; quoted as CSV is or not at all."""
    rows = [list(row) for row in csv.reader(io.StringIO(path.read_text()))]
    for _ in range(rng.choice([1, 1, 2, 4])):
        row = rng.choice(rows if rng.random() < 0.2 else rows[1:] or rows)
        kind = rng.randrange(8)
        if kind <= 4 and row:
            at = rng.randrange(len(row))
            known = columns.get(rows[0][at] if at < len(rows[0]) else "", ())
            row[at] = rng.choice(known) if known and rng.random() < 0.6 else rng.choice(texts)
        elif kind == 5:
            row[:] = row[: rng.randrange(len(row) + 1)] + ["x"] * rng.randrange(3)
        elif kind == 6:
            rows.insert(rng.randrange(len(rows) + 1), list(row))
        else:
            for other in rows:
                other.insert(0, rng.choice(["new", "x", rows[0][-1] if rows[0] else ""]))
    stream = io.StringIO()
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    if rng.random() < 0.7:
        csv.writer(stream, lineterminator=end).writerows(rows)
    else:
        stream.write(end.join(",".join(row) for row in rows))
    return stream.getvalue().encode("utf-8", "surrogatepass")


def csv_bomb(content: bytes, rng: random.Random) -> bytes:
    """A table with a cell, a row, a header or a count of rows of absurd size, or quotes that never close."""
    header, _, body = content.partition(b"\n")
    first = body.partition(b"\n")[0]
    return rng.choice(
        [
            lambda: content + b"x" * 10**7, lambda: content + b'"' + b"x" * 10**7,
            lambda: header + b",a" * 10**6 + b"\n",
            lambda: content + b"," * 10**6 + b"\n", lambda: content + b"a\n" * 10**6,
            lambda: header + b"\n" * 10**6,
            lambda: header + b"\n" + (first + b"\n") * 10**4, lambda: b",".join([header] * 2) + b"\n" + body,
            lambda: header + b"\n" + b'"' * rng.randrange(1, 10**5), lambda: b"\n" + content, lambda: header,
            lambda: content.replace(b",", rng.choice([b";", b"\t", b",,", b"\0"])),
            lambda: b"\xef\xbb\xbf" * 2 + content,
            lambda: header + b"\r" + body, lambda: content[:-1] + b'"' + content,
            lambda: b"x" * (130 * 2**20),
        ]
    )()  # fmt: skip
