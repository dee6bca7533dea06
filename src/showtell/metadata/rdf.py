"""XMP properties, in whichever of RDF's forms they come.

A property is an attribute of an `rdf:Description` or an element in one; a text in several
languages is an `rdf:Alt` of `rdf:li` with `xml:lang`. All are matched by namespace: prefixes may be
bound otherwise than usual. Edits give new bytes and leave all else as it is.

Sources: XMP specification part 1, 7 "RDF serialization", and 8.2.2.4 "Language alternative".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from showtell.errors import MetadataError
from showtell.metadata import markup
from showtell.metadata.markup import XML, Attribute, Element, Name

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
IPTC = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
OWN = "urn:showtell:xmp:1.0:"  # what our rdf:Description declares, and no other program's does
PREFIXES = {RDF: "rdf", DC: "dc", IPTC: "Iptc4xmpCore", PHOTOSHOP: "photoshop", OWN: "showtell"}
DEFAULT = "x-default"
Place = Attribute | Element

_CONTAINERS = ((RDF, "Alt"), (RDF, "Bag"), (RDF, "Seq"))


@dataclass(frozen=True)
class Text:
    """One text of a property and where it stands: the property itself, or an `rdf:li` of it."""

    value: str
    language: str | None
    place: Place

    @property
    def is_default(self) -> bool:
        """Whether it is for readers of any language; a text without one counts as such."""
        return self.language is None or self.language.lower() == DEFAULT


class Packet:
    """The properties of one packet: UTF-8 source that is not changed, and where all stands in it.

    Raises:
        MetadataError: not well-formed XML, or there is no rdf:RDF in it.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root = markup.parse(source)
        found = next((e for e in self.root.walk() if e.name == (RDF, "RDF")), None)
        if found is None:
            raise MetadataError("its XMP has no rdf:RDF")
        self.rdf = found
        self.subjects = [e for e in found.children if e.name == (RDF, "Description")]

    def find(self, matches: Callable[[Name], bool]) -> list[Place]:
        """All properties whose names match, in the order of the document."""
        places: list[Place] = []
        for subject in self.subjects:
            places += [a for a in subject.attributes if matches(a.name)]
            places += [e for e in subject.children if matches(e.name)]
        return places

    def property(self, name: Name) -> Place | None:
        """The first property of a name."""
        return next(iter(self.find(name.__eq__)), None)

    def texts(self, name: Name) -> list[Text]:
        """All texts of a property, the one in effect first: x-default, else as they come."""
        texts = _texts(self.property(name))
        return sorted(texts, key=lambda text: not text.is_default)

    def is_empty(self, subject: Element) -> bool:
        """Whether an rdf:Description says nothing."""
        about = {(RDF, "about"), ("", "about")}
        return markup.is_blank(self.source, subject) and all(
            a.name in about for a in subject.attributes
        )


def _texts(place: Place | None) -> list[Text]:
    match place:
        case None:
            return []
        case Attribute():
            return [Text(place.value, None, place)]
    container = _container(place)
    if container is None:
        return [Text(_value(place), None, place)]
    items = [e for e in container.children if e.name == (RDF, "li")]
    return [Text(_value(item), item.get((XML, "lang")), item) for item in items]


def _container(element: Element) -> Element | None:
    inside = (e for e in element.children if e.name in _CONTAINERS and not e.self_closing)
    return next(inside, None)


def _value(element: Element) -> str:
    """An element's text; of one with qualifiers, that of its rdf:value."""
    if not element.children:
        return element.text
    return next((e.text for e in element.walk() if e.name == (RDF, "value")), "")


def set_text(source: bytes, name: Name, value: str) -> bytes:
    """Give a property a plain text, where it stands or, if nowhere, in our rdf:Description."""
    place = Packet(source).property(name)
    match place:
        case None:
            return _add(source, name, markup.escape(value))
        case Attribute():
            return markup.put(source, place, value)
    return _rewrite(source, place, markup.escape(value))


def set_default(source: bytes, name: Name, value: str) -> bytes:
    """Give a property its text in the language x-default; other languages stay.

    A plain text, wrong but seen, counts as that for x-default.
    """
    place = Packet(source).property(name)
    if isinstance(place, Attribute):
        source, place = markup.cut(source, place), None
    if place is None:
        return _add(source, name, lambda scope: _alternatives(value, scope))
    container = _container(place)
    if container is None:
        return _rewrite(source, place, _alternatives(value, _outside(place)))
    item = _item(value, container.scope)
    old = next((text.place for text in _texts(place) if text.is_default), None)
    if isinstance(old, Element):
        return markup.replace(source, old, item)
    return markup.prepend(source, container, f"\n     {item}")


