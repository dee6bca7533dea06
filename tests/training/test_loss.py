"""What training minimises, against sums done by hand."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from showtell.data.batches.dataset import Batch
from showtell.models.decoders import Decoder, Reading, State, Step
from showtell.training.loss import caption_loss
from showtell.vocabulary import END_ID, PAD_ID, START_ID

NOTHING = torch.zeros(1, 1, 2)  # features


class Unigram(Decoder):
    """Whatever it reads, its next token has these probabilities."""

    def __init__(self, probs: list[float]) -> None:
        super().__init__()
        self.logits = torch.tensor(probs).log()

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        return Reading(torch.zeros(*token_ids.shape, 1))

    def readout(self, outputs: Tensor) -> Tensor:
        return self.logits + outputs

    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        raise AssertionError("not used in training")

    def step(self, token_ids: Tensor, state: State) -> Step:
        raise AssertionError("not used in training")


def batch(*targets: list[int]) -> Batch:
    target = torch.tensor(targets)
    inputs = torch.cat([torch.full((len(targets), 1), START_ID), target[:, :-1]], dim=1)
    return Batch(
        torch.tensor([0]), NOTHING, torch.zeros(len(targets), dtype=torch.int64), inputs, target
    )


def test_the_loss_is_the_mean_negative_log_probability_of_the_words_and_the_end() -> None:
    decoder = Unigram([0.05, 0.05, 0.3, 0.1, 0.2, 0.3])
    loss, tokens = caption_loss(decoder, NOTHING, batch([4, 5, END_ID]))
    assert tokens == 3
    assert loss.item() == pytest.approx(-(math.log(0.2) + 2 * math.log(0.3)) / 3)


def test_padding_counts_for_nothing() -> None:
    decoder = Unigram([0.9, 0.01, 0.03, 0.01, 0.02, 0.03])
    short, _ = caption_loss(decoder, NOTHING, batch([4, END_ID]))
    padded, tokens = caption_loss(decoder, NOTHING, batch([4, END_ID, PAD_ID, PAD_ID]))
    assert tokens == 2
    assert padded.item() == pytest.approx(short.item())


def test_long_captions_weigh_by_their_words() -> None:
    decoder = Unigram([0.1, 0.1, 0.5, 0.1, 0.1, 0.1])
    loss, tokens = caption_loss(decoder, NOTHING, batch([END_ID, PAD_ID, PAD_ID], [4, 4, END_ID]))
    assert tokens == 4
    assert loss.item() == pytest.approx(-(2 * math.log(0.5) + 2 * math.log(0.1)) / 4)


def test_label_smoothing_spreads_a_share_of_the_target_over_the_vocabulary() -> None:
    probs = [0.05, 0.05, 0.3, 0.1, 0.2, 0.3]
    loss, _ = caption_loss(Unigram(probs), NOTHING, batch([4, END_ID]), label_smoothing=0.1)
    spread = -sum(math.log(p) for p in probs) / 6
    expected = 0.9 * -(math.log(0.2) + math.log(0.3)) / 2 + 0.1 * spread
    assert loss.item() == pytest.approx(expected)


class Looking(Unigram):
    """Looks at the first of two locations, then at the second for a third; then it has ended."""

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        weights = torch.tensor([[[1.0, 0.0], [2 / 3, 1 / 3], [0.0, 0.0]]])
        return Reading(torch.zeros(*token_ids.shape, 1), weights)


def test_the_doubly_stochastic_term_wants_each_location_looked_at_once() -> None:
    decoder = Looking([1 / 6] * 6)
    sentence = batch([4, END_ID, PAD_ID])
    plain, tokens = caption_loss(decoder, NOTHING, sentence)
    whole, _ = caption_loss(decoder, NOTHING, sentence, doubly_stochastic=0.5)
    assert tokens == 2
    # In all 5/3 and 1/3: (1 - 5/3)**2 + (1 - 1/3)**2 = 8/9, weighed by 0.5, over two tokens.
    assert (whole - plain).item() == pytest.approx(0.5 * 8 / 9 / 2)


def test_captions_count_by_their_weights() -> None:
    decoder = Unigram([0.05, 0.05, 0.3, 0.1, 0.2, 0.3])
    both = batch([4, END_ID], [5, END_ID])
    loss, tokens = caption_loss(decoder, NOTHING, both, weights=[torch.tensor([0.5, 1.5])])
    of_each = [-(math.log(p) + math.log(0.3)) for p in (0.2, 0.3)]
    assert tokens == 4
    assert loss.item() == pytest.approx((0.5 * of_each[0] + 1.5 * of_each[1]) / 4)


def test_sentences_beside_borrowed_photos_all_weigh_the_same() -> None:
    decoder = Unigram([0.05, 0.05, 0.3, 0.1, 0.2, 0.3])
    both = batch([4, END_ID], [5, END_ID])
    weighed, _ = caption_loss(
        decoder, NOTHING, replace(both, images=None), weights=[torch.tensor([0.5, 1.5])]
    )
    assert weighed.item() == caption_loss(decoder, NOTHING, both)[0].item()


def test_what_teachers_expect_takes_the_place_of_a_share_of_the_word() -> None:
    probs = [0.05, 0.05, 0.3, 0.1, 0.2, 0.3]
    expected = [0.0, 0.0, 0.2, 0.0, 0.5, 0.3]
    loss, _ = caption_loss(
        Unigram(probs),
        NOTHING,
        batch([4, END_ID]),
        teach=lambda asked: torch.tensor([expected, expected]),
        distillation=0.75,
    )
    plain = -(math.log(0.2) + math.log(0.3)) / 2
    soft = -sum(q * math.log(p) for q, p in zip(expected, probs, strict=True) if q)
    assert loss.item() == pytest.approx(0.25 * plain + 0.75 * soft, rel=1e-5)
