"""Validation: captions freely generated and scored, never teacher-forced BLEU; and the loss."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from showtell.claims import sentence
from showtell.config import BeamConfig
from showtell.data.batches.dataset import CaptionDataset
from showtell.decoding import search
from showtell.metrics import Report, score
from showtell.models.decoders import Decoder
from showtell.models.stepper import TorchStepper
from showtell.progress import Progress, no_progress
from showtell.training.loss import caption_loss
from showtell.vocabulary import Vocabulary

IMAGES_AT_ONCE = 250  # searched together


def caption_dataset(
    decoder: Decoder,
    dataset: CaptionDataset,
    vocabulary: Vocabulary,
    config: BeamConfig,
    *,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Write a caption for every image of a dataset of features: image id -> sentence."""
    device = next(decoder.parameters()).device
    captions: dict[str, str] = {}
    with evaluating(decoder):
        for start in range(0, len(dataset), IMAGES_AT_ONCE):
            images = range(start, min(start + IMAGES_AT_ONCE, len(dataset)))
            photos = dataset.photos(images, 0).to(device)
            concepts = dataset.concepts(images, 0).to(device) if dataset.concepts else None
            stepper = TorchStepper(decoder, photos, concepts, unseen=config.unseen)
            hypotheses = search(stepper, config, dangling=vocabulary.dangling_ids)
            for image, found in zip(images, hypotheses, strict=True):
                words = vocabulary.decode(found[0].token_ids)
                captions[dataset.records[image].image_id] = sentence(words, neutral=config.neutral)
            progress(len(captions), len(dataset))
    return captions


def validate(
    decoder: Decoder,
    dataset: CaptionDataset,
    vocabulary: Vocabulary,
    config: BeamConfig,
    *,
    progress: Progress = no_progress,
) -> tuple[Report, dict[str, str]]:
    """Caption a split and score it; give the report and the captions."""
    captions = caption_dataset(decoder, dataset, vocabulary, config, progress=progress)
    references = {record.image_id: record.captions for record in dataset.records}
    split = dataset.records[0].split
    return score(captions, references, split=split, decoding=config.conditions()), captions


def mean_loss(decoder: Decoder, dataset: CaptionDataset, batch_size: int) -> float:
    """Teacher-forced loss over a whole split without dropout, nats per token: shows overfitting."""
    device = next(decoder.parameters()).device
    total, num_tokens = 0.0, 0
    with evaluating(decoder):
        for batch in dataset.batches(batch_size, seed=0, epoch=0):
            batch = batch.to(device)
            loss, tokens = caption_loss(decoder, batch.photos, batch)
            total += loss.item() * tokens
            num_tokens += tokens
    return total / num_tokens


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block, whatever mode it was in after it."""
    was_training = module.training
    module.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        module.train(was_training)
