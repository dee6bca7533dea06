import pytest

from showtell.data.caption_files import Entry
from showtell.data.pairing import one_each, pair_up
from showtell.errors import DataError


def test_captions_meet_references_of_the_same_name():
    captions, references = pair_up(
        [Entry(("b.jpg",), ("a cat",)), Entry(("a.jpg",), ("a dog",))],
        [Entry(("a.jpg",), ("the dog",)), Entry(("b.jpg",), ("the cat",))],
    )
    assert captions == {"a.jpg": "a dog", "b.jpg": "a cat"}
    assert references == {"a.jpg": ("the dog",), "b.jpg": ("the cat",)}


def test_captions_of_paths_meet_references_of_file_names():
    captions, references = pair_up(
        [Entry(("photos/a.jpg", "a.jpg"), ("a dog",))], [Entry(("a.jpg",), ("the dog",))]
    )
    assert captions.keys() == references.keys() == {"a.jpg"}


def test_captions_of_file_names_meet_coco_references_of_numbers():
    captions, references = pair_up(
        [Entry(("a.jpg",), ("a dog",)), Entry(("b.jpg",), ("a cat",))],
        [
            Entry(("7", "a.jpg"), ("x",)),
            Entry(("9", "b.jpg"), ("y",)),
            Entry(("7", "a.jpg"), ("z",)),
        ],
    )
    assert captions == {"a.jpg": "a dog", "b.jpg": "a cat"}
    assert references == {"a.jpg": ("x", "z"), "b.jpg": ("y",)}


def test_the_first_name_is_used_where_both_would_do():
    captions, _ = pair_up(
        [Entry(("x/a.jpg", "a.jpg"), ("1",))], [Entry(("x/a.jpg", "a.jpg"), ("2",))]
    )
    assert captions == {"x/a.jpg": "1"}


def test_names_in_nothing_alike_are_kept_for_score_to_list():
    captions, references = pair_up([Entry(("a",), ("1",))], [Entry(("b",), ("2",))])
    assert (list(captions), list(references)) == (["a"], ["b"])


@pytest.mark.parametrize(
    "entries",
    [
        [Entry(("a.jpg",), ("a dog",)), Entry(("a.jpg",), ("a dog",))],
        [Entry(("a.jpg",), ("a dog", "a cat"))],
    ],
)
def test_two_captions_of_one_image_are_refused(entries):
    with pytest.raises(DataError, match=r"two captions of the image a\.jpg"):
        one_each(entries)


def test_a_second_record_of_a_photo_that_failed_before_is_its_caption():
    entries = [Entry(("a.jpg",), ()), Entry(("a.jpg",), ("a dog",))]
    assert one_each(entries) == {"a.jpg": "a dog"}
