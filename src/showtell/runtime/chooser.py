"""Choosing among a photo's hypotheses by what else is known of it.

Consensus asks which caption agrees with the others. The chooser also asks how well each agrees with
the photo's concepts, a second opinion that is independent of the decoder: a linear score of a few
numbers, fitted to rank captions by the CIDEr-D they deserve (`showtell.calibration.opinion`).

NumPy only. Shapes: K hypotheses of one photo, F numbers of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from showtell.concepts.caption_words import FUNCTION_WORDS
from showtell.decoding import Hypothesis
from showtell.decoding.consensus import agreement
from showtell.runtime.confidence import VOTES, evidence_of
from showtell.runtime.shown import Floats, Shown, log_odds

VOTES_A_TOKEN = 0.3  # nats a token; the temperature of votes that do not prefer short captions
USUAL_LENGTH = 10  # words
NOTHING = -6.0  # the log-odds of a caption that mentions no concept
NAMES = (
    *("log_prob_a_token", "log_prob", "words", "unusual_length"),
    *("agreement", "agreement_a_token"),
    *("mean_log_odds", "least_log_odds", "mentioned", "covered", "likeliest_thing"),
    *("things", "unknown_words", "distinct_words"),
)


def measure(hypotheses: Sequence[Hypothesis], tokens: Sequence[list[str]], shown: Shown) -> Floats:
    """Describe each hypothesis of a photo by the numbers of `NAMES`: (K, F).

    Args:
        tokens: the words of each.
        shown: what is known of the photo.
    """
    log_probs = np.array([hypothesis.log_prob for hypothesis in hypotheses])
    lengths = np.array([len(words) for words in tokens])
    a_token = log_probs / (lengths + 1)
    alike = agreement([hypothesis.token_ids for hypothesis in hypotheses])  # (K, K)
    agreed, agreed_a_token = (
        alike @ softmax(values / temperature)
        for values, temperature in ((log_probs, VOTES), (a_token, VOTES_A_TOKEN))
    )
    unusual = (lengths - USUAL_LENGTH) ** 2 / 10
    of_search = np.stack([a_token, log_probs, lengths, unusual, agreed, agreed_a_token], axis=1)
    return np.hstack([of_search, [_of_photo(words, shown) for words in tokens]])


def evidence_with(
    hypotheses: Sequence[Hypothesis], tokens: Sequence[list[str]], shown: Shown
) -> list[float]:
    """Give what confidence reads of a photo's hypotheses, best first, of a model with a chooser."""
    return [*evidence_of(hypotheses), *measure(hypotheses, tokens, shown)[0].tolist()]


def softmax(values: Floats) -> Floats:
    """Share 1 out by exp(value): (K,)."""
    shares: Floats = np.exp(values - values.max())
    return shares / shares.sum()


def _of_photo(tokens: list[str], shown: Shown) -> list[float]:
    probs, things = shown.mentioned(tokens), shown.things(tokens)
    odds = log_odds(probs) if len(probs) else np.array([NOTHING])
    content = [word for word in tokens if word not in FUNCTION_WORDS]
    unknown = sum(not len(shown.mentioned([word])) for word in content)
    return [
        float(odds.mean()),
        float(odds.min()),
        float(np.log1p(probs).sum()),
        shown.covered(tokens),
        float(things.max(initial=0)),
        float(len(things)),
        float(unknown),
        len(set(content)) / max(1, len(content)),
    ]


@dataclass(frozen=True)
class Chooser:
    """A linear score of hypotheses."""

    weights: Floats  # (F,)

    def __call__(
        self, hypotheses: Sequence[Hypothesis], tokens: Sequence[list[str]], shown: Shown
    ) -> list[Hypothesis]:
        """Rank a photo's hypotheses, best first, with what ranks them as their score."""
        scores = measure(hypotheses, tokens, shown) @ self.weights
        order = np.argsort(-scores, kind="stable")
        return [replace(hypotheses[i], score=float(scores[i])) for i in order]
