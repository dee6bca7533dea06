"""From anything that holds a picture to numbers: see `showtell.images`."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images.heic import HEIC
from PIL import Image, ImageCms, ImageDraw, TiffImagePlugin, features

from showtell.errors import ConfigError, ImageError
from showtell.images import (
    Preprocessing,
    describe,
    is_picture,
    open_rgb,
    prepare,
)

UNIT = Preprocessing(size=32, mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0))
ORIENTATION = 0x0112

# Four quarters, each of its own colour: no turn or mirroring leaves them in place.
QUARTERS = {(0, 0): (250, 0, 0), (1, 0): (0, 250, 0), (0, 1): (0, 0, 250), (1, 1): (250,) * 3}


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for (column, row), colour in QUARTERS.items():
        left, top = column * width // 2, row * height // 2
        draw.rectangle((left, top, left + width // 2, top + height // 2), fill=colour)
    return picture


def encode(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def shows_quarters(picture: Image.Image, *, tolerance: int = 30) -> bool:
    """Whether the middle of each quarter has its colour."""
    return all(
        np.allclose(
            picture.getpixel(
                ((2 * column + 1) * picture.width // 4, (2 * row + 1) * picture.height // 4)
            ),
            colour,
            atol=tolerance,
        )
        for (column, row), colour in QUARTERS.items()
    )


def rgb_of(source: Image.Image | bytes) -> tuple[int, ...]:
    """The colour of the first pixel."""
    return open_rgb(source, at_least=1)[0].getpixel((0, 0))


# EXIF 2.3, tag 274, "row 0 is the visual …, column 0 is the visual …", for the upright array `a`.
STORED_AS = {
    1: lambda a: a,  # top, left
    2: lambda a: a[:, ::-1],  # top, right
    3: lambda a: a[::-1, ::-1],  # bottom, right
    4: lambda a: a[::-1],  # bottom, left
    5: lambda a: a.swapaxes(0, 1),  # left, top
    6: lambda a: a.swapaxes(0, 1)[::-1],  # right, top
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],  # right, bottom
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],  # left, bottom
}


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED_AS)
def test_every_exif_orientation_gives_the_upright_picture(
    orientation: int, file_format: str
) -> None:
    stored = STORED_AS[orientation](np.asarray(quarters()))
    data = encode(
        Image.fromarray(np.ascontiguousarray(stored)), file_format, exif=oriented(orientation)
    )
    picture, width, height, _ = open_rgb(data, at_least=1)
    assert (width, height) == (64, 48)
    assert shows_quarters(picture)
    opened = open_rgb(Image.open(io.BytesIO(data)), at_least=64)
    assert (opened.rgb.size, opened.width, opened.height) == ((64, 48), 64, 48)
    assert shows_quarters(opened.rgb)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_exif_does_not_know_means_upright(orientation: int) -> None:
    data = encode(quarters(), "JPEG", exif=oriented(orientation))
    assert shows_quarters(open_rgb(data, at_least=1)[0])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0rubbish",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40),
    ],
    ids=["rubbish", "empty", "offset-beyond-end", "too-many-entries"],
)
def test_a_damaged_exif_block_does_not_spoil_a_sound_picture(exif: bytes, file_format: str) -> None:
    assert shows_quarters(open_rgb(encode(quarters(), file_format, exif=exif), at_least=8)[0])


def palette_picture() -> Image.Image:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    return picture


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("1", (4, 4), 1), (255, 255, 255)),
        (Image.new("L", (4, 4), 100), (100, 100, 100)),
        (Image.new("LA", (4, 4), (100, 255)), (100, 100, 100)),
        (palette_picture(), (40, 50, 60)),
        (Image.new("RGB", (4, 4), (1, 2, 3)), (1, 2, 3)),
        (Image.new("RGBA", (4, 4), (1, 2, 3, 255)), (1, 2, 3)),
        (Image.new("CMYK", (4, 4), (0, 255, 255, 0)), (255, 0, 0)),
        (Image.new("YCbCr", (4, 4), (100, 128, 128)), (100, 100, 100)),
        (Image.new("I;16", (4, 4), 100 * 257), (100, 100, 100)),
        (Image.new("I;16B", (4, 4), 100 * 257), (100, 100, 100)),
        (Image.new("I", (4, 4), 100 * 257), (100, 100, 100)),
        (Image.new("I", (4, 4), 100), (100, 100, 100)),  # 8-bit numbers in a wide mode
        (Image.new("I", (4, 4), -5), (0, 0, 0)),
        (Image.new("F", (4, 4), 0.2), (51, 51, 51)),  # numbers in 0..1
        (Image.new("F", (4, 4), 51.0), (51, 51, 51)),
        (Image.new("F", (4, 4), float("nan")), (0, 0, 0)),
        (Image.new("F", (4, 4), float("-inf")), (0, 0, 0)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value[0]),
)
def test_every_mode_becomes_rgb(picture: Image.Image, expected: tuple[int, ...]) -> None:
    assert rgb_of(picture) == expected


@pytest.mark.parametrize(
    ("picture", "options", "expected"),
    [
        (Image.new("LA", (4, 4), (0, 0)), {}, (255, 255, 255)),
        (Image.new("LA", (4, 4), (0, 51)), {}, (204, 204, 204)),  # a fifth black
        (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), {}, (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (255, 0, 0, 51)), {}, (255, 204, 204)),
        (palette_picture(), {"transparency": 1}, (255, 255, 255)),
        (palette_picture(), {"transparency": 0}, (40, 50, 60)),
        (palette_picture(), {"transparency": b"\xff\x00"}, (255, 255, 255)),
        (Image.new("L", (4, 4), 100), {"transparency": 100}, (255, 255, 255)),
        (Image.new("RGB", (4, 4), (1, 2, 3)), {"transparency": (1, 2, 3)}, (255, 255, 255)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else None,
)
def test_transparency_is_laid_on_white(
    picture: Image.Image, options: dict[str, object], expected: tuple[int, ...]
) -> None:
    assert rgb_of(encode(picture, "PNG", **options)) == expected


def test_a_16_bit_png_is_scaled_to_8_bits() -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    data = encode(Image.fromarray(ramp), "PNG")
    picture, *_ = open_rgb(data, at_least=1)
    assert np.array_equal(np.asarray(picture)[..., 0].ravel(), np.arange(256))


def test_a_greyscale_picture_has_three_equal_channels() -> None:
    red, green, blue = prepare(quarters().convert("L"), UNIT).pixels
    assert np.array_equal(red, green)
    assert np.array_equal(red, blue)
    assert red.std() > 0


def test_a_channel_becomes_value_minus_mean_over_std() -> None:
    prepared = prepare(Image.new("RGB", (50, 20), (0, 127, 255)), UNIT)
    assert prepared.pixels.shape == (3, 32, 32)
    assert prepared.pixels.dtype == np.float32
    assert np.all(prepared.pixels[0] == -127 / 128)
    assert np.all(prepared.pixels[1] == 0)
    assert np.all(prepared.pixels[2] == 1)


def test_each_channel_has_its_own_mean_and_std() -> None:
    uneven = Preprocessing(size=32, mean=(10.0, 20.0, 30.0), std=(1.0, 2.0, 4.0))
    pixels = prepare(Image.new("RGB", (8, 8), (12, 24, 38)), uneven).pixels
    assert [float(channel[0, 0]) for channel in pixels] == [2.0, 2.0, 2.0]


def test_a_wide_picture_is_squashed_and_not_cropped() -> None:
    wide = Image.new("RGB", (400, 40), "black")
    ImageDraw.Draw(wide).rectangle((360, 0, 399, 39), fill="white")  # the last tenth
    pixels = prepare(wide, UNIT).pixels
    assert np.all(pixels[:, :, :26] < -0.9)  # nine tenths of 32 columns are 28.8
    assert np.all(pixels[:, :, 31] > 0.9)
    assert np.ptp(pixels[:, :, 10]) == 0  # and no bars above or below


@pytest.mark.parametrize(
    "bad",
    [{"size": 0}, {"mean": (1.0, 2.0)}, {"std": (1.0, 1.0, 0.0)}, {"std": (1.0,)}],
    ids=str,
)
def test_preprocessing_that_cannot_work_is_refused(bad: dict[str, object]) -> None:
    (name,) = bad
    with pytest.raises(ConfigError, match=name):
        Preprocessing(**{"size": 32, "mean": (0.0,) * 3, "std": (1.0,) * 3, **bad})


def smooth(width: int, height: int) -> Image.Image:
    """A photo of sorts: slow waves in each channel."""
    x, y = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 7, height))
    waves = np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=-1)
    return Image.fromarray((127 + 120 * waves).astype(np.uint8))


def test_a_large_jpeg_is_decoded_small_and_agrees_with_the_full_decode() -> None:
    data = encode(smooth(1600, 1200), "JPEG", quality=95)
    small, width, height, _ = open_rgb(data, at_least=64)
    assert small.size == (200, 150)  # an eighth
    assert (width, height) == (1600, 1200)
    shrunk, full = prepare(data, UNIT), prepare(Image.open(io.BytesIO(data)).convert("RGB"), UNIT)
    assert (shrunk.width, shrunk.height) == (full.width, full.height) == (1600, 1200)
    assert np.abs(shrunk.pixels - full.pixels).max() < 0.05  # the range is 2
    assert np.abs(shrunk.pixels - full.pixels).mean() < 0.01


def test_shrinking_while_loading_keeps_the_short_side_long_enough() -> None:
    picture, width, height, _ = open_rgb(encode(smooth(2000, 130), "JPEG"), at_least=64)
    assert picture.height >= 64
    assert (width, height) == (2000, 130)


def test_a_large_turned_jpeg_reports_the_size_that_a_person_sees() -> None:
    data = encode(smooth(1000, 999), "JPEG", exif=oriented(6))  # an eighth of it is square
    _, width, height, _ = open_rgb(data, at_least=64)
    assert (width, height) == (999, 1000)


def test_a_picture_of_more_pixels_than_allowed_is_refused_in_memory_too() -> None:
    picture = Image.new("RGB", (20, 21))
    for source in (encode(picture, "PNG"), picture, np.zeros((21, 20), np.uint8)):
        assert open_rgb(source, at_least=1, max_image_mpixels=420e-6).width == 20
        with pytest.raises(ImageError, match=r"image.*: too many pixels .*20 × 21") as error:
            open_rgb(source, at_least=1, max_image_mpixels=419e-6)
        assert error.value.code == "too-large"


def test_the_limit_is_that_of_the_call_and_pillows_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # of the program around us
    for name in ("BMP", "JPEG", "PNG", "PPM"):
        data = encode(smooth(40, 30), name)
        assert open_rgb(data, at_least=1, max_image_mpixels=1).width == 40
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_small_file_that_claims_huge_sides_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    with pytest.raises(ImageError, match="too many pixels"):
        prepare(bomb, UNIT)


@pytest.mark.parametrize(
    "file_format",
    ["AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "QOI", "TIFF", "WEBP"],
)
def test_the_usual_formats_are_read(file_format: str) -> None:
    if file_format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    picture, width, height, _ = open_rgb(encode(quarters(48, 48), file_format), at_least=1)
    assert (width, height) == (48, 48)
    assert shows_quarters(picture)


def test_heic_is_read() -> None:
    picture, width, height, _ = open_rgb(HEIC, at_least=1)
    assert (width, height) == (64, 48)
    assert shows_quarters(picture)


ANIMATIONS = ["GIF", "WEBP", "PNG"] + (["AVIF"] if features.check("avif") else [])


def animation(file_format: str, frames: int, shown: int) -> bytes:
    """Black pictures, and at one place the quarters."""
    pictures = [Image.new("RGB", (64, 48), (index, 0, 0)) for index in range(frames)]
    pictures[shown] = quarters()
    options = {"lossless": True} if file_format == "WEBP" else {}
    return encode(
        pictures[0], file_format, save_all=True, append_images=pictures[1:], duration=50, **options
    )


@pytest.mark.parametrize("file_format", ANIMATIONS)
@pytest.mark.parametrize(("frames", "middle"), [(2, 1), (3, 1), (9, 4)])
def test_an_animation_gives_the_picture_in_its_middle(
    file_format: str, frames: int, middle: int
) -> None:
    opened = open_rgb(animation(file_format, frames, middle), at_least=1)
    assert shows_quarters(opened.rgb)
    assert opened.frame == (middle + 1, frames)


def test_of_a_damaged_animation_the_last_sound_picture_before_its_middle_is_given() -> None:
    data = animation("GIF", 9, 4)
    opened = open_rgb(data[: len(data) // 3], at_least=1)
    assert opened.frame is None or opened.frame[0] < 5


@pytest.mark.parametrize("file_format", ["TIFF", "MPO"])
def test_of_several_pages_the_first_is_given(file_format: str) -> None:
    others = [Image.new("RGB", (64, 48), "black")] * 3
    opened = open_rgb(
        encode(quarters(), file_format, save_all=True, append_images=others), at_least=1
    )
    assert shows_quarters(opened.rgb)
    assert opened.frame is None


FOREIGN = {
    "JPEG XL": (b"\xff\x0a" + bytes(40), "djxl"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "djxl"),
    "Canon CR2": (b"II*\0\x10\0\0\0CR\x02\0" + bytes(40), "raw"),
    "Canon CR3": (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(40), "raw"),
    "Fujifilm RAF": (b"FUJIFILMCCD-RAW 0201" + bytes(40), "raw"),
    "Olympus ORF": (b"IIRO\x08\0\0\0" + bytes(40), "raw"),
    "Panasonic RW2": (b"IIU\0\x18\0\0\0" + bytes(40), "raw"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "PDF": (b"%PDF-1.7\n" + bytes(40), "pdftoppm"),
    "MP4": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), "video"),
    "AVI": (b"RIFF\x24\0\0\0AVI LIST" + bytes(40), "video"),
    "Matroska": (b"\x1aE\xdf\xa3" + bytes(40), "video"),
    "OpenEXR": (b"v/1\x01\x02\0\0\0" + bytes(40), "dynamic"),
    "DICOM": (bytes(128) + b"DICM" + bytes(40), "DICOM"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_known_format_that_is_not_read_is_named_with_the_remedy(name: str) -> None:
    data, told = FOREIGN[name]
    with pytest.raises(ImageError, match=told) as error:
        open_rgb(data, at_least=1)
    assert "not a format we read; " in str(error.value)


def test_a_tiff_whose_first_page_is_a_preview_is_raw_and_not_captioned_from_it() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1  # NewSubfileType: a reduced-resolution picture of another
    with pytest.raises(ImageError, match="raw"):
        open_rgb(encode(quarters(), "TIFF", tiffinfo=tags), at_least=1)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "P", "LA"])
def test_a_large_picture_that_is_no_jpeg_is_shrunk_and_agrees_with_the_full_decode(
    mode: str,
) -> None:
    data = encode(smooth(1200, 900).convert(mode), "TIFF")
    opened = open_rgb(data, at_least=64)
    assert (opened.width, opened.height) == (1200, 900)
    full = open_rgb(data, at_least=900).rgb.resize(opened.rgb.size, Image.Resampling.BOX)
    difference = np.abs(np.asarray(opened.rgb, float) - np.asarray(full, float))
    assert difference.mean() < 2


def test_a_colour_profile_is_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain = encode(Image.new("RGB", (8, 8), (10, 200, 30)), "PNG")
    wrong = encode(Image.new("RGB", (8, 8), (10, 200, 30)), "PNG", icc_profile=profile)
    assert rgb_of(plain) == rgb_of(wrong) == (10, 200, 30)  # Lab is none of an RGB picture


def swapping_profile() -> bytes:
    """sRGB with red and blue exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", data, 128)
    at = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_the_colours_are_those_of_the_profile(file_format: str) -> None:
    red = Image.new("RGB", (16, 16), (250, 10, 10))
    found = rgb_of(encode(red, file_format, icc_profile=swapping_profile()))
    assert np.allclose(found, (10, 10, 250), atol=12)


