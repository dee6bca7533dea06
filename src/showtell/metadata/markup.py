"""XML edited in place: what an edit does not name stays as it was, byte for byte.

`parse` tells where everything is; `put`, `cut` and `insert` give new bytes, to be parsed again
before the next edit. Source is UTF-8 without a byte order mark throughout. Knows nothing of RDF.

Sources: XML 1.0 (fifth edition), Namespaces in XML 1.0.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from showtell.errors import MetadataError

Name = tuple[str, str]  # namespace URI, local name

XML = "http://www.w3.org/XML/1998/namespace"
# Far beyond any packet that a program writes; a hostile one must not eat the memory.
MAX_ELEMENTS = 500_000
MAX_DEPTH = 100
_BLANK = b" \t\r\n"
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute and where it stands."""

    name: Name
    tag: str  # as written: "dc:format"
    value: str
    start: int  # of the blank before it
    end: int


@dataclass(kw_only=True, eq=False)  # not frozen: complete only when its end tag was seen
class Element:
    """One element and where it stands: `start`, start tag, `opened`, `closing`, end tag, `end`."""

    name: Name
    parent: "Element | None"
    scope: ChainMap[str, str]  # prefix -> namespace URI, its own declarations included
    attributes: tuple[Attribute, ...]  # declarations of namespaces are none
    declares: frozenset[str]  # namespace URIs
    tag: str
    start: int
    opened: int
    closing: int = -1
    end: int = -1
    texts: list[str] = field(default_factory=list)  # directly inside
    children: list["Element"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly inside."""
        return "".join(self.texts)

    @property
    def self_closing(self) -> bool:
        """Whether it is written `<tag/>`."""
        return self.opened == self.end

    def get(self, name: Name) -> str | None:
        """The value of an attribute."""
        return next((a.value for a in self.attributes if a.name == name), None)

    def walk(self) -> Iterator["Element"]:
        """It and all within, in the order of the document."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def parse(source: bytes) -> Element:
    """Find all elements; gives the outermost.

    Raises:
        MetadataError: not well-formed; or far too large; or it has a DOCTYPE, which could define
            entities that swell without bound, and has no place in XMP.
    """
    builder = _Builder(source)
    try:
        builder.parser.Parse(source, True)
    except expat.ExpatError as error:
        raise MetadataError(f"its XMP is not well-formed XML ({error})") from error
    assert builder.root is not None  # or it were not well-formed
    return builder.root


class _Builder:
    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.CharacterDataHandler = self.characters
        self.parser.EndElementHandler = self.finish

    def doctype(self, *_: object) -> None:
        raise MetadataError("its XMP has a DOCTYPE, which is not read: it could define entities")

    def start(self, tag: str, values: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.open) == MAX_DEPTH:
            raise MetadataError("its XMP has more elements, or deeper ones, than a photo's has")
        parent = self.open[-1] if self.open else None
        declared = {k.partition(":")[2]: v for k, v in values.items() if _declares(k)}
        scope = parent.scope if parent else ChainMap({"xml": XML})
        if declared:
            scope = scope.new_child(declared)
        start = self.parser.CurrentByteIndex
        attributes, opened = self.attributes(start, tag, values, scope)
        element = Element(
            name=_resolve(tag, scope, default=scope.get("", "")),
            parent=parent,
            scope=scope,
            attributes=attributes,
            declares=frozenset(declared.values()),
            tag=tag,
            start=start,
            opened=opened,
        )
        if parent:
            parent.children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def attributes(
        self, start: int, tag: str, values: Mapping[str, str], scope: Mapping[str, str]
    ) -> tuple[tuple[Attribute, ...], int]:
        """Find a start tag's attributes in the source, and where the tag ends."""
        at = start + 1 + len(tag.encode())
        found = []
        while match := _ATTRIBUTE.match(self.source, at):
            at = match.end()
            name = match[1].decode()
            if not _declares(name):
                resolved = _resolve(name, scope, default="")
                attribute = Attribute(
                    name=resolved, tag=name, value=values[name], start=match.start(), end=at
                )
                found.append(attribute)
        return tuple(found), self.source.index(b">", at) + 1

    def characters(self, text: str) -> None:
        self.open[-1].texts.append(text)

    def finish(self, _: str) -> None:
        element = self.open.pop()
        if self.source[element.opened - 2 : element.opened] == b"/>":
            element.closing = element.end = element.opened
        else:
            element.closing = self.parser.CurrentByteIndex
            element.end = self.source.index(b">", element.closing) + 1


def _declares(attribute: str) -> bool:
    return attribute == "xmlns" or attribute.startswith("xmlns:")


def _resolve(tag: str, scope: Mapping[str, str], *, default: str) -> Name:
    prefix, colon, local = tag.partition(":")
    if not colon:
        return default, tag
    if prefix not in scope:
        raise MetadataError(f"its XMP is not well-formed XML (nothing declares {prefix!r})")
    return scope[prefix], local


def escape(text: str) -> str:
    """Write a text as the content of an element; newlines as they are."""
    return re.sub("[&<>]", lambda found: _ESCAPES[found[0]], text)


def quote(text: str) -> str:
    """Write a text as the value of an attribute, with its quotation marks."""
    value = re.sub('[&<>"\n\t]', lambda found: _ESCAPES[found[0]], text)
    return f'"{value}"'


def put(source: bytes, place: Attribute | Element, text: str) -> bytes:
    """Change the value of an attribute, or all that an element contains, to a text."""
    if isinstance(place, Attribute):
        start = place.end - len(source[place.start : place.end].lstrip(_BLANK))
        return _splice(source, start, place.end, f"{place.tag}={quote(text)}")
    return fill(source, place, escape(text))


def fill(source: bytes, element: Element, content: str) -> bytes:
    """Change all that an element contains to other markup."""
    if not element.self_closing:
        return _splice(source, element.opened, element.closing, content)
    slash = source.rindex(b"/", element.start, element.end)
    return _splice(source, slash, element.end, f">{content}</{element.tag}>")


def replace(source: bytes, element: Element, markup: str) -> bytes:
    """Change an element to other markup."""
    return _splice(source, element.start, element.end, markup)


def cut(source: bytes, place: Attribute | Element) -> bytes:
    """Remove an attribute or an element, and the blank before it."""
    start = place.start
    if isinstance(place, Element):
        start = len(source[:start].rstrip(_BLANK))
    return _splice(source, start, place.end, "")


def prepend(source: bytes, parent: Element, markup: str) -> bytes:
    """Put markup before all that an element contains."""
    if parent.self_closing:
        return fill(source, parent, f"{markup}\n")
    return _splice(source, parent.opened, parent.opened, markup)


def append(source: bytes, parent: Element, markup: str) -> bytes:
    """Put markup after the last element that an element contains."""
    if not parent.children:
        return prepend(source, parent, markup)
    end = parent.children[-1].end
    return _splice(source, end, end, markup)


def is_blank(source: bytes, element: Element) -> bool:
    """Whether an element contains nothing, not even a comment."""
    return not source[element.opened : element.closing].strip(_BLANK)


def _splice(source: bytes, start: int, end: int, text: str) -> bytes:
    return source[:start] + text.encode() + source[end:]
