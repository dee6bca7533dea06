"""Flickr8k's own files, in the forms that people have them in."""

import csv
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showtell.data.records import Dataset, ImageFile
from showtell.data.sources import load_dataset
from showtell.errors import DataError

TOKENS = "Flickr8k_text/Flickr8k.token.txt"
TRAIN = "Flickr8k_text/Flickr_8k.trainImages.txt"
VAL = "Flickr8k_text/Flickr_8k.devImages.txt"
TEST = "Flickr8k_text/Flickr_8k.testImages.txt"
IMAGES = "Flicker8k_Dataset"
FIRST = "0001_red_circle.jpg"
ODD_ID = "2258277193_586949ec62.jpg.1"


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


def zipped(root: Path) -> Path:
    """The dataset as published: two zips, the second with a Mac's resource forks."""
    target = root.with_name("zips")
    target.mkdir()
    with zipfile.ZipFile(target / "Flickr8k_text.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((root / "Flickr8k_text").iterdir()):
            archive.write(path, path.name)
            archive.writestr(f"__MACOSX/._{path.name}", b"\0\5\x16\7resource fork")
    with zipfile.ZipFile(target / "Flickr8k_Dataset.zip", "w") as archive:
        archive.mkdir(IMAGES)
        for path in sorted((root / IMAGES).iterdir()):
            archive.write(path, f"{IMAGES}/{path.name}")
            archive.writestr(f"__MACOSX/{IMAGES}/._{path.name}", b"\0\5\x16\7resource fork")
    return target


def content(dataset: Dataset) -> dict[str, list[tuple[object, ...]]]:
    """All that was read, but for where it lies."""
    return {
        name: [(r.image_id, r.captions, r.split, r.image.read_bytes()) for r in split.records]
        for name, split in dataset.splits.items()
    }


def test_every_split_has_its_images_with_all_captions(tiny_flickr8k: Path) -> None:
    dataset = load_dataset(tiny_flickr8k)
    sizes = {name: len(dataset.require(name)) for name in dataset.splits}
    assert sizes == {"train": 12, "val": 4, "test": 2}
    first = dataset.require("train")[0]
    assert first.image_id == FIRST
    assert first.split == "train"
    assert len(first.captions) == 5
    assert first.captions[:2] == ("A red circle on a white background .", "The circle is red .")
    assert first.image.read_bytes() == (tiny_flickr8k / IMAGES / FIRST).read_bytes()
    assert (dataset.odd_ids, dataset.unlisted_images) == ((), 0)


def test_zips_read_the_same_as_the_folders_they_unpack_to(tiny_flickr8k: Path) -> None:
    zips = zipped(tiny_flickr8k)
    (zips / "notes.txt").write_text("downloaded on a Monday\n")
    dataset = load_dataset(zips)
    assert content(dataset) == content(load_dataset(tiny_flickr8k))
    assert (dataset.odd_ids, dataset.unlisted_images) == ((), 0)


@pytest.mark.parametrize(
    "folder",
    ["Flicker8k_Dataset", "Flickr8k_Dataset", "Images", ".", "Flickr8k_Dataset/Flicker8k_Dataset"],
)
def test_the_image_folder_goes_by_several_spellings(folder: str, tiny_flickr8k: Path) -> None:
    expected = content(load_dataset(tiny_flickr8k))
    images = (tiny_flickr8k / IMAGES).rename(tiny_flickr8k / "moving")
    (tiny_flickr8k / folder).mkdir(parents=True, exist_ok=True)
    for path in images.iterdir():
        path.rename(tiny_flickr8k / folder / path.name)
    assert content(load_dataset(tiny_flickr8k)) == expected


def test_text_files_beside_the_image_folder_are_found(tiny_flickr8k: Path) -> None:
    expected = content(load_dataset(tiny_flickr8k))
    for path in (tiny_flickr8k / "Flickr8k_text").iterdir():
        path.rename(tiny_flickr8k / path.name)
    assert content(load_dataset(tiny_flickr8k)) == expected


def test_kaggles_copy_of_the_captions_serves_with_the_published_lists(tiny_flickr8k: Path) -> None:
    before = content(load_dataset(tiny_flickr8k))
    tokens = tiny_flickr8k / "Flickr8k_text" / "Flickr8k.token.txt"
    rows = [line.split("\t") for line in tokens.read_text().splitlines()]
    with (tiny_flickr8k / "captions.txt").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("image", "caption"), *((key.split("#")[0], text) for key, text in rows)])
    tokens.unlink()
    (tiny_flickr8k / IMAGES).rename(tiny_flickr8k / "Images")
    found = content(load_dataset(tiny_flickr8k))
    assert found["val"] == before["val"]
    assert found["train"] == before["train"]


