"""A photo library as bad as they come, made from nothing."""

import io
import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, features

ORIENTATION = 0x0112
SIDE = 64


@dataclass
class Library:
    """What is in the folder: what must get a caption, what must fail and why, what is no photo."""

    root: Path
    good: set[str] = field(default_factory=set)  # by path below the root
    bad: dict[str, str] = field(default_factory=dict)  # and the code of the error
    left_out: set[str] = field(default_factory=set)
    _made: int = 0

    def picture(self) -> Image.Image:
        """A picture unlike all others."""
        self._made += 1
        blocks = np.random.default_rng(self._made).integers(0, 256, (4, 4, 3), np.uint8)
        return Image.fromarray(blocks).resize((SIDE, SIDE * 3 // 4), Image.Resampling.BICUBIC)

    def encoded(self, file_format: str, mode: str = "RGB", **options: object) -> bytes:
        file = io.BytesIO()
        self.picture().convert(mode).save(file, file_format, **options)
        return file.getvalue()

    def write(self, name: str, data: bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def add(self, name: str, data: bytes) -> None:
        self.write(name, data)
        self.good.add(name)

    def spoil(self, name: str, data: bytes, code: str) -> None:
        self.write(name, data)
        self.bad[name] = code

    def leave_out(self, name: str, data: bytes = b"x") -> None:
        self.write(name, data)
        self.left_out.add(name)


def build(root: Path, heic: bytes) -> Library:
    """Make the folder."""
    library = Library(root)
    _formats(library, heic)
    _orientations(library)
    _colours(library)
    _names(library)
    _damage(library)
    _foreign(library)
    _traps(library)
    return library


def _formats(library: Library, heic: bytes) -> None:
    encoded = library.encoded
    library.add("formats/baseline.jpg", encoded("JPEG"))
    library.add("formats/progressive.jpg", encoded("JPEG", progressive=True))
    for name in ("PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "PPM", "ICO", "QOI", "MPO"):
        library.add(f"formats/plain.{name.lower()}", encoded(name))
    library.add("formats/lossless.webp", encoded("WEBP", lossless=True))
    library.add("formats/deflate.tiff", encoded("TIFF", compression="tiff_deflate"))
    library.add("formats/photo.heic", heic)
    if features.check("avif"):
        library.add("formats/photo.avif", encoded("AVIF"))
    for name in ("GIF", "WEBP", "PNG", "TIFF"):
        others = [library.picture() for _ in range(4)]
        data = encoded(name, save_all=True, append_images=others)
        library.add(f"formats/several.{name.lower()}", data)


def _orientations(library: Library) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        for name in ("JPEG", "PNG", "TIFF", "WEBP"):
            library.add(f"turned/{orientation}.{name.lower()}", library.encoded(name, exif=exif))


def _colours(library: Library) -> None:
    for mode in ("L", "1", "P", "RGBA", "LA"):
        library.add(f"colours/{mode}.png", library.encoded("PNG", mode))
    for mode in ("L", "CMYK"):
        library.add(f"colours/{mode}.jpg", library.encoded("JPEG", mode))
    sixteen = np.linspace(0, 65535, SIDE * SIDE).reshape(SIDE, SIDE).astype(np.uint16)
    for name in ("PNG", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(sixteen).save(file, name)
        library.add(f"colours/sixteen.{name.lower()}", file.getvalue())
        sixteen = sixteen[::-1].copy()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    library.add("colours/profile.jpg", library.encoded("JPEG", icc_profile=profile))
    library.add("colours/bad profile.jpg", library.encoded("JPEG", icc_profile=profile[:150]))
    library.add("colours/clear.png", library.encoded("PNG", "P", transparency=0))
    library.add(
        "colours/bad exif.jpg", library.encoded("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    )


def _names(library: Library) -> None:
    odd = ("two words.jpg", "tab\there.jpg", "line\nbreak.jpg", "-dash.jpg", "quote'\".jpg")
    for name in (
        *odd,
        "🐕 собака.jpg",
        "n" * 246 + ".jpg",
        "m" * 251 + ".jpg",
        os.fsdecode(b"caf\xe9.jpg"),
    ):
        library.add(f"names/{name}", library.encoded("JPEG"))
    library.add("names/really a png.jpg", library.encoded("PNG"))
    library.add("names/really a jpeg.txt", library.encoded("JPEG"))
    library.add("names/without suffix", library.encoded("WEBP"))
    for suffix in ("jpg", "png", "webp"):
        library.add(f"names/stem.{suffix}", library.encoded(suffix.upper().replace("JPG", "JPEG")))
    same = library.encoded("JPEG")
    library.add("names/copy 1.jpg", same)
    library.add("names/deep/er/copy 2.jpg", same)


def _damage(library: Library) -> None:
    whole = library.encoded("JPEG", quality=95)
    for share in (30, 60, 90):
        library.spoil(f"damage/cut {share}.jpg", whole[: len(whole) * share // 100], "damaged")
    library.spoil("damage/cut.png", library.encoded("PNG")[:200], "damaged")
    library.spoil("damage/cut.webp", library.encoded("WEBP")[:60], "damaged")
    library.spoil("damage/cut.bmp", library.encoded("BMP")[:500], "damaged")
    library.spoil("damage/only a start.jpg", b"\xff\xd8\xff\xe0", "not-a-picture")
    flipped = bytearray(library.encoded("PNG"))
    flipped[12] ^= 0x20  # "iHDR"
    library.spoil("damage/flipped.png", bytes(flipped), "not-a-picture")
    library.spoil("damage/empty.jpg", b"", "empty")
    library.spoil("damage/text.jpg", b"not a photo at all", "not-a-picture")
    library.spoil(
        "damage/page.png", b"<!DOCTYPE html><html><body>404</body></html>", "not-a-picture"
    )
    library.spoil("damage/bomb.png", png_of_zeros(30_000, 30_000), "too-large")


def _foreign(library: Library) -> None:
    mp4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100)
    library.spoil("foreign/photo.jxl", b"\xff\x0a" + bytes(50), "format")
    library.spoil("foreign/photo.cr2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(50), "format")
    library.spoil("foreign/photo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format")
    library.spoil("foreign/film.jpg", mp4, "not-a-picture")
    for name, data in (("film.mp4", mp4), ("page.pdf", b"%PDF-1.7\n"), ("notes.md", b"# notes")):
        library.leave_out(f"foreign/{name}", data)


def _traps(library: Library) -> None:
    photo = library.write("traps/photo.jpg", library.encoded("JPEG"))
    library.good.add("traps/photo.jpg")
    (photo.parent / "link.jpg").symlink_to(photo)
    library.good.add("traps/link.jpg")
    (photo.parent / "nowhere.jpg").symlink_to(photo.parent / "gone.jpg")
    library.bad["traps/nowhere.jpg"] = "missing"
    (photo.parent / "itself.jpg").symlink_to(photo.parent / "itself.jpg")
    library.bad["traps/itself.jpg"] = "unreadable"
    (photo.parent / "round").symlink_to(library.root, target_is_directory=True)
    os.mkfifo(photo.parent / "pipe.jpg")
    library.bad["traps/pipe.jpg"] = "device"
    (photo.parent / "a folder.jpg").mkdir()
    thin = io.BytesIO()
    Image.new("L", (1, 5000), 99).save(thin, "PNG")
    library.add("traps/thin.png", thin.getvalue())
    dot = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(dot, "PNG")
    library.add("traps/dot.png", dot.getvalue())
    if os.geteuid() != 0:
        library.spoil("traps/closed.jpg", library.encoded("JPEG"), "unreadable")
        (library.root / "traps/closed.jpg").chmod(0)
    for name in (".hidden.jpg", ".git/a.jpg", "@eaDir/a.jpg", "__MACOSX/._a.jpg"):
        library.leave_out(f"traps/{name}", library.encoded("JPEG"))


def png_of_zeros(width: int, height: int) -> bytes:
    """A valid black PNG of any size: a small file that unpacks to a byte for each pixel."""
    packer = zlib.compressobj(1)
    rows = bytes((1 + width) * 100)
    packed = b"".join(packer.compress(rows) for _ in range(height // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
