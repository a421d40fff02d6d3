"""Face files: boxes as they may come."""

from autofas.data.readers.face_boxes import box_beside, read_boxes, read_corner_boxes


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


def test_corners_with_the_frames_number_or_a_line_a_frame(tmp_path):
    place = tmp_path / "a.face"
    place.write_text("0,10,12,30,36,15,20,25,20\n2, 11, 12, 31, 36\n3,a,b,c,d\n4,30,36,10,12\n5,1,2\n")
    track = read_corner_boxes(place, numbered=True)
    # right of left, below top; such a file need not name every frame
    assert (track.found, track.frames) == ({0: (10, 12, 20, 24), 2: (11, 12, 20, 24)}, 0)
    assert [line.split(":")[0] for line in track.unreadable] == ["a.face line 3", "a.face line 5"]
    place.write_text("785 425 1070 710\n0 0 0 0\n\nx\n1.4 2.6 11.4 22.6\n")
    track = read_corner_boxes(place, numbered=False)
    assert (track.found, track.frames) == ({0: (785, 425, 285, 285), 3: (1, 3, 10, 20)}, 4)
    assert track.unreadable == ("a.face line 4: 'x' is not left top right bottom",)


def test_a_box_file_beside_a_frame(tmp_path):
    frame, notes = tmp_path / "12.png", []
    assert box_beside(frame, tmp_path, notes) is None
    (tmp_path / "12.dat").write_text("1\n2\n30\n40\n")
    assert box_beside(frame, tmp_path, notes) == (1, 2, 30, 40)
    (tmp_path / "12.dat").write_text("1 2\n")
    assert box_beside(frame, tmp_path, notes) is None
    assert notes == ["12.dat: not four numbers left, top, width and height; it is not used"]
