import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.data.pairing import all_of, one_each
from showtell.data.reading.caption_files import parse_captions, to_coco_results
from showtell.errors import DataError

EXPECTED = {"a.jpg": ("a dog runs", "the dog"), "b.jpg": ("a cat, asleep",)}

COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
    "annotations": [
        {"image_id": 7, "id": 1, "caption": "a dog runs"},
        {"image_id": 9, "id": 2, "caption": "a cat, asleep"},
        {"image_id": 7, "id": 3, "caption": "the dog"},
    ],
}
KARPATHY = {
    "dataset": "flickr8k",
    "images": [
        {
            "filename": "a.jpg",
            "imgid": 0,
            "split": "val",
            "sentences": [
                {"raw": "a dog runs", "tokens": ["a", "dog", "runs"]},
                {"raw": "the dog", "tokens": ["the", "dog"]},
            ],
        },
        {"filename": "b.jpg", "imgid": 1, "split": "test", "sentences": [{"raw": "a cat, asleep"}]},
    ],
}
ROWS = [
    {"image": "a.jpg", "caption": "a dog runs"},
    {"image": "b.jpg", "caption": "a cat, asleep"},
    {"image": "a.jpg", "caption": "the dog"},
]
LISTS = [
    {"file_path": "a.jpg", "captions": ["a dog runs", "the dog"]},
    {"file_path": "b.jpg", "captions": ["a cat, asleep"]},
]

FORMATS = {
    "Flickr8k's tokens": (
        "Flickr8k.token.txt",
        "a.jpg#0\ta dog runs\na.jpg#1\tthe dog\nb.jpg#0\ta cat, asleep\n",
    ),
    "text": ("refs.txt", "a.jpg\ta dog runs\nb.jpg\ta cat, asleep\r\n\na.jpg\tthe dog"),
    "CSV": (
        "captions.csv",
        'image,caption\na.jpg,a dog runs\nb.jpg,"a cat, asleep"\na.jpg,the dog',
    ),
    "CSV as Kaggle names it": (
        "captions.txt",
        'image,caption\na.jpg,a dog runs\nb.jpg,"a cat, asleep"\na.jpg,the dog\n',
    ),
    "CSV with other columns": (
        "x.csv",
        '"id";"Image";"Caption"\r\n1;a.jpg;a dog runs\r\n2;b.jpg;a cat, asleep\r\n1;a.jpg;the dog',
    ),
    "TSV with a header": (
        "x.tsv",
        "image\tcaption\na.jpg\ta dog runs\nb.jpg\ta cat, asleep\na.jpg\tthe dog",
    ),
    "Karpathy": ("dataset.json", json.dumps(KARPATHY)),
    "Karpathy, indented": ("dataset.json", json.dumps(KARPATHY, indent=2)),
    "rows": ("refs.json", json.dumps(ROWS)),
    "rows with lists": ("refs.json", json.dumps(LISTS)),
    "JSON Lines": ("refs.jsonl", "\n".join(map(json.dumps, ROWS)) + "\n"),
    "JSON Lines with lists": ("refs.jsonl", "\n".join(map(json.dumps, LISTS))),
    "JSON Lines named JSON": ("refs.json", "\n".join(map(json.dumps, ROWS))),
    "JSON Lines from stdin": ("stdin", "\n".join(map(json.dumps, ROWS))),
    "a mapping": ("refs.json", json.dumps(EXPECTED)),
    "a byte order mark": (
        "refs.txt",
        "\ufeffa.jpg\ta dog runs\na.jpg\tthe dog\nb.jpg\ta cat, asleep",
    ),
}


@pytest.mark.parametrize(("name", "text"), FORMATS.values(), ids=FORMATS)
def test_every_format_gives_the_same_captions(name, text):
    entries = parse_captions(text.encode(), name)
    captions = {entry.names[-1] + ".jpg": () for entry in entries}  # the last is the bare stem
    for entry in entries:
        captions[entry.names[-1] + ".jpg"] += entry.texts
    assert captions == EXPECTED


def test_coco_images_go_by_number_and_by_file():
    entries = parse_captions(json.dumps(COCO).encode(), "captions_val.json")
    assert all_of(entries) == {"7": EXPECTED["a.jpg"], "9": EXPECTED["b.jpg"]}
    assert {entry.names for entry in entries} == {("7", "a.jpg", "a"), ("9", "b.jpg", "b")}


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"path": "photos/a.JPG"}, ("photos/a.JPG", "a.JPG", "a")),
        ({"path": "C:\\photos\\a.jpg"}, ("C:\\photos\\a.jpg", "photos/a.jpg", "a.jpg", "a")),
        ({"path": "/b/c/a.jpg"}, ("/b/c/a.jpg", "b/c/a.jpg", "c/a.jpg", "a.jpg", "a")),
        ({"image_id": 7, "id": 3}, ("7",)),
        ({"id": 3, "image": "a.jpg"}, ("a.jpg", "a")),
        ({"id": 3}, ("3",)),
        ({"path": "a.heic"}, ("a.heic", "a")),
        ({"filename": "COCO_7.jpg", "cocoid": 7}, ("COCO_7.jpg", "7", "COCO_7")),
        ({"image_id": "a.b"}, ("a.b",)),
        ({"filepath": "val", "filename": "a.jpg"}, ("a.jpg", "val/a.jpg", "a")),
    ],
)
def test_an_image_goes_by_all_its_names(row, names):
    data = json.dumps([{**row, "caption": "x"}]).encode()
    assert parse_captions(data, "out.json")[0].names == names


def test_karpathys_splits_are_kept():
    entries = parse_captions(json.dumps(KARPATHY).encode(), "dataset.json")
    assert [entry.split for entry in entries] == ["val", "test"]


