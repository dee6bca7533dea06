"""Learning from what one's own captions are worth."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from showtell.config import BeamConfig, Config, DecoderConfig, SelfCriticalConfig, TrainingConfig
from showtell.data.batches.dataset import Batch, CaptionDataset
from showtell.data.batches.photos import CachedFeatures
from showtell.data.records import ImageFile, Record
from showtell.errors import ConfigError
from showtell.metrics.cider import CiderD
from showtell.models.build import build_decoder
from showtell.models.decoders import Decoder, Reading, State, Step
from showtell.text import tokenize
from showtell.training.checkpoint import load_checkpoint, weights_of
from showtell.training.epochs import Events
from showtell.training.loop import Trainer
from showtell.training.loss import caption_loss
from showtell.training.run import RunFolder
from showtell.training.self_critical import SelfCritical, policy_loss
from showtell.vocabulary import END_ID, PAD_ID, Vocabulary

RECORDS = [
    Record(f"{i}.jpg", ImageFile(Path()), captions, "train")
    for i, captions in enumerate(
        [("a dog runs in a field",), ("two cats sleep",), ("the boat on the sea",)]
    )
]
VOCABULARY = Vocabulary.build(
    (tokenize(c) for record in RECORDS for c in record.captions), min_count=1
)


def self_critical(cross_entropy: float = 0.0) -> SelfCritical:
    return SelfCritical(
        SelfCriticalConfig(samples=4, cross_entropy=cross_entropy),
        records=RECORDS,
        vocabulary=VOCABULARY,
        max_length=8,
        cross_entropy=caption_loss,
    )


def ids(*captions: str, ends: bool = True) -> Tensor:
    rows = [VOCABULARY.encode(caption.split()) + [END_ID] * ends for caption in captions]
    return nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD_ID
    )


def test_a_reward_is_cider_d_with_the_end_as_a_word() -> None:
    references = [[[*tokenize(c), "<end>"] for c in record.captions] for record in RECORDS]
    expected = CiderD(references).score([["a", "dog", "sleep", "<end>"]], [0])
    found = self_critical().reward(ids("a dog sleep"), torch.tensor([0]))
    assert found.item() == pytest.approx(expected[0], rel=1e-6)


def test_to_break_off_in_mid_sentence_pays_less_than_by_plain_cider_d() -> None:
    references = [[tokenize(c) for c in record.captions] for record in RECORDS]
    plain = CiderD(references).score([["a", "dog", "runs", "in", "a"]], [0])
    broken, perfect = self_critical().reward(
        ids("a dog runs in a", "a dog runs in a field"), torch.zeros(2).long()
    )
    assert broken < plain[0]
    assert perfect.item() == pytest.approx(10)


def test_the_loss_is_minus_the_mean_reward_and_its_gradient_praises_the_better_caption() -> None:
    log_probs = torch.tensor([[-1.0, -2.0], [-1.5, 0.0]], requires_grad=True)
    real = torch.tensor([[True, True], [True, False]])
    loss = policy_loss(log_probs, real, torch.tensor([[3.0, 1.0]]))
    assert loss.item() == pytest.approx(-2.0)
    loss.backward()  # advantages 2 and -2, three tokens
    assert log_probs.grad is not None
    torch.testing.assert_close(log_probs.grad, torch.tensor([[-2 / 3, -2 / 3], [2 / 3, 0.0]]))


def test_captions_that_are_worth_the_same_teach_nothing() -> None:
    log_probs = torch.randn(4, 3, requires_grad=True)
    policy_loss(log_probs, torch.ones(4, 3, dtype=torch.bool), torch.full((1, 4), 0.7)).backward()
    assert log_probs.grad is not None
    assert not log_probs.grad.any()


class OneWord(Decoder):
    """Says one word, as its logits weigh them, and ends."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.linspace(-1, 1, vocabulary_size))

    def forward(
        self,
        features: Tensor,
        token_ids: Tensor,
        image_index: Tensor,
        concepts: Tensor | None = None,
    ) -> Reading:
        raise AssertionError("nothing is read here")

    def readout(self, outputs: Tensor) -> Tensor:
        raise AssertionError("nothing is read here")

    def start(self, features: Tensor, concepts: Tensor | None = None) -> State:
        return {"said": features[:, 0, :1]}

    def step(self, token_ids: Tensor, state: State) -> Step:
        ending = torch.full_like(self.logits, -torch.inf)
        ending[END_ID] = 0.0
        first = (state["said"] == 0).all()
        logits = self.logits if first else ending
        return Step(logits.expand(len(token_ids), -1).log_softmax(-1), {"said": state["said"] + 1})