def test_a_damaged_profile_is_ignored() -> None:
    red = Image.new("RGB", (16, 16), (250, 10, 10))
    assert rgb_of(encode(red, "PNG", icc_profile=swapping_profile()[:200])) == (250, 10, 10)


def test_a_picture_beyond_the_limit_is_told_with_the_option_that_raises_it() -> None:
    with pytest.raises(ImageError, match="max-image-mpixels") as error:
        open_rgb(encode(Image.new("L", (101, 100)), "PNG"), at_least=1, max_image_mpixels=0.01)
    assert error.value.code == "too-large"


def test_a_pipe_is_refused_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="a device or pipe"):
        open_rgb(tmp_path / "pipe.jpg", at_least=1)


def test_path_text_bytes_and_image_give_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(quarters(), "JPEG", exif=oriented(6)))
    expected = prepare(path, UNIT)
    with Image.open(path) as opened:
        sources = [str(path), path.read_bytes(), opened]
        for source in sources:
            found = prepare(source, UNIT)
            assert np.array_equal(found.pixels, expected.pixels)
            assert (found.width, found.height) == (expected.width, expected.height) == (48, 64)


def test_the_suffix_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(encode(quarters(), "WEBP"))
    assert shows_quarters(open_rgb(path, at_least=1)[0])


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_the_given_image_is_left_as_it_was(mode: str) -> None:
    given_image = quarters(64, 64).convert("L").convert(mode) if mode != "P" else palette_picture()
    given_image.getexif()[ORIENTATION] = 6
    before = given_image.mode, given_image.size, given_image.tobytes()
    prepare(given_image, UNIT)
    assert (given_image.mode, given_image.size, given_image.tobytes()) == before
    assert given_image.getexif()[ORIENTATION] == 6