def test_a_system_that_says_nothing_has_an_empty_caption():
    assert one_each(parse_captions(b"a.jpg\t\nb.jpg\ta cat", "out.txt"))["a.jpg"] == ""


def test_a_photo_that_failed_has_no_caption():
    records = [{"path": "a.jpg", "caption": None}, {"path": "b.jpg", "caption": "A cat."}]
    lines = "\n".join(map(json.dumps, records))
    assert one_each(parse_captions(lines.encode(), "out.jsonl")) == {"b.jpg": "A cat."}


def test_text_may_begin_with_a_bracket_and_json_with_a_tab():
    assert one_each(parse_captions(b"[1].jpg\ta dog\n", "out.txt")) == {"[1].jpg": "a dog"}
    assert one_each(parse_captions(b'[\t{"id": "a",\t"caption": "x"}]', "out.json")) == {"a": "x"}


def test_ids_that_are_numbers_are_written_as_numbers():
    results = to_coco_results({"7": "a", "007": "b", "7.jpg": "c"})
    assert [row["image_id"] for row in results] == [7, "007", "7.jpg"]


@given(st.dictionaries(st.text("abc/é ", min_size=1), st.text(), min_size=1))
def test_coco_results_read_back_as_they_were(captions):
    data = json.dumps(to_coco_results(captions)).encode()
    assert one_each(parse_captions(data, "results.json")) == captions


def nested(children):
    """Lists and objects of what is given, with the keys that matter among others."""
    keys = st.sampled_from(["image_id", "caption", "captions", "images", "annotations", "raw", "x"])
    return st.lists(children, max_size=3) | st.dictionaries(keys, children, max_size=3)


# What is refused, in one line that names the file and the place


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("out.txt", b"a.jpg a dog", r"out\.txt, line 1: expected image<TAB>caption"),
        ("out.txt", b"a.jpg\tfine\n\tno image", r"out\.txt, line 2: expected image<TAB>caption"),
        ("out.txt", b"a.jpg\t\xff\xfe", r"out\.txt is not UTF-8 text"),
        ("out.txt", b" \n\n", r"out\.txt holds no captions"),
        ("out.json", b"[]", r"out\.json holds no captions"),
        ("out.json", b'[{"image_id": 1', r"out\.json is not valid JSON"),
        ("out.json", b'{"a.jpg": "x", "a.jpg": "y"}', r"the key 'a\.jpg' occurs twice"),
        (
            "out.json",
            b'[{"image_id": 1, "caption": 5}]',
            r"record 1: a caption must be text, got 5",
        ),
        ("out.json", b'[{"image_id": [1], "caption": "x"}]', r"record 1: an image is named by"),
        (
            "out.json",
            b'[{"caption": "x"}]',
            r"record 1: expected an image \(image_id, path, file_path …\)",
        ),
        ("out.json", b'[{"image_id": 1}]', r"record 1: expected an image .* found no caption in {"),
        ("out.json", b'[{"caption": "a"}]', r"record 1: expected .* found no image in {"),
        ("out.json", b"[7]", r"record 1: expected an image"),
        (
            "out.csv",
            b"file,caption\na.jpg,A dog",
            r"line 1: .*; no column is called as the image's",
        ),
        ("out.csv", b"image;label\na.jpg;3", r"line 1: .*; no column is called as the caption's"),
        ("out.txt", b"a dog", r"or a first line image,caption, got 'a dog'$"),
        ("out.json", b"[" * 100_000, r"out\.json is not valid JSON"),
        ("out.json", b'{"a":' + b"[" * 100_000 + b'\n{"b": 1}', r"out\.json is not valid JSON"),
        ("out.txt", b"a.jpg\tx\t-3.21\n", r"line 1: more than one TAB; a first line such as"),
        ("out.csv", b"image,caption,caption\na,b,c\n", r"line 1: a column occurs twice"),
        ("out.json", b"[" * 900 + b"]" * 900, r"record 1: expected an image"),
        ("out.json", b'[{"id": 1, "caption": ' + b"[" * 900 + b"]" * 901 + b"}]", r"out\.json"),
        ("out.jsonl", b'{"id": 1, "caption": "x"}\n{"id": 2', r"record 2 is not valid JSON"),
        ("out.csv", b"name,words\na.jpg,x\n", r"line 1: expected .* a first line image,caption"),
        (
            "out.csv",
            b"image,caption\na.jpg,a dog, running\n",
            r"line 2: 3 fields for the 2 columns",
        ),
        ("out.csv", b"image,caption\na.jpg\n", r"line 2: 1 fields for the 2 columns"),
        ("out.txt", b"a.jpg#0\tx\na.jpg#0\ty\n", r"line 2: a\.jpg#0 occurs twice"),
        (
            "out.json",
            b'[{"id": 1, "caption": "a \\ud800 dog"}]',
            r"record 1: .* is not Unicode text",
        ),
        (
            "out.json",
            b'[{"id": 1, "captions": [["a", "dog"]]}]',
            r"record 1: a caption must be text",
        ),
        ("out.csv", b'image,caption\n"a.jpg,x\n', r"out\.csv, line 2: unexpected end of data"),
    ],
)
def test_a_malformed_file_is_refused(name, content, message):
    with pytest.raises(DataError, match=message) as error:
        parse_captions(content, name)
    assert "\n" not in str(error.value)


@given(st.binary(max_size=200), st.sampled_from(["x.json", "x.jsonl", "x.csv", "x.txt", "stdin"]))
def test_no_bytes_at_all_raise_anything_else(data, name):
    with suppress(DataError):
        parse_captions(data, name)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text("aé", max_size=3), nested))
def test_no_json_at_all_raises_anything_else(value):
    with suppress(DataError):
        parse_captions(json.dumps(value).encode(), "x.json")