def test_resource_forks_and_hidden_files_are_no_images(tiny_flickr8k: Path) -> None:
    forks = tiny_flickr8k / "__MACOSX" / IMAGES
    forks.mkdir(parents=True)
    (forks / f"._{FIRST}").write_bytes(b"\0\5\x16\7resource fork")
    (tiny_flickr8k / IMAGES / "._other.jpg").write_bytes(b"\0\5\x16\7resource fork")
    assert load_dataset(tiny_flickr8k).unlisted_images == 0


def test_images_of_no_split_are_counted(tiny_flickr8k: Path) -> None:
    for name in ("x.jpg", "y.JPG", "z.png", "readme.txt"):
        shutil.copy(tiny_flickr8k / IMAGES / FIRST, tiny_flickr8k / IMAGES / name)
    assert load_dataset(tiny_flickr8k).unlisted_images == 3


def test_a_missing_image_refuses_its_split_alone(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / IMAGES / FIRST).unlink()
    dataset = load_dataset(tiny_flickr8k)
    assert dataset.splits["train"].missing_images == (FIRST,)
    assert dataset.splits["train"].missing_captions == ()
    assert not dataset.splits["train"].complete
    assert len(dataset.splits["train"].records) == 11
    assert len(dataset.require("val")) == 4
    with pytest.raises(DataError, match=rf"'train' .* incomplete: 1 image missing \({FIRST}\)"):
        dataset.require("train")


def test_missing_captions_are_listed_apart_from_missing_images(tiny_flickr8k: Path) -> None:
    rewrite(tiny_flickr8k / TOKENS, FIRST, "elsewhere.jpg")
    dataset = load_dataset(tiny_flickr8k)
    assert dataset.splits["train"].missing_captions == (FIRST,)
    assert dataset.splits["train"].missing_images == ()
    assert dataset.odd_ids == ("elsewhere.jpg",)
    with pytest.raises(DataError, match=rf"captions of 1 image missing \({FIRST}\)"):
        dataset.require("train")


def test_what_is_missing_is_counted_and_only_the_first_few_are_named(tiny_flickr8k: Path) -> None:
    for path in (tiny_flickr8k / IMAGES).iterdir():
        path.unlink()
    with pytest.raises(DataError) as error:
        load_dataset(tiny_flickr8k).require("train")
    assert "12 images missing (0001_red_circle.jpg, 0002_red_square.jpg, " in str(error.value)
    assert str(error.value).endswith("0003_red_triangle.jpg, …)")
    assert str(tiny_flickr8k) in str(error.value)


def test_a_split_that_is_not_there_is_refused_and_the_others_are_named(
    tiny_flickr8k: Path,
) -> None:
    (tiny_flickr8k / TEST).unlink()
    dataset = load_dataset(tiny_flickr8k)
    with pytest.raises(DataError, match=r"has no split 'test'; it has train, val"):
        dataset.require("test")


def test_captions_of_an_image_that_exists_nowhere_are_reported_and_not_fatal(
    tiny_flickr8k: Path,
) -> None:
    with (tiny_flickr8k / TOKENS).open("a", encoding="utf-8") as file:
        file.write(f"{ODD_ID}#0\tPeople in a boat .\n")
    dataset = load_dataset(tiny_flickr8k)
    assert dataset.odd_ids == (ODD_ID,)
    assert len(dataset.require("train")) == 12


@pytest.mark.parametrize(
    "line",
    [
        f"{FIRST}#0 a caption after a blank",
        "#0\ta caption of nothing",
        f"{FIRST}#0\t",
        "words",
    ],
)
def test_a_malformed_caption_is_named_by_file_and_line(line: str, tiny_flickr8k: Path) -> None:
    path = tiny_flickr8k / TOKENS
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(6, f"{line}\n")
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_dataset(tiny_flickr8k)
    assert str(error.value).startswith(f"{path}, line 7: expected image<TAB>caption, ")


