"""What names of folders say, word by word."""

import pytest

from autofas.data.folder_names import pai_name, said_by_file, said_by_folder, says_no_more, split_of


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("live", "bona_fide"), ("Bona Fide", "bona_fide"), ("ClientRaw", "bona_fide"),
        ("reals2", "bona_fide"),
        ("live_video", "bona_fide"), ("not_spoofed", "bona_fide"), ("no_attack", "bona_fide"),
        ("spoofing", "attack"), ("ImposterRaw", "attack"), ("non-live", "attack"), ("nonlive", "attack"),
        ("unreal", "attack"), ("fas-not-real", "attack"), ("not bona fide", "attack"), ("False", "attack"),
        ("PrintAttack", "print_attack"), ("train_print", "print"), ("3D mask", "attack_3d_mask"),
        ("real_vs_fake", ""), ("anti_spoofing", ""), ("antispoof", ""), ("notes", ""),
        ("anna", ""), ("01", ""),
    ],
)  # fmt: skip
def test_a_folder_says_its_class(name, said):
    assert said_by_folder(name) == said


def test_a_file_says_its_class_and_an_instrument_by_its_word():
    assert (said_by_file("x_07_Real.jpg").pai, said_by_file("x_07_Real.jpg").word) == ("bona_fide", "real")
    assert said_by_file("anna_print_03.png").pai == "print"
    assert said_by_file("anna_03.png").pai == ""


@pytest.mark.parametrize(
    ("parts", "split"),
    [
        (("train", "live"), "train"), (("test_data", "train", "live"), "train"),
        (("a", "train_real"), "train"),
        (("LCC_FASD_development", "real"), "dev"), (("testset2",), "test"), (("latest", "trainer"), ""),
        ((), ""),
    ],
)  # fmt: skip
def test_the_split_of_a_path(parts, split):
    assert split_of(parts) == split


def test_folders_that_hold_photographs_and_say_no_more():
    assert all(map(says_no_more, ("images", "train", "test_images", "RGB")))
    assert not any(map(says_no_more, ("p1", "clip_a", "0001", "anna images")))


def test_names_of_instruments():
    assert pai_name("Test Print A4") == "print_a4"
    assert pai_name("test") == "test"
