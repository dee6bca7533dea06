import pytest

from showtell.data.pairing import one_each, pair_up
from showtell.data.reading.caption_files import Entry
from showtell.errors import DataError

COCO = [Entry(("7", "a.jpg"), ("x",)), Entry(("9", "b.jpg"), ("y",)), Entry(("7", "a.jpg"), ("z",))]
HUMANS = {"7": ("x", "z"), "9": ("y",)}


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


@pytest.mark.parametrize("names", [("7",), ("a.jpg",), ("photos/a.jpg", "a.jpg")])
def test_an_image_has_one_id_whatever_captions_call_it(names):
    assert pair_up([Entry(names, ("a dog",))], COCO) == ({"7": "a dog"}, HUMANS)


def test_captions_may_mix_names():
    captions, _ = pair_up([Entry(("7",), ("a dog",)), Entry(("b.jpg",), ("a cat",))], COCO)
    assert captions == {"7": "a dog", "9": "a cat"}


def test_an_id_comes_before_another_images_other_name():
    references = [Entry(("1", "2"), ("x",)), Entry(("2", "1"), ("y",))]
    assert pair_up([Entry(("1",), ("a",)), Entry(("2",), ("b",))], references)[0] == {
        "1": "a",
        "2": "b",
    }


def test_two_images_with_files_of_the_same_name_are_not_taken_for_one():
    references = [Entry(("a/x.jpg", "x.jpg"), ("1",)), Entry(("b/x.jpg", "x.jpg"), ("2",))]
    with pytest.raises(DataError, match=r"x\.jpg could be any of a/x\.jpg, b/x\.jpg in the"):
        pair_up([Entry(("x.jpg",), ("a dog",))], references)
    captions, _ = pair_up([Entry(("b/x.jpg", "x.jpg"), ("a dog",))], references)
    assert captions == {"b/x.jpg": "a dog"}


def test_names_that_mean_different_images_are_refused():
    with pytest.raises(DataError, match=r"7 or b\.jpg could be any of 7, 9 in the references"):
        pair_up([Entry(("7", "b.jpg"), ("a dog",))], COCO)


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
    with pytest.raises(DataError, match=r"two captions of the image a\.jpg.* swapped\?"):
        one_each(entries)


def test_two_captions_under_two_names_of_one_image_are_refused():
    with pytest.raises(DataError, match="two captions of the image 7"):
        pair_up([Entry(("7",), ("a dog",)), Entry(("a.jpg",), ("a dog",))], COCO)


def test_a_second_record_of_a_photo_that_failed_before_is_its_caption():
    entries = [Entry(("a.jpg",), ()), Entry(("a.jpg",), ("a dog",))]
    assert one_each(entries) == {"a.jpg": "a dog"}