def test_the_gradient_is_that_of_the_expected_reward() -> None:
    torch.manual_seed(0)
    decoder, objective = OneWord(len(VOCABULARY)), self_critical()
    batch = Batch(
        torch.zeros(2000).long(), torch.zeros(2000, 1, 1), torch.tensor([]), *[ids("a")] * 2
    )
    loss, weight = objective(decoder, batch.photos, batch)
    loss.backward()
    estimated = decoder.logits.grad
    assert estimated is not None
    assert weight == batch.num_targets

    words = range(4, len(VOCABULARY))
    rewards = objective.reward(
        torch.tensor([[w, END_ID] for w in words]), torch.zeros(len(words)).long()
    )
    logits = decoder.logits.detach()[4:].requires_grad_()
    expected = (logits.softmax(-1) * rewards).sum()
    expected.backward()
    assert logits.grad is not None
    # The loss is a mean over tokens, of which each of these captions has two.
    torch.testing.assert_close(-2 * estimated[4:], logits.grad, atol=0.01, rtol=0)
    assert -loss.item() == pytest.approx(expected.item(), abs=0.02)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_sentences_beside_borrowed_photos_teach_by_what_people_wrote(share: float) -> None:
    settings = DecoderConfig(embedding_dim=5, hidden_dim=7)
    decoder = build_decoder(settings, feature_dim=1, vocabulary_size=len(VOCABULARY)).eval()
    features, written = torch.ones(1, 1, 1), ids("a dog runs")
    batch = Batch(None, features, torch.zeros(1).long(), written, written)
    found = self_critical(share)(decoder, features, batch)
    assert found == caption_loss(decoder, features, batch)


CONFIG = Config(
    name="tiny",
    decoder=DecoderConfig(
        embedding_dim=12, hidden_dim=12, image_dropout=0.0, embedding_dropout=0.0
    ),
    training=TrainingConfig(
        min_count=1, batch_size=2, learning_rate=0.02, schedule="constant", max_epochs=8, patience=8
    ),
    decoding=BeamConfig(beam_size=2, max_length=8),
)


def train(folder: Path, config: Config, events: Events | None = None, **more: object) -> Trainer:
    features = np.eye(3, dtype=np.float16)[:, None, :] * 3
    data = CaptionDataset(RECORDS, VOCABULARY, CachedFeatures(features, np.arange(3)))
    run = Trainer(
        config,
        train=data,
        val=data,
        vocabulary=VOCABULARY,
        feature_dim=3,
        folder=RunFolder(folder),
        **more,  # type: ignore[arg-type]
    )
    run.fit(events or Events())
    return run


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_run_that_begins_with_another_gets_better_rewards(tmp_path: Path, share: float) -> None:
    first = train(tmp_path / "first", CONFIG)
    config = replace(CONFIG, self_critical=SelfCriticalConfig(samples=5, cross_entropy=share))
    weights = {name: tensor.clone() for name, tensor in first.model.state_dict().items()}
    second = train(tmp_path / "second", config, weights=weights)
    losses = [entry["train_loss"] for entry in second.state.history]
    assert losses[-1] < losses[0]
    assert all(math.isfinite(loss) for loss in losses)


def test_a_run_stopped_and_resumed_draws_the_same_captions(tmp_path: Path) -> None:
    config = replace(CONFIG, self_critical=SelfCriticalConfig(samples=3))
    weights = train(tmp_path / "first", CONFIG).model.state_dict()
    train(tmp_path / "whole", config, weights=weights)
    seen = iter(range(1, 100))
    stop = Events(should_stop=lambda: next(seen) == 5)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped", config, stop, weights=weights)
    train(tmp_path / "stopped", config, weights=weights)
    whole, resumed = (
        weights_of(load_checkpoint(RunFolder(tmp_path / name).last)[0])
        for name in ("whole", "stopped")
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_fresh_weights_are_refused(tmp_path: Path) -> None:
    config = replace(CONFIG, self_critical=SelfCriticalConfig(samples=3))
    with pytest.raises(ConfigError, match=r"self_critical.samples: .*--init-from RUN"):
        train(tmp_path, config)
