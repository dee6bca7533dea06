"""XMP packets: nothing is lost but what was ours."""

import codecs
from dataclasses import replace
from xml.dom import minidom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showtell.errors import MetadataError
from showtell.metadata.description import Description, Writing, clean, said
from showtell.metadata.xmp import clear_xmp, merge_xmp, read_xmp

from .dialects import ATTRIBUTES, DARKTABLE, DIGIKAM, LIGHTROOM, SIDECARS
from .pictures import APPENDED, CAPTION, OURS, PERSONS

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def packet(properties: str, attributes: str = "") -> bytes:
    """A packet with one rdf:Description and the prefixes that it needs."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f" {attributes}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def alternatives(name: str, **texts: str) -> str:
    """A property in several languages; `x_default` is x-default."""
    items = "".join(
        f'<rdf:li xml:lang="{language.replace("_", "-")}">{text}</rdf:li>'
        for language, text in texts.items()
    )
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>"


def description(**texts: str) -> bytes:
    return packet(alternatives("dc:description", **texts))


def test_a_new_packet_says_what_was_written() -> None:
    assert read_xmp(merge_xmp(None, OURS)) == Description(
        text=CAPTION,
        alt_text=CAPTION,
        writer="showtell base 0.1.0",
        caption=CAPTION,
        confidence=0.4321,  # as written: 4 decimals
    )


def test_a_persons_text_is_written_without_any_property_of_ours() -> None:
    merged = merge_xmp(merge_xmp(None, OURS), PERSONS)
    assert read_xmp(merged) == Description(
        text=PERSONS.text, alt_text=PERSONS.text, writer="Anna", caption=None, confidence=None
    )
    assert b"showtell:C" not in merged


def test_a_caption_without_confidence_takes_the_old_confidence_out() -> None:
    merged = merge_xmp(merge_xmp(None, OURS), replace(OURS, confidence=None))
    assert read_xmp(merged).confidence is None


def test_a_packet_made_from_nothing_is_cleared_to_nothing() -> None:
    assert clear_xmp(merge_xmp(None, OURS)) is None


def test_a_packet_without_anything_of_ours_is_given_back_as_it_is() -> None:
    for sidecar in SIDECARS.values():
        assert clear_xmp(sidecar) is sidecar


@pytest.mark.parametrize("name", sorted(SIDECARS))
@pytest.mark.parametrize("writing", [OURS, PERSONS, APPENDED])
def test_merging_twice_is_merging_once(name: str, writing: Writing) -> None:
    once = merge_xmp(SIDECARS[name], writing)
    assert merge_xmp(once, writing) == once


@pytest.mark.parametrize("sidecar", [LIGHTROOM, DARKTABLE])
def test_clearing_gives_back_the_very_bytes_that_were_there_before(sidecar: str) -> None:
    merged = merge_xmp(sidecar.encode(), OURS)
    assert read_xmp(merged).text == CAPTION
    assert clear_xmp(merged) == sidecar.encode()


@pytest.mark.parametrize("name", sorted(SIDECARS))
def test_every_line_of_another_program_survives_a_merge(name: str) -> None:
    text = SIDECARS[name].decode()
    said_before = {"Rex in the garden", "ps:CaptionWriter", "d:description"}
    kept = [line for line in text.splitlines() if not any(s in line for s in said_before)]
    merged = merge_xmp(SIDECARS[name], OURS).decode()
    assert set(kept) <= set(merged.splitlines())


def test_other_languages_stay_when_the_default_is_replaced_and_when_it_is_cleared() -> None:
    merged = merge_xmp(DIGIKAM.encode(), OURS)
    assert read_xmp(merged).text == CAPTION
    assert merged.count(b"Rex im Garten") == 1
    cleared = clear_xmp(merged)
    assert cleared is not None
    assert read_xmp(cleared).text == "Rex im Garten"
    assert b"x-default" not in cleared.split(b"<dc:description>")[1].split(b"</dc:description>")[0]


def test_a_default_that_was_absent_is_put_first() -> None:
    merged = merge_xmp(description(de="Rex im Garten"), OURS).decode()
    assert merged.index(CAPTION) < merged.index("Rex im Garten")
    assert merged.count("<rdf:Alt>") == 2  # the description's and the alt text's


def test_the_text_in_effect_is_the_default_wherever_it_stands() -> None:
    assert read_xmp(description(de="Hund", x_default="dog")).text == "dog"


def test_the_text_in_effect_is_the_first_language_where_there_is_no_default() -> None:
    assert read_xmp(description(de="Hund", en="dog")).text == "Hund"


def test_a_blank_or_camera_made_default_is_passed_over() -> None:
    assert read_xmp(description(x_default=" ", en="dog")).text == "dog"
    assert read_xmp(description(x_default="OLYMPUS DIGITAL CAMERA         ")).text is None


def test_what_a_camera_wrote_is_replaced_and_not_doubled() -> None:
    merged = merge_xmp(description(x_default="OLYMPUS DIGITAL CAMERA         "), OURS)
    assert b"OLYMPUS" not in merged
    assert read_xmp(merged).text == CAPTION


def test_properties_as_attributes_are_understood_and_not_doubled() -> None:
    sidecar = ATTRIBUTES.encode()
    assert read_xmp(sidecar).text == 'It\'s "Rex"'
    assert read_xmp(sidecar).writer == "Anna"
    merged = merge_xmp(sidecar, OURS).decode()
    assert merged.count("CaptionWriter") == 1
    assert "d:description='" not in merged
    assert 'd:format="image/jpeg"' in merged


def test_a_new_rdf_description_is_about_what_the_others_are() -> None:
    assert merge_xmp(ATTRIBUTES.encode(), OURS).count(b'r:about="uuid:1"') == 3


def test_a_description_that_is_wrongly_plain_counts_as_the_default() -> None:
    plain = packet("<dc:description>Rex &amp; I</dc:description>")
    assert read_xmp(plain).text == "Rex & I"
    merged = merge_xmp(plain, OURS)
    assert merged.count(b"<dc:description>") == 1
    assert read_xmp(merged).text == CAPTION


def test_an_item_without_language_counts_as_the_default() -> None:
    item = "<dc:description><rdf:Alt><rdf:li>Rex</rdf:li></rdf:Alt></dc:description>"
    merged = merge_xmp(packet(item), OURS)
    assert b"Rex" not in merged
    assert merged.count(b"<rdf:li") == 2  # the description's and the alt text's


def test_a_text_with_qualifiers_is_read() -> None:
    qualified = (
        '<dc:description rdf:parseType="Resource"><rdf:value>Rex</rdf:value>'
        "<xmp:Label>old</xmp:Label></dc:description>"
    )
    assert read_xmp(packet(qualified)).text == "Rex"
    assert read_xmp(merge_xmp(packet(qualified), OURS)).text == CAPTION


@pytest.mark.parametrize(
    "empty", ["<dc:description/>", "<dc:description><rdf:Alt/></dc:description>"]
)
def test_an_empty_description_is_filled(empty: str) -> None:
    assert read_xmp(packet(empty)).text is None
    merged = merge_xmp(packet(empty), OURS)
    assert read_xmp(merged).text == CAPTION
    assert merged.count(b"dc:description") == 2  # one start tag, one end tag


def test_cdata_is_read_as_the_text_that_it_is() -> None:
    assert read_xmp(description(x_default="a <![CDATA[<b> &]]> c")).text == "a <b> & c"


def test_properties_of_a_second_rdf_description_are_found() -> None:
    two = description(x_default="Rex").replace(
        b"</rdf:RDF>",
        b'<rdf:Description rdf:about="" xmlns:p="http://ns.adobe.com/photoshop/1.0/">'
        b"<p:CaptionWriter>Anna</p:CaptionWriter></rdf:Description></rdf:RDF>",
    )
    assert read_xmp(two).writer == "Anna"
    assert b"<p:CaptionWriter>showtell base 0.1.0</p:CaptionWriter>" in merge_xmp(two, OURS)


def test_rdf_as_the_default_namespace_is_understood() -> None:
    bare = f'<RDF xmlns="{RDF}"><Description about=""/></RDF>'.encode()
    merged = merge_xmp(bare, OURS)
    assert read_xmp(merged).text == CAPTION
    assert clear_xmp(merged) is None


def test_an_rdf_that_closes_itself_is_opened() -> None:
    merged = merge_xmp(f'<rdf:RDF xmlns:rdf="{RDF}" />'.encode(), OURS)
    assert read_xmp(merged).text == CAPTION
    assert minidom.parseString(merged).documentElement.tagName == "rdf:RDF"


def test_a_prefix_of_ours_that_is_bound_to_something_else_is_no_hindrance() -> None:
    odd = packet("<dc:title>t</dc:title>").replace(
        b"<rdf:RDF", b'<rdf:RDF xmlns:showtell="urn:other" xmlns:photoshop="urn:another"'
    )
    assert read_xmp(merge_xmp(odd, OURS)).caption == CAPTION


def test_a_persons_alt_text_is_never_replaced() -> None:
    sidecar = packet(alternatives("Iptc4xmpCore:AltTextAccessibility", x_default="Rex runs"))
    merged = merge_xmp(sidecar, OURS)
    assert read_xmp(merged).alt_text == "Rex runs"
    cleared = clear_xmp(merged)
    assert cleared is not None
    assert read_xmp(cleared).alt_text == "Rex runs"


def test_our_alt_text_follows_our_caption() -> None:
    again = replace(OURS, text="A cat.", caption="A cat.")
    assert read_xmp(merge_xmp(merge_xmp(None, OURS), again)).alt_text == "A cat."


def test_an_alt_text_that_a_person_edited_does_not_follow() -> None:
    edited = merge_xmp(None, OURS).replace(
        f"{CAPTION}</rdf:li>\n      </rdf:Alt>\n    </Iptc".encode(),
        b"Rex</rdf:li>\n      </rdf:Alt>\n    </Iptc",
    )
    assert read_xmp(edited).alt_text == "Rex"
    again = replace(OURS, text="A cat.", caption="A cat.")
    assert read_xmp(merge_xmp(edited, again)).alt_text == "Rex"


def test_an_alt_text_made_of_a_persons_words_follows_when_they_write_again() -> None:
    again = replace(PERSONS, text="Rex, spring of 1999")
    assert read_xmp(merge_xmp(merge_xmp(None, PERSONS), again)).alt_text == again.text


def test_a_long_alt_text_of_ours_is_recognised_though_it_was_cut() -> None:
    long = "word " * 100 + "end"
    assert clear_xmp(merge_xmp(None, replace(OURS, text=long, caption=long))) is None


@pytest.mark.parametrize("text", [f"{PERSONS.text}\n{CAPTION}", f"{CAPTION}\n{PERSONS.text}"])
def test_only_our_line_is_cleared_from_a_persons_words(text: str) -> None:
    cleared = clear_xmp(merge_xmp(None, replace(OURS, text=text)))
    assert cleared is not None
    assert read_xmp(cleared) == Description(
        text=PERSONS.text, alt_text=None, writer=None, caption=None, confidence=None
    )


def test_a_text_that_a_person_edited_survives_clearing() -> None:
    tag = b'<rdf:li xml:lang="x-default">'
    edited = merge_xmp(None, OURS).replace(tag, tag + b"Rex! ", 1)
    assert read_xmp(edited).by_person
    assert read_xmp(edited).writer == "showtell base 0.1.0"
    cleared = clear_xmp(edited)
    assert cleared is not None
    assert read_xmp(cleared).text == f"Rex! {CAPTION}"
    assert b"showtell base" not in cleared


def test_our_text_is_cleared_from_an_attribute_too() -> None:
    ours = packet(
        "<xmp:Rating>3</xmp:Rating>",
        f'xmlns:s="urn:showtell:xmp:1.0:" s:Caption="{CAPTION}" dc:description="{CAPTION}"',
    )
    assert not read_xmp(ours).by_person
    cleared = clear_xmp(ours)
    assert cleared is not None
    assert CAPTION.encode() not in cleared
    assert b"<xmp:Rating>3</xmp:Rating>" in cleared


def test_a_description_that_is_there_twice_loses_ours_only() -> None:
    second = "<dc:description>Rex</dc:description>"
    own = f'xmlns:s="urn:showtell:xmp:1.0:" s:Caption="{CAPTION}"'
    twice = packet(alternatives("dc:description", x_default=CAPTION) + second, own)
    cleared = clear_xmp(twice)
    assert cleared is not None
    assert read_xmp(cleared).text == "Rex"


def test_a_persons_name_as_the_writer_is_not_cleared() -> None:
    merged = merge_xmp(None, replace(OURS, writer="Anna"))
    cleared = clear_xmp(merged)
    assert cleared is not None
    assert read_xmp(cleared).writer == "Anna"


@pytest.mark.parametrize("kept", ["<!-- a note -->", "<?program note?>", "<dc:title>t</dc:title>"])
def test_a_packet_with_something_else_in_our_rdf_description_is_kept(kept: str) -> None:
    merged = merge_xmp(None, OURS).replace(b"<dc:desc", kept.encode() + b"<dc:desc")
    cleared = clear_xmp(merged)
    assert cleared is not None
    assert kept.encode() in cleared


def test_a_comment_outside_is_something_else_too() -> None:
    commented = b"<!-- by hand -->" + f'<r:RDF xmlns:r="{RDF}"/>'.encode()
    cleared = clear_xmp(merge_xmp(commented, OURS))
    assert cleared is not None
    assert b"<!-- by hand -->" in cleared


@pytest.mark.parametrize("confidence", ["often", "nan", "inf", ""])
def test_a_confidence_that_is_no_number_is_passed_over(confidence: str) -> None:
    odd = merge_xmp(None, OURS).replace(b"0.4321", confidence.encode())
    assert read_xmp(odd).confidence is None


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_packet_keeps_its_encoding_and_byte_order_mark(codec: str) -> None:
    sidecar = DARKTABLE.replace("UTF-8", codec.removesuffix("-sig").upper()).encode(codec)
    merged = merge_xmp(sidecar, OURS)
    assert read_xmp(merged).text == CAPTION
    assert merged[:2] == sidecar[:2]
    assert clear_xmp(merged) == sidecar


def test_big_endian_utf_16_is_read() -> None:
    sidecar = codecs.BOM_UTF16_BE + DIGIKAM.encode("utf-16-be")
    assert read_xmp(sidecar).text == "Rex in the garden"


def test_zeros_after_a_packet_are_no_hindrance() -> None:
    assert read_xmp(merge_xmp(None, OURS) + b"\0\0").text == CAPTION


def test_the_wrapper_and_its_padding_stay() -> None:
    padding = ("\n" + " " * 99) * 20
    padded = DIGIKAM.replace('<?xpacket end="w"?>', padding + '<?xpacket end="w"?>').encode()
    assert merge_xmp(padded, OURS).endswith(padding.encode() + b'<?xpacket end="w"?>')


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"", "not well-formed"),
        (b"\0\1\2", "not well-formed"),
        (b"no packet", "not well-formed"),
        (b"<a><b></a>", "not well-formed"),
        (b"<a/>", "no rdf:RDF"),
        (f'<a:RDF xmlns:r="{RDF}"/>'.encode(), "declares 'a'"),
        (b"\xff\xfe\x00", "not utf-16-le"),
        (b"<a>\xe4</a>", "not utf-8"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
        (b"<a>&b;</a>", "undefined entity"),
        (b"<a>" * 200 + b"</a>" * 200, "deeper"),
    ],
)
def test_what_is_no_packet_is_refused(damaged: bytes, reason: str) -> None:
    for use in (read_xmp, clear_xmp, lambda packet: merge_xmp(packet, OURS)):
        with pytest.raises(MetadataError, match=reason):
            use(damaged)


def test_a_packet_with_far_too_many_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showtell.metadata.markup.MAX_ELEMENTS", 50)
    with pytest.raises(MetadataError, match="more elements"):
        read_xmp(b"<a>" + b"<b/>" * 50 + b"</a>")


def test_a_packet_of_far_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showtell.metadata.packet.MAX_SIZE", 1000)
    with pytest.raises(MetadataError, match="at most 1000"):
        read_xmp(b" " * 1001)


TEXTS = st.text(min_size=1).filter(lambda text: said(clean(text)) is not None)


def writings() -> st.SearchStrategy[Writing]:
    """Any that may be written: a person's, ours, a person's with ours."""

    def written(text: str, person: str, kind: str) -> Writing | None:
        texts = {"ours": text, "person": person, "both": f"{person}\n{text}"}
        caption = None if kind == "person" else text
        try:
            return Writing(text=texts[kind], caption=caption, writer="showtell a", confidence=0.5)
        except MetadataError:
            return None

    kinds = st.sampled_from(["ours", "person", "both"])
    return st.builds(written, TEXTS, TEXTS, kinds).filter(bool)


@given(writings())
def test_any_text_is_read_back(writing: Writing) -> None:
    read = read_xmp(merge_xmp(None, writing))
    assert (read.text, read.caption) == (writing.text, writing.caption)


@given(writings(), st.sampled_from(sorted(SIDECARS)))
def test_merging_any_text_twice_is_merging_it_once(writing: Writing, name: str) -> None:
    once = merge_xmp(SIDECARS[name], writing)
    assert merge_xmp(once, writing) == once


@given(TEXTS, st.sampled_from([LIGHTROOM, DARKTABLE]))
def test_clearing_any_caption_gives_back_what_was_there(text: str, sidecar: str) -> None:
    writing = replace(OURS, text=text, caption=text)
    assert clear_xmp(merge_xmp(sidecar.encode(), writing)) == sidecar.encode()


@given(
    st.sampled_from(sorted(SIDECARS)),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=4)), max_size=3),
)
@settings(max_examples=200)
def test_a_mutated_packet_is_edited_or_refused(
    name: str, mutations: list[tuple[int, bytes]]
) -> None:
    damaged = bytearray(merge_xmp(SIDECARS[name], OURS))
    for at, new in mutations:
        damaged[at : at + len(new)] = new
    try:
        merged = merge_xmp(bytes(damaged), PERSONS)
        clear_xmp(bytes(damaged))
    except MetadataError:
        return
    assert read_xmp(merged).text == PERSONS.text


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused(damaged: bytes) -> None:
    with pytest.raises(MetadataError):
        read_xmp(damaged)
