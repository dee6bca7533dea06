"""Doubtful captions, and a person's choice: see `showtell.batch.review`."""

import errno
from contextlib import nullcontext
from pathlib import Path

import pytest

import showtell.metadata.embed as embed_module
import showtell.metadata.sidecar as sidecar_module
from showtell import files
from showtell.batch.find import find_photos
from showtell.batch.review import Doubt, find_doubts, reject, settle
from showtell.metadata import jpeg
from showtell.metadata.blocks import Blocks
from showtell.metadata.description import Description, Writing
from showtell.metadata.embed import embed, read_embedded
from showtell.metadata.sidecar import read_sidecar, write_sidecar
from showtell.metadata.xmp import merge_xmp

OURS = "A dog runs."


def ours(confidence: float, text: str = OURS) -> Writing:
    return Writing(text=text, caption=OURS, writer="showtell base 0.1.0", confidence=confidence)


@pytest.fixture(params=["sidecar", "embedded", "both"])
def photo(request: pytest.FixtureRequest, folder: Path) -> Path:
    """A photo with a doubtful caption of ours, in a sidecar, in itself, or in both."""
    path = folder / "a.jpg"
    if request.param != "embedded":
        write_sidecar(folder / "a.jpg.xmp", ours(0.1))
    if request.param != "sidecar":
        embed(path, ours(0.1))
    return path


def doubts(folder: Path, below: float = 0.3) -> list[Doubt]:
    return list(find_doubts(find_photos([folder]), below=below))


def said_of(photo: Path) -> list[Description]:
    """What is told of a photo, wherever."""
    sidecar = photo.with_name(photo.name + ".xmp")
    found = [read_embedded(photo), read_sidecar(sidecar) if sidecar.exists() else None]
    return [one for one in found if one and one.text]


def test_a_photo_with_a_doubtful_caption_is_found_once(photo: Path) -> None:
    (doubt,) = doubts(photo.parent)
    assert (doubt.photo, doubt.caption, doubt.confidence) == (photo, OURS, 0.1)


def test_what_is_sure_edited_or_a_persons_is_no_doubt(folder: Path) -> None:
    write_sidecar(folder / "a.jpg.xmp", ours(0.9))
    sidecar = folder / "b.jpg.xmp"
    write_sidecar(sidecar, ours(0.1))
    edited = sidecar.read_bytes().replace(b'x-default">A dog', b'x-default">My dog', 1)
    sidecar.write_bytes(edited)
    person = Writing(text="Mine.", caption=None, writer="me", confidence=None)
    write_sidecar(folder / "more" / "c.jpg.xmp", person)
    assert doubts(folder) == []


def test_a_persons_sentence_takes_the_place_of_ours_and_is_theirs(photo: Path) -> None:
    (doubt,) = doubts(photo.parent)
    settle(doubt, "My dog Rex.", "ann")
    told = said_of(photo)
    assert len(told) == len(doubt.places)
    for description in told:
        assert description.text == description.alt_text == "My dog Rex."
        assert (description.writer, description.caption) == ("ann", None)
        assert description.by_person
    assert doubts(photo.parent) == []


def test_accepted_as_it_is_the_sentence_becomes_the_persons(photo: Path) -> None:
    (doubt,) = doubts(photo.parent)
    settle(doubt, doubt.caption, "ann")
    assert all(one.by_person and one.text == OURS for one in said_of(photo))


@pytest.mark.parametrize("writes", [0, 1])
def test_a_disk_that_fills_up_keeps_ours_until_the_persons_sentence_is_there(
    photo: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (doubt,) = doubts(photo.parent)
    real, done = files.write_atomically, []

    def fill_up(path: Path, data: bytes, **more: bool) -> None:
        if len(done) == writes:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        done.append(path)
        real(path, data, **more)

    for module in (sidecar_module, embed_module):
        monkeypatch.setattr(module, "write_atomically", fill_up)
    with nullcontext() if len(doubt.places) <= writes else pytest.raises(OSError, match="space"):
        settle(doubt, "My dog Rex.", "ann")
    told = [one.text for one in said_of(photo)]
    assert len(told) == len(doubt.places)
    assert set(told) <= {OURS, "My dog Rex."}


def test_copies_of_ours_in_other_languages_go_with_it(folder: Path) -> None:
    default, english = (
        f'<rdf:li xml:lang="{lang}">{OURS}</rdf:li>' for lang in ("x-default", "en")
    )
    packet = merge_xmp(None, ours(0.1)).decode().replace(default, default + english)
    assert packet.count(english) == 2  # of the description and of the alt text
    (folder / "a.jpg.xmp").write_text(packet, "utf-8")
    photo = folder / "a.jpg"
    photo.write_bytes(jpeg.write(photo.read_bytes(), Blocks(xmp=packet.encode())))
    (doubt,) = doubts(folder)
    assert len(doubt.places) == 2
    settle(doubt, "My dog Rex.", "ann")
    for place in doubt.places:
        assert OURS.encode() not in place.read_bytes()


def test_words_of_a_person_beside_ours_stay(folder: Path) -> None:
    write_sidecar(folder / "a.jpg.xmp", ours(0.1, text=f"Crete, 2009.\n{OURS}"))
    (doubt,) = doubts(folder)
    settle(doubt, "My dog Rex.", "ann")
    assert read_sidecar(folder / "a.jpg.xmp").text == "Crete, 2009.\nMy dog Rex."


def test_a_rejected_caption_is_gone(photo: Path, drawn: list[bytes]) -> None:
    (doubt,) = doubts(photo.parent)
    reject(doubt)
    assert said_of(photo) == []
    assert photo.read_bytes() == drawn[0]
    assert not list(photo.parent.glob("*.xmp"))