@pytest.mark.parametrize("still_zipped", ["Flickr8k_text", "Flickr8k_Dataset"])
def test_one_part_may_be_unpacked_and_the_other_still_zipped(
    still_zipped: str, tiny_flickr8k: Path
) -> None:
    expected = load_dataset(tiny_flickr8k).require("train")
    zips = zipped(tiny_flickr8k)
    folder = {"Flickr8k_text": "Flickr8k_text", "Flickr8k_Dataset": "Flicker8k_Dataset"}
    shutil.rmtree(tiny_flickr8k / folder[still_zipped])
    (zips / f"{still_zipped}.zip").rename(tiny_flickr8k / f"{still_zipped}.zip")
    found = load_dataset(tiny_flickr8k).require("train")
    assert [r.image_id for r in found] == [r.image_id for r in expected]
    assert [r.captions for r in found] == [r.captions for r in expected]


def test_a_half_downloaded_zip_beside_complete_folders_does_no_harm(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / "Flickr8k_Dataset.zip").write_bytes(b"PK half")
    assert len(load_dataset(tiny_flickr8k).require("train")) == 12


def test_a_malformed_caption_in_a_zip_is_named_by_zip_and_member(tiny_flickr8k: Path) -> None:
    rewrite(tiny_flickr8k / TOKENS, f"{FIRST}#0\t", f"{FIRST}#0 ")
    target = zipped(tiny_flickr8k)
    with pytest.raises(DataError) as error:
        load_dataset(target)
    place = f"{target / 'Flickr8k_text.zip'}:Flickr8k.token.txt"
    assert str(error.value).startswith(f"{place}, line 1: expected ")


def test_an_empty_caption_file_is_refused_by_name(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / TOKENS).write_bytes(b"")
    with pytest.raises(DataError) as error:
        load_dataset(tiny_flickr8k)
    assert str(error.value).startswith(f"{tiny_flickr8k / TOKENS} holds no captions")


def test_an_empty_split_is_refused_when_it_is_asked_for(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / VAL).write_bytes(b"")
    dataset = load_dataset(tiny_flickr8k)
    assert len(dataset.require("train")) == 12
    with pytest.raises(DataError, match=r"split 'val' of .* is empty"):
        dataset.require("val")


def test_a_name_listed_twice_counts_once(tiny_flickr8k: Path) -> None:
    with (tiny_flickr8k / VAL).open("a", encoding="utf-8") as file:
        file.write("0013_red_circle.jpg\n")
    ids = [record.image_id for record in load_dataset(tiny_flickr8k).require("val")]
    assert len(ids) == 4
    assert ids[0] == "0013_red_circle.jpg"


def test_a_name_that_is_missing_and_listed_twice_is_missing_once(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / VAL).write_text("none.jpg\nnone.jpg\n", encoding="utf-8")
    val = load_dataset(tiny_flickr8k).splits["val"]
    assert val.missing_images == val.missing_captions == ("none.jpg",)


@pytest.mark.parametrize("file", [TOKENS, TRAIN])
def test_line_ends_of_windows_blank_lines_and_a_byte_order_mark_change_nothing(
    file: str, tiny_flickr8k: Path
) -> None:
    expected = content(load_dataset(tiny_flickr8k))
    path = tiny_flickr8k / file
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode())
    assert content(load_dataset(tiny_flickr8k)) == expected


@pytest.mark.parametrize("file", [TOKENS, TRAIN])
def test_a_file_that_is_not_utf_8_is_refused_by_name(file: str, tiny_flickr8k: Path) -> None:
    path = tiny_flickr8k / file
    path.write_bytes(path.read_bytes() + "0001_red_circle.jpg#5\tA café .".encode("latin-1"))
    with pytest.raises(DataError) as error:
        load_dataset(tiny_flickr8k)
    assert str(error.value).startswith(f"{path} is not UTF-8 text")


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_a_newline_ends_a_caption(character: str, tiny_flickr8k: Path) -> None:
    odd = f"The circle{character}is red ."
    rewrite(
        tiny_flickr8k / TOKENS, "0001_red_circle.jpg#1\tThe circle is red .", f"{FIRST}#1\t{odd}"
    )
    assert load_dataset(tiny_flickr8k).require("train")[0].captions[1] == odd


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        load_dataset(tmp_path / "nowhere")
    assert str(error.value) == f"no dataset folder or caption file at {tmp_path / 'nowhere'}"


