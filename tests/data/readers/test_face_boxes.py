"""Face files: boxes as they may come."""

from autofas.data.readers.face_boxes import read_boxes


def test_face_box_files(tmp_path):
    place = tmp_path / "a.face"
    place.write_text(
        "0 1 2 30 40\r\n\r\n1 0 0 0 0\n2 5 6\n3 a b c d\n-1 1 1 1 1\n9 5 6 10 12\n10 1 1 999999 9\n"
    )
    track = read_boxes(place)
    assert track.found == {0: (1, 2, 30, 40), 9: (5, 6, 10, 12)}
    assert [track.box(frame) for frame in (0, 4, 5, 50)] == [(1, 2, 30, 40)] * 2 + [(5, 6, 10, 12)] * 2
    assert [line.split(":")[0] for line in track.unreadable] == [f"a.face line {n}" for n in (4, 5, 6, 8)]
    place.write_text("0 1.0 2.0 30.0 40.0\n1 10.37 -5.6 0.4 60.5\n2 nan 1 1 1\n3 inf 1 1 1\n4 1 1 0.0 9\n")
    track = read_boxes(place)
    assert track.found == {0: (1, 2, 30, 40), 1: (10, -6, 1, 60)}
    assert len(track.unreadable) == 2
    place.write_text("")
    assert read_boxes(place).box(0) is None
