"""How much of what captions claim stands in no reference, beside how much people differ.

A gender, a number, a colour and the main thing: a caption can be fluent, have a good CIDEr, and
still say what nobody sees. See `showtell.claims` for what counts as a claim.

After CHAIR (Rohrbach et al. 2018, arXiv:1809.02156), which counts objects, and Hendricks et al.
2018 (arXiv:1803.09797), which counts genders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from showtell.claims import Claim, find_claims, main_thing, named_things
from showtell.claims.find import number_of
from showtell.claims.words import ALSO_TWO, COLOURS
from showtell.metrics.scoring import Texts, check_captions, refuse_images
from showtell.text import tokenize

# Kind of claim -> the name of the rate at which nobody else makes it.
_UNSUPPORTED = {
    "gender": "gender_unsupported",
    "count": "count",
    "colour": "colour",
    "main_thing": "main_thing",
}
_CONTRADICTED = "gender_contradicted"

Words = Mapping[str, frozenset[str]]  # kind of claim -> values, such as "female", "2", "red"


class ClaimRate(NamedTuple):
    """Of the captions that make a claim of one kind, the share that nobody else makes."""

    captions: int  # that make such a claim
    rate: float | None  # 0..1; None: there is no such caption

    def to_dict(self) -> dict[str, float | None]:
        """Give it in percent, ready for JSON."""
        percent = None if self.rate is None else round(100 * self.rate, 4)
        return {"captions": self.captions, "percent": percent}


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Rates of a system and of people, by name; the names are those of `claim_rates`."""

    system: Mapping[str, ClaimRate]
    human: Mapping[str, ClaimRate]  # {}: not asked for, or no image has two references


class _Text(NamedTuple):
    claims: Words
    names: Words  # what it speaks of in any way, and so supports


def claim_rates(captions: Mapping[str, str], references: Texts, *, people: bool = True) -> Claims:
    """Count the captions that claim what is in no reference of their image.

    - `gender_contradicted`: it names a gender (*woman*, *his*) that no reference names, and some
      reference names the other: everybody who tells says otherwise.
    - `gender_unsupported`: it names a gender that no reference names.
    - `count`: it says a number (*two*) that no reference says; *a couple* and *a pair* say two.
    - `colour`: it names a colour that no reference names, of whatever.
    - `main_thing`: its first noun is in no reference, nor a synonym or a kind of it. All words for
      people are one.

    Args:
        references: of the images in `captions`, at least.
        people: also measure each reference against the others of its image. They are one fewer
            than those that the system is measured against, which makes people look a little worse.

    Raises:
        DataError: there is no caption, one has no reference, or one is not text.
    """
    check_captions(captions)
    refuse_images(captions.keys() - references.keys(), "without a reference")
    humans = {image_id: [_read(text) for text in references[image_id]] for image_id in captions}
    system = [(_read(text), humans[image_id]) for image_id, text in captions.items()]
    left_out = [
        (own, [*of_one[:i], *of_one[i + 1 :]])
        for of_one in (humans.values() if people else ())
        if len(of_one) > 1
        for i, own in enumerate(of_one)
    ]
    return Claims(system=_rates(system), human=_rates(left_out) if left_out else {})


def is_supported(claim: Claim, references: Sequence[str]) -> bool:
    """Tell whether a claim stands against what people wrote of the photo.

    A number or a colour must be in some reference. A gender is only refuted: by references that
    name the other one alone.
    """
    named = frozenset[str]().union(*(_read(text).names[claim.kind] for text in references))
    return claim.value in named or (claim.kind == "gender" and not named)


def _rates(pairs: Iterable[tuple[_Text, Sequence[_Text]]]) -> dict[str, ClaimRate]:
    found: dict[str, list[bool]] = {name: [] for name in (_CONTRADICTED, *_UNSUPPORTED.values())}
    for own, others in pairs:
        for kind, claimed in own.claims.items():
            named = frozenset[str]().union(*(other.names[kind] for other in others))
            unsupported = bool(claimed - named)
            found[_UNSUPPORTED[kind]].append(unsupported)
            if kind == "gender":  # of the two, what is named must be the other
                found[_CONTRADICTED].append(unsupported and bool(named))
    return {name: ClaimRate(len(each), _share(each)) for name, each in found.items()}


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None


def _read(text: str) -> _Text:
    """Read a text both ways: as a claim, of which it must be sure, and as support, generously."""
    tokens = tokenize(text)
    claims = find_claims(tokens)
    claimed = {
        kind: frozenset(claim.value for claim in claims if claim.kind == kind)
        for kind in ("gender", "count", "colour")
    }
    thing = main_thing(tokens)
    numbers = {"2" if word in ALSO_TWO else str(number_of(word)) for word in tokens}
    parts = {part for word in tokens for part in word.split("-")}  # "black-and-white"
    names = {
        "gender": claimed["gender"],
        "count": frozenset(numbers),
        "colour": frozenset(COLOURS[part] for part in parts & COLOURS.keys()),
        "main_thing": named_things(tokens),
    }
    made = claimed | {"main_thing": frozenset({thing} if thing else ())}
    return _Text({kind: values for kind, values in made.items() if values}, names)
