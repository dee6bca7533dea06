"""Claims that a photo does not settle: the less specific word is said instead.

A caption may name a gender, a number or a colour that the photo hardly shows. How likely such a
claim is to hold is a logistic regression of what the concepts say and of what the other hypotheses
say; below a threshold the claim is withdrawn ("a man in a red shirt": "a person in a shirt").
`showtell.calibration.opinion` fits both.

NumPy only. Shapes: K hypotheses of one photo.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from showtell.claims import Claim, Kind, find_claims, generalise
from showtell.claims.words import COLOURS, FEMALE, MALE, NUMBER_WORDS
from showtell.decoding import Hypothesis
from showtell.runtime.chooser import softmax
from showtell.runtime.confidence import Logistic
from showtell.runtime.shown import Floats, Shown, log_odds

KINDS = ("gender", "count", "colour")
NUM_EVIDENCE = {"gender": 5, "count": 4, "colour": 4}  # numbers that tell of a claim
_OTHER = {"male": "female", "female": "male"}
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "gender": {"male": tuple(MALE), "female": tuple(FEMALE)},
    "count": {str(number): (word,) for number, word in NUMBER_WORDS.items()},
    "colour": {
        value: tuple(word for word, known in COLOURS.items() if known == value)
        for value in set(COLOURS.values())
    },
}


class Votes:
    """What all hypotheses of a photo claim, each weighing by its score."""

    def __init__(self, hypotheses: Sequence[Hypothesis], tokens: Sequence[list[str]]) -> None:
        scores = np.array([hypothesis.score for hypothesis in hypotheses])
        self._weights = softmax(scores / max(float(scores.std()), 1e-6))  # (K,)
        self._claimed = [{(c.kind, c.value) for c in find_claims(words)} for words in tokens]

    def share(self, kind: str, value: str | None = None) -> float:
        """Give the share that claims a value of a kind, or any value: 0 to 1."""
        holds = [
            any(k == kind and value in (None, v) for k, v in claimed) for claimed in self._claimed
        ]
        return float(self._weights @ np.array(holds, dtype=np.float64))


def evidence_for(claim: Claim, votes: Votes, shown: Shown) -> list[float]:
    """Describe a claim by what speaks for it and against it."""
    own = float(log_odds(shown.any_of(_WORDS[claim.kind].get(claim.value, ()))))
    support = votes.share(claim.kind, claim.value)
    if claim.kind == "gender":
        other = _OTHER[claim.value]
        rival = float(log_odds(shown.any_of(_WORDS["gender"][other])))
        is_male = float(claim.value == "male")
        return [own, rival, support, votes.share("gender", other), is_male]
    common = float(claim.value in ("2", "black", "white"))
    return [own, support, votes.share(claim.kind), common]


@dataclass(frozen=True)
class Doubt:
    """When to withdraw claims of one kind."""

    holds: Logistic  # of `evidence_for`
    threshold: float  # a claim less likely to hold is withdrawn


@dataclass(frozen=True)
class Doubts:
    """Of each kind of claims."""

    of: Mapping[str, Doubt]

    def settle(self, tokens: list[str], votes: Votes, shown: Shown) -> list[str]:
        """Say a caption without the claims that the photo does not settle."""
        claims = find_claims(tokens)
        withdrawn = [claim for claim in claims if not self._holds(claim, votes, shown)]
        if not withdrawn:
            return tokens
        whole: list[Kind] = []
        if any(claim.kind == "gender" for claim in withdrawn):
            whole.append("gender")  # or "a man and a person" would be left
        if not any(claim.kind == "count" and claim not in withdrawn for claim in claims):
            whole.append("count")  # "a man and a woman" are not counted as two people
        return generalise(tokens, [*withdrawn, *whole])

    def _holds(self, claim: Claim, votes: Votes, shown: Shown) -> bool:
        doubt = self.of[claim.kind]
        evidence: Floats = np.array([evidence_for(claim, votes, shown)])
        return bool(doubt.holds.probability(evidence)[0] >= doubt.threshold)
