"""Which sidecars are whose: see `showtell.batch.sidecars`."""

from pathlib import Path

import pytest
from PIL import Image

from showtell.batch.destinations import Destination
from showtell.batch.find import find_photos
from showtell.batch.review import find_doubts
from showtell.batch.sidecars import forget_folders, sidecar_names, xmp_sidecars
from showtell.metadata.description import Writing
from showtell.metadata.sidecar import write_sidecar
from showtell.runtime.records import Photo

CAPTION = "A dog runs."
OURS = Writing(text=CAPTION, caption=CAPTION, writer="showtell base 1", confidence=0.1)
MINE = Writing(text="Mine.", caption=None, writer="me", confidence=None)


def draw(folder: Path, *names: str) -> list[Path]:
    for number, name in enumerate(names):
        Image.new("RGB", (8, 8), (30 * number, 0, 0)).save(folder / name)
    forget_folders()
    return [folder / name for name in names]


def test_a_sidecar_of_the_full_name_comes_before_one_of_the_stem(tmp_path: Path) -> None:
    (photo,) = draw(tmp_path, "IMG.jpg")
    assert xmp_sidecars(photo) == []
    for name in ("IMG.xmp", "IMG.jpg.xmp"):
        write_sidecar(tmp_path / name, MINE)
    assert [path.name for path in xmp_sidecars(photo)] == ["IMG.jpg.xmp", "IMG.xmp"]


def test_a_folder_is_no_sidecar(tmp_path: Path) -> None:
    (photo,) = draw(tmp_path, "IMG.jpg")
    (tmp_path / "IMG.xmp").mkdir()
    assert xmp_sidecars(photo) == []


@pytest.mark.parametrize("other", ["IMG.png", "img.webp"])
def test_a_sidecar_of_a_stem_that_two_photos_share_is_neithers(tmp_path: Path, other: str) -> None:
    photos = draw(tmp_path, "IMG.jpg", other)
    write_sidecar(tmp_path / "IMG.xmp", OURS)
    assert [xmp_sidecars(photo) for photo in photos] == [[], []]


def test_a_photo_that_is_called_by_the_stem_of_another_keeps_its_sidecar(tmp_path: Path) -> None:
    first, second = draw(tmp_path, "IMG.jpg", "IMG.jpg.png")
    write_sidecar(tmp_path / "IMG.jpg.xmp", OURS)
    assert xmp_sidecars(first) == [tmp_path / "IMG.jpg.xmp"]
    assert xmp_sidecars(second) == []
    assert sidecar_names(second, ".txt", naming="stem") == [tmp_path / "IMG.jpg.png.txt"]


def test_review_takes_no_caption_of_another_photo_for_a_photos_own(tmp_path: Path) -> None:
    draw(tmp_path, "IMG.jpg")
    write_sidecar(tmp_path / "IMG.xmp", OURS)
    (doubt,) = find_doubts(find_photos([tmp_path]), below=0.3)
    assert doubt.photo.name == "IMG.jpg"
    draw(tmp_path, "IMG.png")  # whose is it now?
    assert list(find_doubts(find_photos([tmp_path]), below=0.3)) == []


@pytest.mark.parametrize("name", ["IMG.jpg", "IMG"])
def test_review_finds_captions_in_all_sidecars_of_a_photo(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / name, "JPEG")
    forget_folders()
    write_sidecar(tmp_path / f"{name}.xmp", OURS)
    write_sidecar(tmp_path / "IMG.xmp", OURS)
    (doubt,) = find_doubts(find_photos([tmp_path]), below=0.3)
    assert set(doubt.places) == {tmp_path / f"{name}.xmp", tmp_path / "IMG.xmp"}


@pytest.mark.parametrize("kind", ["xmp", "embed"])
@pytest.mark.parametrize(
    ("others", "sidecar", "is_theirs"),
    [
        ([], "IMG.xmp", True),
        ([], "IMG.jpg.xmp", True),
        (["IMG.CR2"], "IMG.xmp", False),  # it describes the raw file
        (["IMG.CR2"], "IMG.jpg.xmp", True),
        (["IMG.png"], "IMG.xmp", False),
        (["IMG.mov"], "IMG.xmp", True),
    ],
)
def test_sidecar_and_embed_agree_whose_words_a_sidecar_holds(
    tmp_path: Path, kind: str, others: list[str], sidecar: str, is_theirs: bool
) -> None:
    (photo,) = draw(tmp_path, "IMG.jpg")
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    write_sidecar(tmp_path / sidecar, MINE)
    found = Destination(kind=kind).existing(Photo(photo.as_posix(), photo, photo.name))
    assert found == ("Mine." if is_theirs else None)


@pytest.mark.parametrize("kind", ["xmp", "embed"])
def test_words_beside_a_photo_count_where_sidecars_go_elsewhere(tmp_path: Path, kind: str) -> None:
    (photo,) = draw(tmp_path, "IMG.jpg")
    write_sidecar(tmp_path / "IMG.xmp", MINE)
    destination = Destination(kind=kind, directory=tmp_path / "elsewhere")
    assert destination.existing(Photo(photo.as_posix(), photo, photo.name)) == "Mine."


def test_of_two_sidecars_a_damaged_one_is_told_and_does_not_end_the_run(
    tmp_path: Path, run
) -> None:
    draw(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "a.jpg.xmp").write_text("<x:xmpmeta", encoding="utf-8")
    write_sidecar(tmp_path / "a.xmp", MINE)
    assert xmp_sidecars(tmp_path / "a.jpg")[0].name == "a.jpg.xmp"
    outcomes = run(tmp_path, destinations=(Destination(kind="xmp"),))
    fates = {Path(one.photo.name).name: one.fate for one in outcomes}
    assert (fates["a.jpg"], fates["b.jpg"]) == ("failed", "captioned")
