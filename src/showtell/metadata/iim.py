"""Caption-Abstract in an IPTC-IIM block, which a JPEG keeps among Photoshop's image resources.

A damaged block reads as one without a caption, and is never changed.

Sources: IPTC-IIM 4.2, 1.6 (datasets), 1:90 and 2:120; Adobe Photoshop file format, "Image Resource
Blocks", resources 1028 and 1061; Metadata Working Group, Guidelines 2.0, 3.3.1 (the digest).
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from showtell.metadata.description import clean

MAX_BYTES = 2000  # of a caption

_PREFIX = b"Photoshop 3.0\0"
_IIM, _DIGEST = 0x0404, 0x0425
_CHARSET, _CAPTION = (1, 90), (2, 120)
_UTF8 = b"\x1b%G"


@dataclass(frozen=True)
class _Resource:
    raw: bytes
    head: bytes  # "8BIM", number, padded name
    data: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.head[4:6])

    def holding(self, data: bytes) -> "_Resource":
        padding = b"\0" * (len(data) % 2)
        return _Resource(self.head + len(data).to_bytes(4) + data + padding, self.head, data)


@dataclass(frozen=True)
class _Dataset:
    key: tuple[int, int]  # record and number
    raw: bytes
    value: bytes


def read(block: bytes) -> str | None:
    """The caption: UTF-8 where the block says so or it can be, else Latin-1."""
    iim = next((r.data for r in _resources(block)[0] if r.number == _IIM), b"")
    value = next((d.value for d in _datasets(iim)[0] if d.key == _CAPTION), None)
    if value is None:
        return None
    try:
        return clean(value.decode())
    except UnicodeDecodeError:
        return clean(value.decode("latin-1"))


def write(block: bytes, text: str) -> bytes:
    """Give a block this caption, in place of the one that it may have.

    One that the block cannot hold, because it is too long or because it is not ASCII and the block
    does not say that it is UTF-8, leaves it without any: a caption of old must not contradict.
    """
    value = text.encode()

    def change(datasets: list[_Dataset]) -> list[_Dataset]:
        utf8 = any(d.key == _CHARSET and d.value == _UTF8 for d in datasets)
        others = [d for d in datasets if d.key != _CAPTION]
        if len(value) > MAX_BYTES or not (text.isascii() or utf8):
            return others
        at = next((i for i, d in enumerate(others) if d.key > _CAPTION), len(others))
        raw = struct.pack(">BBBH", 0x1C, *_CAPTION, len(value)) + value
        return [*others[:at], _Dataset(_CAPTION, raw, value), *others[at:]]

    return _changed(block, change)


def remove(block: bytes) -> bytes:
    """Take the caption out."""
    return _changed(block, lambda datasets: [d for d in datasets if d.key != _CAPTION])


def _changed(block: bytes, change: Callable[[list[_Dataset]], list[_Dataset]]) -> bytes:
    """With other datasets, and with the digest of them where there is one.

    A digest that was wrong, which tells programs that IIM was edited behind XMP's back, stays so.
    """
    resources, rest = _resources(block)
    old = next((r for r in resources if r.number == _IIM), None)
    if old is None:
        return block
    datasets, tail = _datasets(old.data)
    new = b"".join(dataset.raw for dataset in change(datasets)) + tail
    if new == old.data:
        return block
    stale, fresh = hashlib.md5(old.data).digest(), hashlib.md5(new).digest()
    changed = []
    for resource in resources:
        if resource is old:
            resource = old.holding(new)
        elif resource.number == _DIGEST and resource.data == stale:
            resource = resource.holding(fresh)
        changed.append(resource.raw)
    return _PREFIX + b"".join(changed) + rest


def _resources(block: bytes) -> tuple[list[_Resource], bytes]:
    """All image resources and the zeros that may follow them; none of a damaged block."""
    resources: list[_Resource] = []
    at = len(_PREFIX)
    while block[at:].strip(b"\0"):
        name = at + 6
        head = name + 1 + block[name] if name < len(block) else len(block)
        head += (head - name) % 2  # length byte and name together are even
        end = head + 4 + int.from_bytes(block[head : head + 4])
        if head + 4 > len(block) or end > len(block):
            return [], b""
        start, at = at, end + (end - head) % 2
        resources.append(_Resource(block[start:at], block[start:head], block[head + 4 : end]))
    return resources, block[at:]


def _datasets(data: bytes) -> tuple[list[_Dataset], bytes]:
    """All datasets, and what follows them: padding, or what is damaged."""
    datasets = []
    at = 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data):
        record, number, size = struct.unpack_from(">xBBH", data, at)
        end = at + 5 + size
        if size & 0x8000 or end > len(data):  # an extended one is larger than any of ours
            break
        datasets.append(_Dataset((record, number), data[at:end], data[at + 5 : end]))
        at = end
    return datasets, data[at:]