def test_an_opened_jpeg_is_not_shrunk_in_the_callers_hands() -> None:
    opened = Image.open(io.BytesIO(encode(smooth(800, 800), "JPEG")))
    prepare(opened, UNIT)
    assert opened.size == (800, 800)


def test_a_text_file_named_as_a_photo_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_text("not a photo at all", encoding="utf-8")
    with pytest.raises(ImageError) as error:
        prepare(path, UNIT)
    assert str(error.value) == f"{path}: not a picture in a format we read"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.touch(), "empty"),
        (lambda path: path.write_bytes(encode(quarters(), "BMP")[:500]), "cannot be decoded"),
        (
            lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
            "PostScript",
        ),
        (lambda path: path.write_bytes(b"\0\0\1\xb3\x14\0\xf0\x13" + bytes(64)), "video"),
    ],
    ids=["missing", "folder", "empty", "truncated", "postscript", "video"],
)
def test_what_cannot_be_read_is_named_with_the_reason(
    make: object, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    make(path)
    with pytest.raises(ImageError) as error:
        prepare(path, UNIT)
    assert str(error.value).startswith(f"{path}: ")
    assert reason in str(error.value)


def test_no_bytes_are_no_picture() -> None:
    with pytest.raises(ImageError, match="image bytes: empty"):
        prepare(b"", UNIT)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b.jpg"], ids=["too-long", "zero-byte"])
def test_a_name_that_no_file_can_have_is_an_image_error(name: str) -> None:
    with pytest.raises(ImageError):
        prepare(name, UNIT)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_file_without_permission_is_an_image_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(quarters(), "PNG"))
    path.chmod(0)
    with pytest.raises(ImageError, match=r"photo\.png: cannot be read \(Permission denied\)"):
        prepare(path, UNIT)