def rewrite(source: bytes, name: Name, change: Callable[[str], str | None]) -> bytes:
    """Change the texts of a property in all languages; None removes one, and the last one all."""
    for place in _last_first(Packet(source).find(name.__eq__)):
        source = _changed(source, place, change)
    return source


def _changed(source: bytes, place: Place, change: Callable[[str], str | None]) -> bytes:
    texts = _texts(place)
    changed = [change(text.value) for text in texts]
    if None in changed and not any(changed):
        return markup.cut(source, place)
    for text, new in reversed(list(zip(texts, changed, strict=True))):
        if new is None:
            source = markup.cut(source, text.place)
        elif new != text.value:
            source = markup.put(source, text.place, new)
    return source


def _last_first(places: Iterable[Place]) -> list[Place]:
    """In the order in which edits do not shift the places that are still to come."""
    return sorted(places, key=lambda place: place.start, reverse=True)


def remove(source: bytes, matches: Callable[[Name], bool]) -> bytes:
    """Remove all properties whose names match."""
    for place in _last_first(Packet(source).find(matches)):
        source = markup.cut(source, place)
    return source


def remove_empty(source: bytes) -> bytes:
    """Remove the rdf:Description elements that are ours and say nothing any more."""
    packet = Packet(source)
    for subject in reversed(packet.subjects):
        if OWN in subject.declares and packet.is_empty(subject):
            source = markup.cut(source, subject)
    return source


def says_nothing(source: bytes) -> bool:
    """Whether there is no property in a packet, nor anything else of worth, such as a comment."""
    packet = Packet(source)
    for subject in reversed(packet.subjects):
        if packet.is_empty(subject):
            source = markup.cut(source, subject)
    packet = Packet(source)
    around = {packet.root, packet.rdf}
    return (
        markup.is_blank(source, packet.rdf)
        and b"<!--" not in source
        and all(element in around for element in packet.root.walk())
    )


Content = str | Callable[[Mapping[str, str]], str]  # markup, or what makes it, given the scope


def _add(source: bytes, name: Name, content: Content) -> bytes:
    packet = Packet(source)
    home = _home(packet)
    if home is None:
        source = markup.append(source, packet.rdf, _new_home(packet))
        home = _home(Packet(source))
    assert home is not None
    return markup.append(source, home, f"\n    {_property(name, content, home.scope)}")


def _home(packet: Packet) -> Element | None:
    return next((s for s in packet.subjects if OWN in s.declares), None)


def _new_home(packet: Packet) -> str:
    """An rdf:Description of the same subject as those that are there."""
    rdf, declaration = _bound(RDF, packet.rdf.scope)
    abouts = (s.get((RDF, "about")) or s.get(("", "about")) for s in packet.subjects)
    about = markup.quote(next(filter(None, abouts), ""))
    declared = "".join(
        f'\n      xmlns:{PREFIXES[uri]}="{uri}"' for uri in (DC, IPTC, PHOTOSHOP, OWN)
    )
    opening = f"{rdf}:Description{declaration} {rdf}:about={about}{declared}"
    return f"\n  <{opening}>\n  </{rdf}:Description>"


def _rewrite(source: bytes, element: Element, content: str) -> bytes:
    """Make an element anew: its qualifiers belonged to the old value."""
    return markup.replace(source, element, _property(element.name, content, _outside(element)))


def _outside(element: Element) -> Mapping[str, str]:
    assert element.parent is not None  # an rdf:Description at least
    return element.parent.scope


def _property(name: Name, content: Content, scope: Mapping[str, str]) -> str:
    prefix, declaration = _bound(name[0], scope)
    inside = content if isinstance(content, str) else content(scope)
    return f"<{prefix}:{name[1]}{declaration}>{inside}</{prefix}:{name[1]}>"


def _alternatives(value: str, scope: Mapping[str, str]) -> str:
    rdf, declaration = _bound(RDF, scope)
    item = _item(value, {**scope, rdf: RDF})
    return f"\n      <{rdf}:Alt{declaration}>\n        {item}\n      </{rdf}:Alt>\n    "


def _item(value: str, scope: Mapping[str, str]) -> str:
    rdf, declaration = _bound(RDF, scope)
    return f'<{rdf}:li{declaration} xml:lang="{DEFAULT}">{markup.escape(value)}</{rdf}:li>'


def _bound(uri: str, scope: Mapping[str, str]) -> tuple[str, str]:
    """A prefix for a namespace, and its declaration where nothing around declares it."""
    for prefix, bound in scope.items():
        if prefix and bound == uri:
            return prefix, ""
    prefix = PREFIXES[uri]
    return prefix, f' xmlns:{prefix}="{uri}"'