def test_a_folder_that_holds_no_dataset_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"holds 0 pictures and no captions; expected a \.txt beside"
    ):
        load_dataset(tmp_path)


def test_captions_without_any_split_are_refused(tiny_flickr8k: Path) -> None:
    for file in (TRAIN, VAL, TEST):
        (tiny_flickr8k / file).unlink()
    with pytest.raises(DataError, match=r"holds none of Flickr_8k\.trainImages\.txt, "):
        load_dataset(tiny_flickr8k)


def test_a_folder_where_the_caption_file_should_be_holds_no_dataset(tiny_flickr8k: Path) -> None:
    (tiny_flickr8k / TOKENS).unlink()
    (tiny_flickr8k / TOKENS).mkdir()
    with pytest.raises(DataError, match=r"holds no Flickr8k\.token\.txt"):
        load_dataset(tiny_flickr8k)


@pytest.mark.parametrize("name", ["Flickr8k_text.zip", "Flickr8k_Dataset.zip"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_zip_is_refused_by_name(name: str, share: float, tiny_flickr8k: Path) -> None:
    path = zipped(tiny_flickr8k) / name
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DataError) as error:
        load_dataset(path.parent)
    assert str(error.value).startswith(f"{path} is not a readable zip")


def test_an_image_that_vanishes_or_is_damaged_in_its_zip_is_a_data_error(
    tiny_flickr8k: Path,
) -> None:
    gone = load_dataset(tiny_flickr8k).require("train")[0].image
    gone.path.unlink()
    with pytest.raises(DataError, match=f"cannot read .*{FIRST}"):
        gone.read_bytes()
    path = tiny_flickr8k / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"picture")
    path.write_bytes(path.read_bytes().replace(b"picture", b"pidgeon", 1))
    for member in ("a.jpg", "b.jpg"):  # a wrong checksum; no such member
        with pytest.raises(DataError, match=rf"cannot read .*damaged\.zip:{member}"):
            ImageFile(path, member).read_bytes()


def write_dataset(root: Path, tokens: bytes, names: bytes) -> Path:
    root.mkdir(exist_ok=True)
    (root / "Flickr8k.token.txt").write_bytes(tokens)
    (root / "Flickr_8k.trainImages.txt").write_bytes(names)
    (root / "a.jpg").write_bytes(b"")
    return root


PIECES = [b"a.jpg", b"#", b"0", b"\t", b"\n", b"\r", b" ", b"words", b"\xff", b"\xc2\x85"]
MALFORMED = st.binary(max_size=60) | st.lists(st.sampled_from(PIECES)).map(b"".join)


@settings(max_examples=200)
@given(tokens=MALFORMED, names=MALFORMED)
def test_any_bytes_in_the_text_files_give_a_dataset_or_a_data_error(
    tokens: bytes, names: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = write_dataset(tmp_path_factory.getbasetemp() / "any-bytes", tokens, names)
    records, refusal = (), ""
    try:
        records = load_dataset(root).splits["train"].records
    except DataError as error:
        refusal = str(error)
    assert not refusal or str(root) in refusal
    assert all(record.captions and all(record.captions) for record in records)


@settings(max_examples=200)
@given(draws=st.data())
def test_a_zip_with_altered_bytes_gives_a_dataset_or_a_data_error(
    draws: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("altered")
    with zipfile.ZipFile(root / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Flickr8k.token.txt", "á.jpg#0\tA dog and a dog and a dog .\n" * 5)
        archive.writestr("Flickr_8k.trainImages.txt", "á.jpg\n")
        archive.writestr("á.jpg", bytes(100))
    data = bytearray((root / "all.zip").read_bytes())
    changes = st.lists(
        st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), min_size=1, max_size=4
    )
    for place, value in draws.draw(changes):
        data[place] = value
    (root / "all.zip").write_bytes(data)
    refusal = ""
    try:
        for record in load_dataset(root).splits["train"].records:
            record.image.read_bytes()
    except DataError as error:
        refusal = str(error)
    assert not refusal or str(root) in refusal