def test_a_source_is_described_by_its_path_or_its_kind() -> None:
    assert describe("a/b.jpg") == describe(Path("a/b.jpg")) == str(Path("a/b.jpg"))
    assert describe(b"123") == "image bytes"
    assert describe(Image.new("L", (1, 1))) == "image"


def assert_read_or_refused(data: bytes) -> None:
    picture, refusal = None, ""
    try:  # a flipped size must not fill the memory
        picture, *_ = open_rgb(data, at_least=8, max_image_mpixels=0.1)
    except ImageError as error:
        refusal = str(error)
    if picture is None:
        assert refusal.startswith("image bytes: ")
    else:
        assert np.asarray(picture).shape == (picture.height, picture.width, 3)


def damageable() -> dict[str, bytes]:
    small, exif = quarters(24, 16), oriented(6)
    frames = [small.transpose(Image.Transpose.ROTATE_180)]
    files = {
        "jpeg": encode(small, "JPEG", exif=exif),
        "progressive-jpeg": encode(small, "JPEG", progressive=True),
        "mpo": encode(small, "MPO", save_all=True, append_images=frames),
        "png": encode(small, "PNG", exif=exif),
        "palette-png": encode(small.quantize(4), "PNG", transparency=b"\x00\x80"),
        "animated-png": encode(small, "PNG", save_all=True, append_images=frames),
        "webp": encode(small, "WEBP", exif=exif),
        "lossless-webp": encode(small.convert("RGBA"), "WEBP", lossless=True),
        "gif": encode(small, "GIF"),
        "tiff": encode(small, "TIFF", exif=exif),
        "deflated-tiff": encode(small, "TIFF", compression="tiff_deflate", exif=exif),
        "bmp": encode(small, "BMP"),
        "heic": HEIC,
    }
    if features.check("avif"):
        files["avif"] = encode(small, "AVIF", exif=exif)
    return files


