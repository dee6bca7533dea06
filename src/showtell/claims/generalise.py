"""Saying less: a caption with some of its claims taken back, and everything else as it was."""

from collections.abc import Collection, Sequence

from showtell.claims.colours import without_colours
from showtell.claims.counts import without_counts
from showtell.claims.find import Claim, Kind, find_claims
from showtell.claims.genders import without_genders
from showtell.claims.tidy import tidy

_WITHOUT = {"gender": without_genders, "count": without_counts, "colour": without_colours}


def generalise(tokens: Sequence[str], withdraw: Collection[Kind | Claim]) -> list[str]:
    """Say the same without some claims, in the less specific word, or in none.

    What becomes alike by it is said once: "a man and a woman" are "two people". Of what is not
    withdrawn nothing is changed; with nothing to withdraw, the tokens come back as they are.

    >>> " ".join(generalise("a man in red walks his black dog".split(), ["gender", "colour"]))
    'a person walks their dog'

    Args:
        tokens: a caption, as `showtell.text.tokenize` gives it.
        withdraw: kinds of claims, all of which go; or single ones, as `find_claims` found them.

    Returns:
        Never nothing, unless of nothing; "something" where all else was withdrawn.
    """
    kinds = {one for one in withdraw if isinstance(one, str)}
    chosen = [one for one in find_claims(tokens) if one.kind in kinds or one in withdraw]
    words = list(tokens)
    for _ in tokens:  # "two woman" counts nobody until it is "two people"
        if not chosen:
            break
        words = _without(words, chosen, may_count="count" not in kinds)
        chosen = [one for one in find_claims(words) if one.kind in kinds]
    return words


def _without(tokens: Sequence[str], claims: Sequence[Claim], *, may_count: bool) -> list[str]:
    edits: dict[int, list[str]] = {}
    for kind, without in _WITHOUT.items():
        edits |= without(tokens, {claim.position for claim in claims if claim.kind == kind})
    words: list[str] = []
    touched: set[int] = set()
    for i, token in enumerate(tokens):
        new = edits.get(i, [token])
        if i in edits:  # what stands there now, or comes there
            touched.update(range(len(words), len(words) + max(len(new), 1)))
        words += new
    return tidy(words, touched, may_count=may_count) or ["something"]
