"""What a photo may come in, and what is refused."""

import io
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from showtell import Captioner
from showtell.errors import ConfigError, ImageError

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTO = EXAMPLES / "coffee.jpg"


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner.load("merge", threads=1)


def test_a_photo_is_the_same_whatever_it_comes_in(captioner: Captioner, tmp_path: Path) -> None:
    data = PHOTO.read_bytes()
    read_already = io.BytesIO(data)
    read_already.seek(0, io.SEEK_END)  # as after writing into it
    spooled = tempfile.SpooledTemporaryFile()  # noqa: SIM115
    spooled.write(data)
    with PHOTO.open("rb") as file, Image.open(PHOTO) as picture, spooled:
        sources = [
            *(PHOTO, str(PHOTO), data, bytearray(data), memoryview(data)),
            *(io.BytesIO(data), read_already, file, spooled, picture),
        ]
        captions = [captioner.caption(source) for source in sources]
    assert all(caption == captions[0] for caption in captions)


def test_a_stream_that_cannot_be_wound_back_is_read_from_where_it_is(captioner: Captioner) -> None:
    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.left = PHOTO.read_bytes()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            part, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)

    assert captioner.caption(Stream()) == captioner.caption(PHOTO)


def test_an_array_is_the_picture_of_the_same_pixels(captioner: Captioner) -> None:
    with Image.open(PHOTO) as file:
        rgb, grey = file.convert("RGB"), file.convert("L")
    for picture in (rgb, grey):
        array = np.asarray(picture)
        assert captioner.caption(array) == captioner.caption(picture)
        turned = np.ascontiguousarray(array.swapaxes(0, 1)).swapaxes(0, 1)  # rows are columns
        assert captioner.caption(turned) == captioner.caption(picture)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        5,
        2.5,
        ["a.jpg"],
        ("a.jpg",),
        {"path": "a.jpg"},
        object(),
        io.StringIO("a.jpg"),
        np.zeros((8, 8, 3)),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8, 3), bool),
        np.zeros((8, 8, 3), np.uint16),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((3, 8, 8), np.uint8),
        np.zeros(8, np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.array("a.jpg"),
    ],
    ids=lambda wrong: f"{type(wrong).__name__} {getattr(wrong, 'shape', '')}",
)
def test_anything_else_is_a_type_error_that_says_what_is_taken(
    captioner: Captioner, wrong: object
) -> None:
    with pytest.raises(TypeError, match=r"a path .* binary mode, a Pillow image, or a NumPy array"):
        captioner.caption(wrong)  # type: ignore[arg-type]


def test_a_file_opened_as_text_is_a_type_error_too(captioner: Captioner) -> None:
    with (
        PHOTO.open(encoding="latin-1") as file,
        pytest.raises(TypeError, match=r"binary mode.* got a file of text"),
    ):
        captioner.caption(file)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_read_is_named(captioner: Captioner, tmp_path: Path) -> None:
    with PHOTO.open("rb") as closed:
        pass
    with pytest.raises(ImageError, match=r"coffee\.jpg: cannot be read \(.*closed") as error:
        captioner.caption(closed)
    assert error.value.code == "unreadable"
    with (
        (tmp_path / "new.jpg").open("wb") as written,
        pytest.raises(ImageError, match=r"new\.jpg: cannot be read"),
    ):
        captioner.caption(written)


@pytest.mark.parametrize("source", [b"", bytearray(), memoryview(b""), io.BytesIO()])
def test_no_bytes_are_an_empty_file(captioner: Captioner, source: bytes) -> None:
    with pytest.raises(ImageError, match=r"image.*: empty \(0 bytes\)"):
        captioner.caption(source)


@pytest.mark.skipif(sys.platform == "win32", reason="told in other words")
def test_a_name_that_no_file_can_have_is_a_missing_file(captioner: Captioner) -> None:
    with pytest.raises(ImageError, match="no such file") as error:
        captioner.caption("a\0b.jpg")
    assert error.value.code == "missing"


