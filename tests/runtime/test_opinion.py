"""The second opinion: what is shown, what ranks hypotheses, and which claims are withdrawn."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showtell import BeamConfig, Captioner
from showtell.bundle import CHOOSER, load_bundle, save_bundle
from showtell.claims import find_claims
from showtell.concepts import Concepts
from showtell.concepts.mentions import Mentions
from showtell.decoding import Hypothesis
from showtell.errors import BundleError, ConfigError
from showtell.runtime.chooser import NAMES, NOTHING, Chooser, measure
from showtell.runtime.confidence import Logistic
from showtell.runtime.doubts import KINDS, NUM_EVIDENCE, Doubt, Doubts, Votes, evidence_for
from showtell.runtime.opinion import Opinion
from showtell.runtime.shown import Shown, log_odds

CONCEPTS = Concepts((("dog",), ("dog", "red", "man", "woman")))
SHOWN = Shown(Mentions(CONCEPTS), np.array([0.5, 0.8, 0.2, 0.5, 0.25]))


def hypothesis(*ids: int, log_prob: float = -1.0, score: float = 0.0) -> Hypothesis:
    return Hypothesis(ids, log_prob, score, finished=True)


def doubts(**thresholds: float) -> Doubts:
    """Every claim holds with probability one half; a kind that is not given is never doubted."""
    return Doubts(
        {
            kind: Doubt(Logistic(np.zeros(NUM_EVIDENCE[kind]), 0.0), thresholds.get(kind, 0.0))
            for kind in KINDS
        }
    )


def settle(caption: str, **thresholds: float) -> str:
    tokens = caption.split()
    votes = Votes([hypothesis(4)], [tokens])
    return " ".join(doubts(**thresholds).settle(tokens, votes, SHOWN))


def test_what_a_sentence_mentions_has_its_probabilities_in_both_groups() -> None:
    assert SHOWN.mentioned(["a", "red", "dog"]).tolist() == [0.5, 0.8, 0.2]
    assert SHOWN.mentioned(["a", "car"]).tolist() == []


def test_things_are_those_of_imagenet_and_may_be_several() -> None:
    assert SHOWN.things(["dogs"]).tolist() == [0.5]
    assert SHOWN.things(["red"]).tolist() == []


def test_a_sentence_covers_a_share_of_what_captions_would_say() -> None:
    everything = 0.8 + 0.2 + 0.5 + 0.25
    assert SHOWN.covered(["a", "red", "dog"]) == pytest.approx(1.0 / everything, abs=1e-5)
    assert SHOWN.covered([]) == 0


def test_any_of_some_words_is_said_as_if_they_were_apart() -> None:
    assert SHOWN.any_of(["man", "woman"]) == pytest.approx(1 - 0.5 * 0.75)
    assert SHOWN.any_of(["dog"]) == pytest.approx(0.8)  # of captions, not of ImageNet
    assert SHOWN.any_of(["car"]) == SHOWN.any_of([]) == 0


def test_log_odds_stay_finite() -> None:
    assert log_odds(np.array([0.0, 0.5, 0.8, 1.0])) == pytest.approx(
        [-np.log(999), 0, np.log(4), np.log(999)]
    )


def test_hypotheses_are_measured_by_search_and_photo() -> None:
    found = [hypothesis(5, 6, log_prob=-3.0), hypothesis(5, 7, log_prob=-4.0)]
    first, second = measure(found, [["a", "dog"], ["a", "red"]], SHOWN)
    numbers = dict(zip(NAMES, first.tolist(), strict=True))
    # Each agrees with itself by one and two words in a row, with the other by one word of two.
    itself, other = 2 / 4, 0.5 / 4
    whole, token = np.exp(-1 / 4), np.exp(-(1 / 3) / 0.3)  # the other's votes for one of the first
    everything = 0.8 + 0.2 + 0.5 + 0.25
    assert numbers == pytest.approx(
        {
            "log_prob_a_token": -1.0,  # two words and the end
            "log_prob": -3.0,
            "words": 2,
            "unusual_length": 6.4,
            "agreement": (itself + other * whole) / (1 + whole),
            "agreement_a_token": (itself + other * token) / (1 + token),
            "mean_log_odds": np.log(4) / 2,  # of 0.5 and 0.8
            "least_log_odds": 0.0,
            "mentioned": np.log(1.5) + np.log(1.8),
            "covered": 0.8 / everything,
            "likeliest_thing": 0.5,
            "things": 1,
            "unknown_words": 0,
            "distinct_words": 1,
        },
        abs=1e-5,
    )
    assert second[NAMES.index("mean_log_odds")] == pytest.approx(np.log(0.25))
    assert second[NAMES.index("things")] == 0


def test_a_caption_that_mentions_nothing_known_can_be_measured() -> None:
    (numbers,) = measure([hypothesis(5, 6, 6)], [["a", "car", "car"]], SHOWN)
    found = dict(zip(NAMES, numbers.tolist(), strict=True))
    assert found["mean_log_odds"] == found["least_log_odds"] == NOTHING
    assert found["unknown_words"] == 2
    assert found["distinct_words"] == 0.5
    assert found["likeliest_thing"] == found["covered"] == 0


def test_the_chooser_ranks_by_its_weights_and_leaves_ties_in_order() -> None:
    only_things = Chooser((np.array(NAMES) == "things").astype(float))
    found = [hypothesis(5), hypothesis(6), hypothesis(7), hypothesis(8)]
    tokens = [["car"], ["dog"], ["red"], ["dogs"]]
    ranked = only_things(found, tokens, SHOWN)
    assert [h.token_ids for h in ranked] == [(6,), (8,), (5,), (7,)]
    assert [h.score for h in ranked] == [1, 1, 0, 0]


def opinion() -> Opinion:
    random = np.random.default_rng(0)
    return Opinion(
        Chooser(random.normal(size=len(NAMES))),
        Doubts(
            {
                kind: Doubt(Logistic(random.normal(size=NUM_EVIDENCE[kind]), 0.5), 0.1 * (i + 1))
                for i, kind in enumerate(KINDS)
            }
        ),
    )


def test_an_opinion_is_read_as_it_was_written() -> None:
    written = opinion()
    read = Opinion.from_bytes(written.to_bytes())
    assert read.to_bytes() == written.to_bytes()
    np.testing.assert_array_equal(read.chooser.weights, written.chooser.weights)
    for kind in KINDS:
        assert read.doubts.of[kind].threshold == written.doubts.of[kind].threshold
        np.testing.assert_array_equal(
            read.doubts.of[kind].holds.weights, written.doubts.of[kind].holds.weights
        )
        assert read.doubts.of[kind].holds.bias == 0.5


def altered(**arrays: np.ndarray | None) -> bytes:
    with np.load(io.BytesIO(opinion().to_bytes())) as read:
        values = {name: read[name] for name in read.files} | arrays
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in values.items() if array is not None})
    return file.getvalue()


def test_an_opinion_put_together_again_is_read() -> None:
    assert Opinion.from_bytes(altered()).to_bytes() == opinion().to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK nothing",
        opinion().to_bytes()[:-100],
        altered(colour=None),
        altered(more=np.zeros(3)),
        altered(chooser=np.zeros(len(NAMES) + 1)),
        altered(chooser=np.full(len(NAMES), np.nan)),
        altered(thresholds=np.array([0, np.inf, 0])),
        altered(gender=np.array(["a"] * 6)),
    ],
)
def test_what_is_no_opinion_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError, match="the chooser cannot be read"):
        Opinion.from_bytes(data)


def test_hypotheses_vote_for_claims_by_their_scores() -> None:
    found = [hypothesis(4, score=2.0), hypothesis(5, score=0.0)]
    votes = Votes(found, [["a", "man"], ["a", "red", "dog"]])
    first = np.exp(2) / (1 + np.exp(2))  # their scores lie two standard deviations apart
    assert votes.share("gender", "male") == votes.share("gender") == pytest.approx(first)
    assert votes.share("gender", "female") == 0
    assert votes.share("colour", "red") == pytest.approx(1 - first)


def test_a_gender_is_spoken_for_by_its_words_and_against_by_those_of_the_other() -> None:
    tokens = ["a", "man"]
    (claim,) = find_claims(tokens)
    evidence = evidence_for(claim, Votes([hypothesis(4)], [tokens]), SHOWN)
    assert evidence == pytest.approx([0, -np.log(3), 1, 0, 1])  # 0.5 and 0.25


@pytest.mark.parametrize(("threshold", "said"), [(0.5, "a red dog"), (0.51, "a dog")])
def test_a_claim_is_withdrawn_only_below_the_threshold(threshold: float, said: str) -> None:
    assert settle("a red dog", colour=threshold) == said


def test_claims_of_other_kinds_stay() -> None:
    assert settle("two men in red shirts", gender=0.9) == "two people in red shirts"
    assert settle("two men in red shirts", count=0.9) == "men in red shirts"


def test_people_are_not_counted_where_no_number_was_claimed_or_is_left() -> None:
    assert settle("a man and a woman sit", gender=0.9) == "people sit"
    assert settle("two dogs and a man and a woman", gender=0.9, count=0.9) == "dogs and people"


def test_a_caption_without_doubtful_claims_is_as_it_was() -> None:
    assert settle("a man and a woman sit") == "a man and a woman sit"


@pytest.fixture(scope="module")
def choosing(naming_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Captioner:
    """A model that prefers captions of few things, and doubts every colour."""
    bundle = load_bundle(naming_bundle)
    chooser = Chooser(-(np.array(NAMES) == "distinct_words").astype(float))
    files = bundle.files | {CHOOSER: Opinion(chooser, doubts(colour=1.0)).to_bytes()}
    decoding = replace(bundle.manifest.decoding, chooser=True, cautious=True)
    path = tmp_path_factory.mktemp("choosing") / "choosing.bundle"
    save_bundle(path, replace(bundle.manifest, decoding=decoding), files)
    return Captioner.load(path, threads=1)


def test_the_chooser_of_a_bundle_ranks_what_its_search_finds(
    choosing: Captioner, flickr8k: Path
) -> None:
    photos = sorted(flickr8k.rglob("*.jpg"))[:6]
    encoded = choosing.encode(np.stack([choosing.prepare(photo).pixels for photo in photos]))
    decoding = choosing.bundle.manifest.decoding
    found = choosing.search(encoded)
    plain = choosing.search(encoded, replace(decoding, chooser=False))
    for ours, theirs in zip(found, plain, strict=True):
        assert {h.token_ids for h in ours} == {h.token_ids for h in theirs}
        assert [h.score for h in ours] == sorted((h.score for h in ours), reverse=True)
    firsts = [[hypotheses[0].token_ids for hypotheses in each] for each in (found, plain)]
    assert firsts[0] != firsts[1]


def test_cautious_candidates_that_become_alike_are_given_once(
    choosing: Captioner, flickr8k: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary = choosing.bundle.vocabulary
    found = [
        Hypothesis(tuple(vocabulary.encode(words.split())), log_prob, log_prob, finished=True)
        for words, log_prob in (("a red dog", -1.0), ("a dog", -2.0), ("a thing", -3.0))
    ]
    monkeypatch.setattr(choosing, "hypotheses", lambda *_: [found])
    texts = {
        cautious: [
            (c.text, c.log_prob)
            for c in choosing.caption(
                min(flickr8k.rglob("*.jpg")), BeamConfig(cautious=cautious)
            ).candidates
        ]
        for cautious in (False, True)
    }
    assert texts[False] == [("A red dog.", -1.0), ("A dog.", -2.0), ("A thing.", -3.0)]
    assert texts[True] == [("A dog.", -1.0), ("A thing.", -3.0)]


@pytest.mark.parametrize("asked", [BeamConfig(chooser=True), BeamConfig(cautious=True)])
def test_a_model_without_an_opinion_is_not_asked_for_it(
    tiny_bundle: Path, naming_bundle: Path, flickr8k: Path, asked: BeamConfig
) -> None:
    for path in (tiny_bundle, naming_bundle):
        captioner = Captioner.load(path, threads=1)
        with pytest.raises(ConfigError, match=r"chooser, cautious: .* fits it"):
            captioner.caption(min(flickr8k.rglob("*.jpg")), asked)
