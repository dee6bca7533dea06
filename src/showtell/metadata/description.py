"""What a photo says of itself, what to write into it, and whose words they are.

Knows nothing of files or formats.
"""

import math
import re
from dataclasses import dataclass

from showtell.errors import MetadataError

ALT_TEXT_LENGTH = 250  # characters; IPTC: "should not exceed" 250

# What cameras put where a person's words belong.
_CAMERA_MADE = re.compile(
    r"OLYMPUS DIGITAL CAMERA|SONY DSC|KODAK Digital Still Camera|MINOLTA DIGITAL CAMERA|"
    r"DIGITAL CAMERA|SAMSUNG CAMERA PICTURES|Default|Exif_JPEG_PICTURE|DCIM\\.*|"
    r"KONICA MINOLTA DIGITAL CAMERA|SAMSUNG|<?Digimax .*>?|"
    r"(?:dav|cof|edf|hdr|rhdr|oznor|hznor|dznor|fbt|rbt|btf|mde|sdr|ptr|burst)(?:_[a-z]+)*"
)
# All that XML 1.0 cannot hold (production [2], Char): controls, halves of pairs, non-characters.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a packet or a file says of a photo."""

    text: str | None  # the description in effect: x-default, else the first language
    alt_text: str | None  # Iptc4xmpCore:AltTextAccessibility, x-default, else the first language
    writer: str | None  # photoshop:CaptionWriter
    caption: str | None  # showtell:Caption: the sentence that we wrote, if we did
    confidence: float | None  # showtell:Confidence

    @property
    def by_person(self) -> bool:
        """Whether there are words in the text that a person wrote."""
        return self.persons_text is not None

    @property
    def persons_text(self) -> str | None:
        """The text without the sentence that we wrote; None where nothing is left.

        Ours is a text equal to our caption, and a first or last line equal to it. A text that was
        edited afterwards is a person's as a whole.
        """
        return None if self.text is None else without(self.text, self.caption)


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What to write.

    Raises:
        MetadataError: the text says nothing, or our caption is not a part of it that we should
            recognise afterwards.
    """

    text: str  # all of dc:description: a person's words, and ours before or after them
    caption: str | None  # our sentence in it; None: a person wrote all of it
    writer: str  # "showtell base 0.1.0", or a person's name
    confidence: float | None  # of our caption

    def __post_init__(self) -> None:
        # As it is read back: equality is what tells our words from a person's.
        for name in ("text", "caption", "writer"):
            value = getattr(self, name)
            object.__setattr__(self, name, value if value is None else clean(value))
        if said(self.text) is None:
            raise MetadataError(f"a description must say something, got {self.text!r}")
        if self.caption is not None and not _is_part(self.caption, self.text):
            raise MetadataError(
                f"the caption {self.caption!r} must be all, the first line or the last line of "
                f"the description, got {self.text!r}"
            )
        if self.confidence is not None and not math.isfinite(self.confidence):
            raise MetadataError(f"confidence must be a finite number, got {self.confidence}")

    @property
    def alt_text(self) -> str:
        """What a screen reader should say: our sentence, or the person's text, cut at a word."""
        return cut_at_word(self.caption or self.text)


def by_person(text: str | None) -> Description | None:
    """Describe a photo of which no more is known than a text that we cannot have written."""
    if text is None:
        return None
    return Description(text=text, alt_text=None, writer=None, caption=None, confidence=None)


def cut_at_word(text: str, limit: int = ALT_TEXT_LENGTH) -> str:
    """Shorten a text to at most `limit` characters, the ellipsis that marks the cut among them.

    A first word that is too long is cut within.

    >>> cut_at_word("a dog runs", 8)
    'a dog…'
    """
    assert limit > 0
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace() and len(words := head.rsplit(None, 1)) > 1:
        head = words[0]
    return f"{head.rstrip()}…"


def clean(text: str) -> str:
    """Drop the characters that XML 1.0 cannot hold; every line break becomes a newline."""
    return _NO_CHARACTER.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def said(text: str | None) -> str | None:
    r"""Give a text back if it says something: not blank, and not one that cameras put there.

    >>> said("OLYMPUS DIGITAL CAMERA         "), said("DCIM\\100MEDIA\\DJI_0001.JPG")
    (None, None)
    """
    if text is None or not text.strip() or _CAMERA_MADE.fullmatch(text.strip()):
        return None
    return text


def _is_part(caption: str, text: str) -> bool:
    return bool(caption.strip()) and without(text, caption) != text


def without(text: str, caption: str | None) -> str | None:
    """Take our caption, all of a text or its first or last line, away; None if nothing is left."""
    if caption and text == caption:
        return None
    if caption and text.endswith(f"\n{caption}"):
        text = text.removesuffix(f"\n{caption}")
    elif caption and text.startswith(f"{caption}\n"):
        text = text.removeprefix(f"{caption}\n")
    return text if text.strip() else None
