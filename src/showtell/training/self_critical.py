"""Self-critical training: the decoder learns from what its own captions are worth.

Shapes: N images, S samples of each, T tokens.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from showtell.config import SelfCriticalConfig
from showtell.data.batches.dataset import Batch
from showtell.data.records import Record
from showtell.metrics.cider import CiderD
from showtell.metrics.ngrams import Sentence
from showtell.models.decoders import Decoder
from showtell.text import tokenize
from showtell.training.loss import Objective
from showtell.training.sample import sample
from showtell.vocabulary import PAD_ID, Vocabulary

END = "<end>"  # a word to the reward, or captions learn to break off after "in a"


class SelfCritical:
    """Captions are drawn; those that get more CIDEr-D than the photo's others become likelier.

    Its value is minus the mean reward, 0 to -10; its gradient is that of the expected reward, with
    the mean of a photo's other samples as baseline, divided by the mean length of the captions, so
    that it is of the size of a mean over tokens.

    Source: Rennie et al. 2017 (arXiv:1612.00563); the baseline: Luo 2020 (arXiv:2003.09971).
    """

    def __init__(
        self,
        config: SelfCriticalConfig,
        *,
        records: Sequence[Record],
        vocabulary: Vocabulary,
        max_length: int,
        cross_entropy: Objective,
    ) -> None:
        """Prepare the reward.

        Args:
            records: the images that batches are made of; their captions give the document
                frequencies too.
            cross_entropy: what `config.cross_entropy` mixes in.

        Raises:
            DataError: fewer than two images.
        """
        references: list[list[Sentence]] = [
            [[*tokenize(caption), END] for caption in record.captions] for record in records
        ]
        self._reward = CiderD(references, corpus=references)
        self._config, self._max_length = config, max_length
        self._cross_entropy = cross_entropy
        self._words = dict(enumerate(vocabulary.tokens))  # `<end>` is END

    def __call__(self, decoder: Decoder, features: Tensor, batch: Batch) -> tuple[Tensor, int]:
        """Give the loss of features (N, L, D), and the tokens of people's captions, its weight."""
        if batch.images is None:  # a photo that is only borrowed has no captions to compare with
            return self._cross_entropy(decoder, features, batch)
        num_samples, share = self._config.samples, self._config.cross_entropy
        token_ids, log_probs = sample(
            decoder,
            features,
            batch.concepts,
            num_samples=num_samples,
            max_length=self._max_length,
        )
        rewards = self.reward(token_ids, batch.images.repeat_interleave(num_samples))
        loss = policy_loss(log_probs, token_ids != PAD_ID, rewards.view(-1, num_samples))
        if not share:
            return loss, batch.num_targets
        plain, tokens = self._cross_entropy(decoder, features, batch)
        return (1 - share) * loss + share * plain, tokens

    def reward(self, token_ids: Tensor, images: Tensor) -> Tensor:
        """Score captions (R, T), each with the references of its image (R,): (R,), 0 to 10."""
        captions = [
            [self._words[token_id] for token_id in row if token_id != PAD_ID]
            for row in token_ids.tolist()
        ]
        scores = self._reward.score(captions, images.tolist()).astype(np.float32)
        return torch.from_numpy(scores).to(token_ids.device)


def policy_loss(log_probs: Tensor, real: Tensor, rewards: Tensor) -> Tensor:
    """Minus the mean reward, with the policy gradient of Rennie et al. 2017, eq. 8, a token.

    Args:
        log_probs: (N·S, T) of the drawn tokens.
        real: (N·S, T) which of them are tokens.
        rewards: (N, S).
    """
    num_samples = rewards.shape[1]
    others = (rewards.sum(dim=1, keepdim=True) - rewards) / (num_samples - 1)
    advantage = (rewards - others).view(-1, 1)
    surrogate = -(advantage * log_probs * real).sum() / real.sum()
    return surrogate - surrogate.detach() - rewards.mean()
