"""XMP packets: read what they say of a photo, merge a description in, take ours out again.

A packet is what a sidecar file holds, and what a photo has embedded. Merging never replaces one:
all that is not named here stays as it was, byte for byte.

Sources: XMP specification part 1 (ISO 16684-1); IPTC Photo Metadata Standard 2021.1 for the alt
text; Metadata Working Group, Guidelines 2.0, 5.4 "Description".
"""

import math
from collections.abc import Iterator

from showtell.errors import MetadataError
from showtell.metadata import rdf
from showtell.metadata.description import Description, Writing, cut_at_word, said, without
from showtell.metadata.markup import Name
from showtell.metadata.packet import NEW, decode, encode
from showtell.metadata.rdf import DC, IPTC, OWN, PHOTOSHOP

DESCRIPTION = (DC, "description")
ALT_TEXT = (IPTC, "AltTextAccessibility")
WRITER = (PHOTOSHOP, "CaptionWriter")
CAPTION = (OWN, "Caption")
CONFIDENCE = (OWN, "Confidence")

WE = "showtell "  # what CaptionWriter begins with where we wrote


def read_xmp(packet: bytes) -> Description:
    """Read what a packet says of a photo.

    Raises:
        MetadataError: not an XMP packet, or one with a DOCTYPE.
    """
    source, _ = decode(packet)
    return _read(source)


def merge_xmp(packet: bytes | None, writing: Writing) -> bytes:
    """Put a description into a packet, or into a new one.

    Only the x-default text of the description is replaced; other languages stay. An alt text that
    a person wrote stays too: ours is one equal to our caption, cut at a word.

    Raises:
        MetadataError: not an XMP packet, or one with a DOCTYPE.
    """
    source, encoding = decode(NEW if packet is None else packet)
    old = _read(source)
    source = rdf.set_default(source, DESCRIPTION, writing.text)
    if old.alt_text is None or old.alt_text in _our_alt_texts(old, writing):
        source = rdf.set_default(source, ALT_TEXT, writing.alt_text)
    if not _is_written_by_another(old, writing):
        source = rdf.set_text(source, WRITER, writing.writer)
    source = _set_own(source, writing)
    _check(source, writing)
    return encode(source, encoding)


def clear_xmp(packet: bytes) -> bytes | None:
    """Take out what we wrote, and nothing else.

    Returns:
        The same object where nothing of ours was in it, None where nothing else was in it.

    Raises:
        MetadataError: not an XMP packet, or one with a DOCTYPE.
    """
    before, encoding = decode(packet)
    old = _read(before)
    source = before
    if old.caption is not None:
        alt_text = cut_at_word(old.caption)
        source = rdf.rewrite(
            source, DESCRIPTION, lambda text: without(text, old.caption) if text.strip() else text
        )
        source = rdf.rewrite(source, ALT_TEXT, lambda text: None if text == alt_text else text)
    if old.writer is not None and old.writer.startswith(WE):
        source = rdf.remove(source, WRITER.__eq__)
    source = rdf.remove(source, _is_own)
    if source == before:
        return packet
    source = rdf.remove_empty(source)
    return None if rdf.says_nothing(source) else encode(source, encoding)


def _read(source: bytes) -> Description:
    packet = rdf.Packet(source)
    return Description(
        text=next(filter(said, _texts(packet, DESCRIPTION)), None),
        alt_text=next(_texts(packet, ALT_TEXT), None),
        writer=next(_texts(packet, WRITER), None),
        caption=next(_texts(packet, CAPTION), None),
        confidence=_number(next(_texts(packet, CONFIDENCE), "")),
    )


def _texts(packet: rdf.Packet, name: Name) -> Iterator[str]:
    """The texts of a property that are not blank, the one in effect first."""
    return (text.value for text in packet.texts(name) if text.value.strip())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_own(name: Name) -> bool:
    return name[0] == OWN


def _our_alt_texts(old: Description, writing: Writing) -> set[str]:
    """Alt texts that may be replaced: that of our caption.

    And where a person wrote and writes again, the one that we made of the earlier words.
    """
    made_of = [old.caption] if writing.caption is not None else [old.caption, old.text]
    return {cut_at_word(text) for text in made_of if text is not None}


def _is_written_by_another(old: Description, writing: Writing) -> bool:
    """Tell whether a person is named as the writer of words that stay beside our caption."""
    is_theirs = old.writer is not None and not old.writer.startswith(WE)
    return is_theirs and writing.caption is not None and writing.text != writing.caption


def _set_own(source: bytes, writing: Writing) -> bytes:
    if writing.caption is None:
        return rdf.remove_empty(rdf.remove(source, _is_own))
    source = rdf.set_text(source, CAPTION, writing.caption)
    if writing.confidence is None:
        return rdf.remove(source, CONFIDENCE.__eq__)
    return rdf.set_text(source, CONFIDENCE, f"{writing.confidence:.4f}")


def _check(source: bytes, writing: Writing) -> None:
    """Read back what was written: a packet odd enough to break our edits must not be stored."""
    new = _read(source)
    if (new.text, new.caption) != (writing.text, writing.caption):
        raise MetadataError("its XMP has a form that we cannot edit")
