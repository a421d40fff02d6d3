"""Score files written by hand."""


def write(tmp_path, text, name="scores.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def columns(table):
    return table.paths, table.videos, table.subjects, table.pais, table.scores.tolist()
