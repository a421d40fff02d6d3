"""Files of tensors and a network saved in one."""

import json


def header_of(content: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(header, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def edited(path, edit) -> None:
    header, body = header_of(path.read_bytes())
    values = json.loads(header["__metadata__"]["autofas"])
    edit(values)
    header["__metadata__"]["autofas"] = json.dumps(values)
    path.write_bytes(with_header(header, body))