DAMAGEABLE = damageable()


@pytest.mark.parametrize("name", DAMAGEABLE)
def test_a_file_cut_at_any_byte_is_read_or_refused(name: str) -> None:
    data = DAMAGEABLE[name]
    for length in range(0, len(data), 1 + len(data) // 300):
        assert_read_or_refused(data[:length])


@pytest.mark.parametrize("name", DAMAGEABLE)
@settings(max_examples=150)
@given(draws=st.data())
def test_a_file_with_flipped_bits_is_read_or_refused(name: str, draws: st.DataObject) -> None:
    data = bytearray(DAMAGEABLE[name])
    places = st.integers(0, 8 * len(data) - 1) | st.integers(0, 8 * 64 - 1)  # headers twice
    for bit in draws.draw(st.lists(places, min_size=1, max_size=8)):
        data[bit // 8] ^= 1 << bit % 8
    assert_read_or_refused(bytes(data))


@settings(max_examples=200)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    assert_read_or_refused(data)


@settings(max_examples=200)
@given(kind=st.sampled_from(sorted(DAMAGEABLE)), data=st.binary(max_size=300))
def test_random_bytes_after_a_true_signature_are_read_or_refused(kind: str, data: bytes) -> None:
    assert_read_or_refused(DAMAGEABLE[kind][:16] + data)


def test_a_truncated_photo_counts_as_a_picture_so_that_its_refusal_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(encode(smooth(200, 200), "JPEG")[:2000])
    assert is_picture(path)
    with pytest.raises(ImageError, match="truncated"):
        prepare(path, UNIT)


def test_a_picture_with_too_many_pixels_counts_as_one(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(encode(quarters(8, 8), "PNG"))
    assert is_picture(path)
    with pytest.raises(ImageError, match="too many pixels"):
        prepare(path, UNIT, max_image_mpixels=1e-5)
