"""One's own pictures, in the formats that people have captions in."""

import json
import shutil
from pathlib import Path

import pytest
from drawing import draw_folder, draw_shape
from hypothesis import given, settings
from hypothesis import strategies as st

from showtell.data.reading.splits import draw_splits
from showtell.data.records import Dataset
from showtell.data.sources import load_dataset
from showtell.errors import DataError

TWO = {"a.jpg": ("A dog .", "The dog ."), "b.jpg": ("A cat , asleep .",)}
ROWS = [{"file_path": image, "captions": list(texts)} for image, texts in TWO.items()]
COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
    "annotations": [
        {"id": n, "image_id": image, "caption": text}
        for n, (image, text) in enumerate(
            [(7, "A dog ."), (9, "A cat , asleep ."), (7, "The dog .")]
        )
    ],
}
KARPATHY = {
    "images": [
        {
            "filepath": "in",
            "filename": image,
            "split": split,
            "sentences": [{"raw": text} for text in TWO[image]],
        }
        for image, split in (("a.jpg", "restval"), ("b.jpg", "val"))
    ]
}


def put(root: Path, files: dict[str, object]) -> Path:
    """Write files: pictures, texts, and what else there is as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith((".jpg", ".png")):
            draw_shape("red", "circle", seed=len(name)).save(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return root


def captions(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    return {r.image_id: r.captions for split in dataset.splits.values() for r in split.records}


def ids(dataset: Dataset) -> dict[str, list[str]]:
    return {name: [r.image_id for r in split.records] for name, split in dataset.splits.items()}


PICTURES = {"a.jpg": 0, "b.jpg": 0}
FORMATS: dict[str, dict[str, object]] = {
    "a .txt beside each": {
        "a.txt": "A dog .\n\n  The dog .\r\n",
        "b.txt": "\ufeffA cat , asleep .",
    },
    "metadata.jsonl": {
        "metadata.jsonl": '{"file_name": "a.jpg", "text": ["A dog .", "The dog ."]}\n'
        '{"file_name": "b.jpg", "text": "A cat , asleep ."}\n'
    },
    "metadata.csv": {
        "metadata.csv": 'file_name,text\na.jpg,A dog .\na.jpg,The dog .\nb.jpg,"A cat , asleep ."\n'
    },
    "COCO": {"annotations/captions.json": COCO},
    "COCO, indented": {"captions_all.json": json.dumps(COCO, indent=1)},
    "a list with file_path": {"mine.json": ROWS},
    "JSON Lines": {"mine.jsonl": "\n".join(map(json.dumps, ROWS))},
    "CSV": {
        "captions.csv": 'image,caption\na.jpg,A dog .\nb.jpg,"A cat , asleep ."\na.jpg,The dog .'
    },
    "TSV": {"x.tsv": "image\tcaption\na.jpg\tA dog .\nb.jpg\tA cat , asleep .\na.jpg\tThe dog ."},
    "token file": {"r.token": "a.jpg#0\tA dog .\na.jpg#1\tThe dog .\nb.jpg#0\tA cat , asleep .\n"},
    "Kaggle's Flickr8k": {
        "captions.txt": 'image,caption\na.jpg,A dog .\nb.jpg,"A cat , asleep ."\na.jpg,The dog .'
    },
    "paths of another computer": {
        "mine.json": [{**row, "file_path": f"C:\\photos\\{row['file_path']}"} for row in ROWS]
    },
    "a README beside": {"mine.json": ROWS, "README.txt": "Photos of ours."},
    "names in another case": {
        "mine.json": [{**r, "file_path": r["file_path"].upper()} for r in ROWS]
    },
    "a .txt named after each file, or in capitals": {
        "a.jpg.txt": "A dog .\nThe dog .",
        "B.TXT": "A cat , asleep .",
    },
    "UTF-16, as Windows saves it": {
        "a.txt": "A dog .\r\nThe dog .\r\n".encode("utf-16"),
        "b.txt": "A cat , asleep .".encode("utf-16"),
    },
}


@pytest.mark.parametrize("files", FORMATS.values(), ids=FORMATS)
def test_every_format_gives_the_same_captions(files: dict[str, object], tmp_path: Path) -> None:
    dataset = load_dataset(put(tmp_path, PICTURES | files))
    assert captions(dataset) == TWO
    assert dataset.drawn == ("train", "val", "test")
    assert {name: len(found) for name, found in ids(dataset).items()} == {"train": 1, "val": 1}
    assert all(split.complete for split in dataset.splits.values())
    assert dataset.notes[1:] == ()


@pytest.mark.parametrize("name", ["mine.json", "in/mine.json"])
def test_a_caption_file_may_be_named_itself(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, {"a.jpg": 0, "in/a.jpg": 0, "in/b.jpg": 0, name: ROWS}) / name
    assert captions(load_dataset(path)).keys() == (
        {"a.jpg", "b.jpg"} if name.startswith("in/") else {"a.jpg", "in/b.jpg"}
    )


def test_pictures_may_lie_beside_the_folder_of_a_named_caption_file(tmp_path: Path) -> None:
    put(tmp_path, {"train2017/a.jpg": 0, "train2017/b.jpg": 0, "annotations/captions.json": COCO})
    put(tmp_path, {"annotations/another.jpg": 0})
    found = captions(load_dataset(tmp_path / "annotations" / "captions.json"))
    assert found == {f"train2017/{image}": texts for image, texts in TWO.items()}


def test_a_caption_file_may_be_named_from_a_folder_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"photos/a.jpg": 0, "photos/b.jpg": 0, "texts/captions.json": COCO})
    (tmp_path / "texts" / "old").mkdir()
    monkeypatch.chdir(tmp_path / "texts" / "old")
    found = captions(load_dataset(Path("../captions.json")))
    assert found == {f"photos/{image}": texts for image, texts in TWO.items()}


def test_paths_that_lead_out_of_the_folder_are_followed(tmp_path: Path) -> None:
    put(tmp_path, {"photos/a.jpg": 0, "album/b.jpg": 0, "album/x.jpg": 0})
    paths = {"a.jpg": str(tmp_path / "photos" / "a.jpg"), "b.jpg": "../album/b.jpg"}
    rows = [{**row, "file_path": paths[str(row["file_path"])]} for row in ROWS]
    put(tmp_path, {"mine/captions.json": rows, "mine/x.jpg": 0})
    dataset = load_dataset(tmp_path / "mine")
    assert captions(dataset) == {
        (tmp_path / "photos/a.jpg").as_posix(): TWO["a.jpg"],
        (tmp_path / "album/b.jpg").as_posix(): TWO["b.jpg"],
    }
    assert dataset.uncaptioned == ("x.jpg",)


def test_a_named_file_is_read_whatever_else_lies_beside(tmp_path: Path) -> None:
    put(tmp_path, {**PICTURES, "a.txt": "no", "old.json": ROWS[:1], "new.json": ROWS})
    assert captions(load_dataset(tmp_path / "new.json")) == TWO


@pytest.mark.parametrize("own", ["a .txt beside each", "a list with file_path", "metadata.csv"])
def test_runs_that_were_trained_inside_the_folder_change_nothing(own: str, tmp_path: Path) -> None:
    put(tmp_path, PICTURES | FORMATS[own])
    put(tmp_path, {"runs/x/val_captions.json": ROWS[:1], "runs/x/config.json": {"a": 1}})
    put(tmp_path, {"runs/x/log.jsonl": "{}", "runs/x/curves.png": 0})
    dataset = load_dataset(tmp_path)
    assert captions(dataset) == TWO
    assert dataset.notes[1:] == ()  # what lies in a run is not a picture that lacks a caption


def test_a_few_texts_beside_pictures_do_not_hide_a_caption_file(tmp_path: Path) -> None:
    put(tmp_path, {**PICTURES, "c.jpg": 0, "a.txt": "no", "captions.json": ROWS})
    assert captions(load_dataset(tmp_path)) == TWO


LABELS = {
    "labels of an imagefolder": ("metadata.csv", "file_name,label\na.jpg,3\nb.jpg,1\n"),
    "labels as a mapping": ("labels.json", '{"a.jpg": 3}'),
    "in another encoding": ("old.csv", "größe".encode("latin-1")),
}


@pytest.mark.parametrize(("name", "content"), LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("own", ["COCO", "a .txt beside each"])
def test_files_that_are_not_captions_are_left_aside(
    name: str, content: str, own: str, tmp_path: Path
) -> None:
    put(tmp_path, PICTURES | FORMATS[own] | {name: content})
    dataset = load_dataset(tmp_path)
    assert captions(dataset) == TWO
    read = own == "COCO" or name.startswith("metadata")  # a .txt beside each hides other files
    assert dataset.no_captions == ((name,) if read else ())


def test_captions_that_only_begin_well_are_refused_and_not_left_aside(tmp_path: Path) -> None:
    put(tmp_path, PICTURES | FORMATS["a .txt beside each"])
    put(tmp_path, {"metadata.csv": "file_name,text\na.jpg,A dog .\nb.jpg,A cat, asleep .\n"})
    with pytest.raises(DataError, match=r"metadata\.csv, line 3: 3 fields for the 2 columns"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("character", ["\x0b", "\x85", "\u2028"])
def test_a_caption_beside_its_picture_is_cut_at_newlines_alone(
    character: str, tmp_path: Path
) -> None:
    text = f"A dog{character}and a cat ."
    put(tmp_path, {"a.jpg": 0, "a.txt": f"{text}\nA dog .\n"})
    assert captions(load_dataset(tmp_path)) == {"a.jpg": (text, "A dog .")}


def test_karpathys_splits_and_folders_are_kept(tmp_path: Path) -> None:
    put(tmp_path, {"in/a.jpg": 0, "in/b.jpg": 0, "out/a.jpg": 0, "dataset_coco.json": KARPATHY})
    dataset = load_dataset(tmp_path)
    assert ids(dataset) == {"train": ["in/a.jpg"], "val": ["in/b.jpg"]}
    assert (dataset.splits_from, dataset.drawn) == ("the caption files", ())
    assert dataset.uncaptioned == ("out/a.jpg",)


def test_coco_files_give_the_splits_that_they_are_called_by(tmp_path: Path) -> None:
    val = {
        "images": [{"id": 7, "file_name": "c.jpg"}],  # the number is used again
        "annotations": [{"image_id": 7, "id": 0, "caption": "A bird ."}],
    }
    put(
        tmp_path,
        {
            "train2017/a.jpg": 0,
            "train2017/b.jpg": 0,
            "val2017/c.jpg": 0,
            "annotations/captions_train2017.json": COCO,
            "annotations/captions_val2017.json": val,
            "annotations/instances_val2017.json": {"annotations": []},
        },
    )
    dataset = load_dataset(tmp_path)
    assert ids(dataset) == {
        "train": ["train2017/a.jpg", "train2017/b.jpg"],
        "val": ["val2017/c.jpg"],
    }
    assert dataset.drawn == ()


def test_folders_of_an_imagefolder_give_the_splits(tmp_path: Path) -> None:
    row = '{"file_name": "1.png", "text": "A dog ."}'
    for folder in ("train", "validation", "test"):
        put(tmp_path, {f"{folder}/1.png": 0, f"{folder}/metadata.jsonl": row})
    dataset = load_dataset(tmp_path)
    assert ids(dataset) == {
        "train": ["train/1.png"],
        "val": ["validation/1.png"],
        "test": ["test/1.png"],
    }
    assert dataset.notes == ()


def test_one_metadata_file_may_name_pictures_in_the_folders(tmp_path: Path) -> None:
    rows = "file_name,caption\ntrain/1.png,A dog .\nval/1.png,A cat .\n"
    put(tmp_path, {"train/1.png": 0, "val/1.png": 0, "metadata.csv": rows})
    assert ids(load_dataset(tmp_path)) == {"train": ["train/1.png"], "val": ["val/1.png"]}


def test_val_is_drawn_from_train_where_there_is_none(tmp_path: Path) -> None:
    for n in range(10):
        put(tmp_path, {f"train/{n}.png": 0, f"train/{n}.txt": "A dog ."})
    put(tmp_path, {"test/x.png": 0, "test/x.txt": "A dog ."})
    dataset = load_dataset(tmp_path)
    assert {name: len(found) for name, found in ids(dataset).items()} == {
        "train": 9,
        "val": 1,
        "test": 1,
    }
    assert (dataset.splits_from, dataset.drawn) == ("the folders' names", ("val",))
    assert dataset.notes[0].startswith("the data give no val: a tenth of train is drawn for it")


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (["a.png"], "each image's path; too few images for val and test"),
        (["a.png", "b.png"], "each image's path; too few images for test"),
        (["train/a.png"], "the data give no val, and train has too few images to draw it from"),
        ([f"{n}.png" for n in range(10)], "by a hash of each image's path"),
    ],
)
def test_a_drawn_split_that_gets_no_image_is_named(
    images: list[str], note: str, tmp_path: Path
) -> None:
    for image in images:
        put(tmp_path, {image: 0, image.replace("png", "txt"): "A dog ."})
    assert load_dataset(tmp_path).notes[0].endswith(note)


def test_a_folder_of_trains_is_no_split(tmp_path: Path) -> None:
    for n in range(10):
        folder = "train" if n < 5 else "boat"
        put(tmp_path, {f"{folder}/{n}.png": 0, f"{folder}/{n}.txt": "On its way ."})
    assert load_dataset(tmp_path).drawn == ("train", "val", "test")


def test_what_a_file_says_of_splits_goes_before_its_folders(tmp_path: Path) -> None:
    rows = "file_name,caption,split\ntrain/1.png,A dog .,dev\nval/1.png,A cat .,training\n"
    put(tmp_path, {"train/1.png": 0, "val/1.png": 0, "metadata.csv": rows})
    assert ids(load_dataset(tmp_path)) == {"train": ["val/1.png"], "val": ["train/1.png"]}


def test_an_image_without_a_split_among_others_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = "file_name,caption,split\na.jpg,A dog .,val\nb.jpg,A cat .,\n"
    dataset = load_dataset(put(tmp_path, {**PICTURES, "metadata.csv": rows}))
    assert ids(dataset) == {"val": ["a.jpg"]}
    assert dataset.notes == ("images that belong to no split: 1",)


def test_a_drawn_split_depends_on_paths_alone(tmp_path: Path) -> None:
    here = draw_folder(tmp_path / "here")
    there = shutil.copytree(here, tmp_path / "elsewhere" / "there")
    dataset = load_dataset(here)
    assert {name: len(found) for name, found in ids(dataset).items()} == {
        "train": 20,
        "val": 2,
        "test": 2,
    }
    assert ids(load_dataset(there)) == ids(dataset)
    drawn = draw_splits(captions(dataset), 0)  # for ever: runs of an earlier version keep theirs
    assert {r.image_id: r.split for s in dataset.splits.values() for r in s.records} == drawn
    assert dataset.notes[0].startswith("the data give no splits: drawn, 80 % train, 10 % val")


def test_the_order_of_a_file_changes_nothing(tmp_path: Path) -> None:
    rows = [{"path": f"{n}.png", "caption": f"Number {n} ."} for n in range(12)]
    put(tmp_path, {row["path"]: 0 for row in rows})
    put(tmp_path, {"x.json": rows, "y.json": rows[::-1]})
    x, y = load_dataset(tmp_path / "x.json"), load_dataset(tmp_path / "y.json")
    assert (ids(x), captions(x)) == (ids(y), captions(y))


def test_pictures_without_a_caption_are_left_out_with_a_note(tmp_path: Path) -> None:
    put(tmp_path, {**PICTURES, "c.png": 0, "d.png": 0, "a.txt": "A dog .", "b.txt": "A cat ."})
    put(tmp_path, {"d.txt": " \n\n", "README.txt": "Photos of ours."})
    dataset = load_dataset(tmp_path)
    assert captions(dataset).keys() == {"a.jpg", "b.jpg"}
    assert dataset.notes[1:] == (
        "images without a caption, left out: 2, c.png, d.png",
        ".txt files without a picture beside them: 1, README.txt",
    )


def test_captions_whose_image_is_missing_refuse_their_split(tmp_path: Path) -> None:
    dataset = load_dataset(put(tmp_path, {"a.jpg": 0, "captions_train.json": ROWS}))
    assert [len(split.records) for split in dataset.splits.values()] in ([1, 0], [0, 1])
    split = next(split for split in dataset.splits.values() if split.missing_images)
    assert split.missing_images == ("b.jpg",)
    with pytest.raises(DataError, match=r"incomplete: 1 image missing \(b\.jpg\)"):
        dataset.require(split.name)


def test_blank_captions_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, {"file_path": "b.jpg", "captions": ["", "  "]}, {"image": "c.png", "text": None}]
    dataset = load_dataset(put(tmp_path, {**PICTURES, "c.png": 0, "mine.json": rows}))
    assert captions(dataset) == TWO
    assert dataset.uncaptioned == ("c.png",)
    assert dataset.empty_captions == 2


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "an empty folder": ({}, "holds 0 pictures and no captions; expected a .txt beside each"),
    "no captions": (PICTURES, "holds 2 pictures and no captions"),
    "all blank": ({**PICTURES, "a.txt": "", "b.txt": " "}, "all captions are blank"),
    "not UTF-8": (
        {**PICTURES, "a.txt": "A dog .\nA café .".encode("latin-1")},
        "a.txt is not UTF-8 text in line 2; save it as UTF-8",
    ),
    "one .txt for two": ({"a.jpg": 0, "a.png": 0, "a.txt": "x"}, "could be of a.jpg or of a.png"),
    "none there": (
        {"c.jpg": 0, "x.json": ROWS},
        "none of the 2 images that the captions in x.json name lies below",
    ),
    "several files": (
        {**PICTURES, "x.json": ROWS, "y.csv": "image,caption\na.jpg,x"},
        "several files that may hold the captions (x.json, y.csv)",
    ),
    "ambiguous": (
        {"x/a.jpg": 0, "y/a.jpg": 0, "b.jpg": 0, "x.json": ROWS},
        "a.jpg could be any of x/a.jpg, y/a.jpg",
    ),
    "two names of one image": (
        {"y/a.jpg": 0, "c.csv": "path,caption\nx/a.jpg,A dog .\ny/a.jpg,A cat .\n"},
        "x/a.jpg and y/a.jpg would both be the image y/a.jpg",
    ),
    "two splits": (
        {"a.jpg": 0, "c.csv": "path,caption,split\na.jpg,A dog .,train\na.jpg,A cat .,val\n"},
        "a.jpg is in train and in val",
    ),
    "notes": ({**PICTURES, "notes.txt": "of 2004"}, "holds 2 pictures and no captions; expected"),
    "labels": ({"a.jpg": 0, "metadata.csv": "file_name,label\na.jpg,3\n"}, "metadata.csv, line 1"),
    "not JSON": ({"a.jpg": 0, "captions.json": "[{"}, "captions.json is not valid JSON"),
}


@pytest.mark.parametrize(("files", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_understood_is_refused_in_one_line(
    files: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as error:
        load_dataset(put(tmp_path, files))
    assert message in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_names_with_accents_and_blanks_are_found(tmp_path: Path) -> None:
    name = "été à Paris/un café .jpg"
    put(tmp_path, {name: 0, "b.jpg": 0, "c.csv": f"image,caption\n{name},Coffee .\nb.jpg,Tea .\n"})
    assert captions(load_dataset(tmp_path)) == {name: ("Coffee .",), "b.jpg": ("Tea .",)}


def test_pictures_may_be_links(tmp_path: Path) -> None:
    put(tmp_path / "store", PICTURES)
    (tmp_path / "mine").mkdir()
    for name in PICTURES:
        (tmp_path / "mine" / name).symlink_to(tmp_path / "store" / name)
    put(tmp_path / "mine", FORMATS["a .txt beside each"])
    dataset = load_dataset(tmp_path / "mine")
    assert captions(dataset) == TWO


PIECES = [
    "a.jpg",
    "image",
    ",",
    "caption",
    "\t",
    "\n",
    "[",
    "{",
    '"',
    "}",
    "]",
    ":",
    "train",
    " x ",
]


@settings(max_examples=150)
@given(
    text=st.lists(st.sampled_from(PIECES)).map("".join),
    name=st.sampled_from(
        ["captions.json", "metadata.csv", "x.jsonl", "a.txt", "captions_train.csv"]
    ),
)
def test_any_caption_file_gives_a_dataset_or_a_data_error(
    text: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = put(tmp_path_factory.mktemp("any"), {"a.jpg": 0, name: text})
    found, refusal = {}, str(root)
    try:
        found = captions(load_dataset(root))
    except DataError as error:
        refusal = str(error)
    assert str(root) in refusal
    assert all(texts and all(texts) for texts in found.values())
