"""Captions and photos as tensors, and the batches of an epoch.

A batch holds images with all their captions, so features are projected once an image. Which
images form batch b of epoch e depends on the seed, e and b alone: a resumed run sees the same.

Shapes: N images, R captions (rows), T tokens of the longest caption in the batch, L, D features.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from showtell.data.batches.photos import Photos
from showtell.data.records import Record
from showtell.text import tokenize
from showtell.vocabulary import END_ID, PAD_ID, START_ID, Vocabulary


@dataclass(frozen=True)
class Batch:
    """Some images with their captions."""

    images: Tensor | None  # (N,) their positions in the dataset; None: no people described them
    photos: Tensor  # (N, L, D) features, or (N, 3, size, size) pixels; float32
    image_index: Tensor  # (R,) the image each caption describes
    inputs: Tensor  # (R, T) `<start>` and the words
    targets: Tensor  # (R, T) the words and `<end>`; `<pad>` is not scored
    concepts: Tensor | None = None  # (N, C) probabilities, for decoders that look at them

    @property
    def num_targets(self) -> int:
        """How many tokens are scored."""
        return int(torch.count_nonzero(self.targets != PAD_ID))

    def to(self, device: torch.device) -> "Batch":
        """Copy to a device."""
        return Batch(
            images=None if self.images is None else self.images.to(device),
            photos=self.photos.to(device),
            image_index=self.image_index.to(device),
            inputs=self.inputs.to(device),
            targets=self.targets.to(device),
            concepts=None if self.concepts is None else self.concepts.to(device),
        )


class CaptionDataset:
    """The images of one split, their captions as ids, their photos from wherever."""

    def __init__(
        self,
        records: Sequence[Record],
        vocabulary: Vocabulary,
        photos: Photos,
        concepts: Photos | None = None,
        *,
        by_people: bool = True,
    ) -> None:
        """Encode the captions.

        Args:
            concepts: of the same photos, for a decoder that looks at them.
            by_people: whether these wrote the captions, so that others can be compared with them.
        """
        self.records = tuple(records)
        self.photos, self.concepts = photos, concepts
        self._by_people = by_people
        self._captions = [
            [as_ids(tokenize(caption), vocabulary) for caption in record.captions]
            for record in records
        ]

    def with_photos(self, photos: Photos) -> "CaptionDataset":
        """The same captions, the photos from elsewhere."""
        other = copy(self)
        other.photos = photos
        return other

    def __len__(self) -> int:
        return len(self.records)

    @property
    def num_captions(self) -> int:
        """All captions of all images."""
        return sum(len(captions) for captions in self._captions)

    def num_batches(self, batch_size: int, *, world_size: int = 1) -> int:
        """Batches of about `batch_size` captions in one epoch."""
        return len(self._chunks(batch_size, world_size))

    def batches(
        self,
        batch_size: int,
        *,
        seed: int,
        epoch: int,
        first: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[Batch]:
        """Shuffle the images and give them in batches of about `batch_size` captions.

        Args:
            first: the batch to begin with, for a run that resumes inside an epoch.
            rank, world_size: which of several processes this is; each has a share of every batch.
        """
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        for chunk in self._chunks(batch_size, world_size)[first:]:
            yield self._collate([order[i] for i in chunk[rank::world_size]], epoch)

    def _chunks(self, batch_size: int, world_size: int) -> list[range]:
        captions_an_image = self.num_captions / len(self)
        return chunks(len(self), round(batch_size / captions_an_image), world_size)

    def _collate(self, images: list[int], epoch: int) -> Batch:
        captions = [caption for image in images for caption in self._captions[image]]
        counts = torch.tensor([len(self._captions[image]) for image in images])
        inputs, targets = inputs_and_targets(captions)
        return Batch(
            images=torch.tensor(images) if self._by_people else None,
            photos=self.photos(images, epoch),
            image_index=torch.repeat_interleave(torch.arange(len(images)), counts),
            inputs=inputs,
            targets=targets,
            concepts=self.concepts(images, epoch) if self.concepts else None,
        )


def as_ids(tokens: Sequence[str], vocabulary: Vocabulary) -> Tensor:
    """Give a sentence as `<start>`, its words and `<end>`: (T + 2,)."""
    return torch.tensor([START_ID, *vocabulary.encode(tokens), END_ID])


def inputs_and_targets(sentences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Pad sentences of `as_ids` to what is read and what comes next, each (R, T)."""
    padded = torch.nn.utils.rnn.pad_sequence(
        list(sentences), batch_first=True, padding_value=PAD_ID
    )  # (R, T + 1)
    inputs = padded[:, :-1].clone()
    inputs[inputs == END_ID] = PAD_ID  # the last word of a short caption; not scored
    return inputs, padded[:, 1:]


def chunks(num_images: int, size: int, world_size: int) -> list[range]:
    """Cut images into batches of a size, each with an image for every process."""
    size = max(world_size, size)
    found = [range(i, min(i + size, num_images)) for i in range(0, num_images, size)]
    # Of a last batch with fewer images than processes, some would have nothing.
    return found if len(found[-1]) >= world_size else found[:-1]