@pytest.mark.parametrize(
    "one",
    [
        *(str(PHOTO), PHOTO, b"123", bytearray(b"123"), memoryview(b"123"), io.BytesIO(b"123")),
        *(Image.new("L", (8, 8)), np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8)),
    ],
    ids=lambda one: f"{type(one).__name__} {getattr(one, 'shape', '')}",
)
def test_a_single_picture_where_many_are_wanted_is_refused_at_once(
    captioner: Captioner, one: object
) -> None:
    with pytest.raises(TypeError, match="caption_many takes many pictures"):
        captioner.caption_many(one)  # type: ignore[arg-type]


def test_many_may_be_an_array_of_pictures(captioner: Captioner) -> None:
    pictures = np.stack([np.full((8, 9, 3), value, np.uint8) for value in (0, 255)])
    captions = [caption.text for caption in captioner.caption_many(pictures)]
    assert captions == [captioner.caption(picture).text for picture in pictures]


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_a_batch_of_no_photos_is_refused_at_once(captioner: Captioner, size: int) -> None:
    with pytest.raises(ConfigError, match="batch_size must be at least 1, got"):
        captioner.caption_many([PHOTO], batch_size=size)


def test_the_limit_of_pixels_is_that_of_the_call(captioner: Captioner) -> None:
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError, match="too many pixels") as error:
        captioner.caption(PHOTO, max_image_mpixels=0.001)
    assert error.value.code == "too-large"
    assert captioner.caption(PHOTO).text
    with pytest.raises(ImageError, match="too many pixels"):
        list(captioner.caption_many([PHOTO], max_image_mpixels=0.001))
    with pytest.raises(ImageError, match="too many pixels"):
        captioner.prepare(PHOTO, max_image_mpixels=0.001)
    assert before == Image.MAX_IMAGE_PIXELS


def test_what_was_prepared_for_another_model_is_refused(captioner: Captioner) -> None:
    prepared = captioner.prepare(PHOTO)
    assert captioner.caption(prepared) == captioner.caption(PHOTO)
    smaller = replace(prepared, pixels=prepared.pixels[:, :64, :64])
    with pytest.raises(ConfigError, match="prepared for another model"):
        captioner.caption(smaller)


def test_threads_may_share_a_captioner(captioner: Captioner) -> None:
    photos = sorted(EXAMPLES.glob("*.jpg"))
    jobs = [(photo, size) for photo in photos for size in (1, 4)]

    def describe(job: tuple[Path, int]) -> object:
        photo, size = job
        return captioner.caption(photo, beam_size=size).to_dict()

    alone = [describe(job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(describe, jobs)) == alone


def test_every_candidate_carries_the_number_that_ranks_it(captioner: Captioner) -> None:
    base = Captioner.load("base", threads=1)
    searches = [{}, {"chooser": False}, {"chooser": False, "consensus": 5.0}]
    for search in searches:
        candidates = base.caption(PHOTO, **search).to_dict()["candidates"]
        scores = [candidate["score"] for candidate in candidates]
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) > 1
    log_probs = [one["log_prob"] for one in base.caption(PHOTO).to_dict()["candidates"]]
    assert log_probs != sorted(log_probs, reverse=True)  # so that number does not rank them


def test_the_length_normalised_log_probability_ranks_where_nothing_else_does(
    captioner: Captioner,
) -> None:
    for candidate in captioner.caption(PHOTO).candidates:
        words = len(candidate.text.split())
        assert candidate.score == pytest.approx(candidate.log_prob / ((5 + words) / 6) ** 0.7)


def test_of_an_animation_the_record_says_which_picture_it_is_of(captioner: Captioner) -> None:
    frames = [Image.new("RGB", (16, 16), (40 * i, 80, 0)) for i in range(4)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    (note,) = captioner.caption(file).to_dict()["notes"]
    assert note == {"code": "animation", "message": "picture 3 of 4"}
