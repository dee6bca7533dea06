"""Seconds an epoch of `merge`: ours beside the pipeline of the Keras tutorials, same machine.

The tutorials (machinelearningmastery's photo captioner and the many after it) train the same
network otherwise: one photo at a time, every caption as all its beginnings, each padded to the
longest caption, the next word as a vector with one 1 in it. That is written here anew from its
description, with Keras 3 on PyTorch, and given our features, captions and vocabulary. A third way
is that network with the beginnings of 64 captions at once.

Ours is timed over whole epochs, the others over some photos, and scaled up to all; the three take
turns. Validation is left out everywhere. Needs `pip install keras`. Prints Markdown.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from showtell.config import load_config
from showtell.models.build import build_decoder
from showtell.runtime.session import available_cpus
from showtell.text import tokenize
from showtell.training.data import TrainingData, load_training_data
from showtell.training.train import train_captioner
from showtell.vocabulary import END_ID, PAD_ID, START_ID

os.environ["KERAS_BACKEND"] = "torch"
CAPTIONS_AT_ONCE = 64
MERGE = Path(__file__).parents[1] / "configs" / "merge.toml"


@dataclass(frozen=True)
class Example:
    """A photo as the tutorials keep it."""

    features: np.ndarray  # (D,)
    captions: list[list[int]]  # ids from start to end


def examples_of(data: TrainingData) -> list[Example]:
    features = data.train.photos(range(len(data.train)), 0).mean(dim=1).numpy()  # (N, D)
    return [
        Example(
            features[row],
            [[START_ID, *data.vocabulary.encode(tokenize(c)), END_ID] for c in record.captions],
        )
        for row, record in enumerate(data.train.records)
    ]


def build_tutorial_model(*, feature_dim: int, max_length: int, vocabulary_size: int) -> Any:
    """The merge network in Keras: 256 everywhere, both inputs through dropout of one half."""
    from keras import Input, Model, layers

    photo = Input(shape=(feature_dim,))
    seen = layers.Dense(256, activation="relu")(layers.Dropout(0.5)(photo))
    words = Input(shape=(max_length,))
    embedded = layers.Embedding(vocabulary_size, 256, mask_zero=True)(words)
    read = layers.LSTM(256)(layers.Dropout(0.5)(embedded))
    both = layers.Dense(256, activation="relu")(layers.add([seen, read]))
    following = layers.Dense(vocabulary_size, activation="softmax")(both)
    model = Model(inputs=[photo, words], outputs=following)
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    return model


def beginnings(
    pairs: list[tuple[np.ndarray, list[int]]], *, max_length: int, vocabulary_size: int
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Turn (features, caption) pairs into one row for each word that is to be guessed."""
    from keras.utils import pad_sequences, to_categorical

    photos, prefixes, targets = [], [], []
    for features, caption in pairs:
        for end in range(1, len(caption)):
            photos.append(features)
            prefixes.append(caption[:end])
            targets.append(caption[end])
    words = pad_sequences(prefixes, maxlen=max_length, value=PAD_ID)
    return (np.array(photos), words), to_categorical(targets, num_classes=vocabulary_size)


def time_tutorial(
    model: Any, examples: list[Example], *, captions_at_once: int | None, **shape: int
) -> float:
    """Seconds that Keras takes for these photos: one at a time, or so many captions at once."""
    pairs = [[(one.features, caption) for caption in one.captions] for one in examples]
    if captions_at_once:
        every = [pair for of_one in pairs for pair in of_one]
        pairs = [every[i : i + captions_at_once] for i in range(0, len(every), captions_at_once)]

    def batches() -> Iterator[Any]:
        while True:  # Keras asks for one more than it uses
            for batch in pairs:
                yield beginnings(batch, **shape)

    started = time.perf_counter()
    model.fit(batches(), steps_per_epoch=len(pairs), epochs=1, shuffle=False, verbose=0)
    return time.perf_counter() - started


def time_ours(config: Any, data: TrainingData, seed: int) -> float:
    """Seconds of one epoch's training as `showtell train` does it."""
    one = replace(config, seed=seed, training=replace(config.training, max_epochs=1))
    with tempfile.TemporaryDirectory() as folder:
        state = train_captioner(one, data, Path(folder))
    return float(state.history[0]["train_s"])


def measure(options: argparse.Namespace) -> None:
    torch.set_num_threads(available_cpus())
    config = load_config(MERGE)
    data = load_training_data(config, options.data, cache_dir=options.cache_dir)
    examples = examples_of(data)
    longest = max(len(caption) for one in examples for caption in one.captions)
    shape = {"max_length": longest, "vocabulary_size": len(data.vocabulary)}
    model = build_tutorial_model(feature_dim=data.feature_dim, **shape)
    decoder = build_decoder(
        config.decoder, feature_dim=data.feature_dim, vocabulary_size=len(data.vocabulary)
    )
    num_photos = min(options.photos, len(examples))
    scale = len(examples) / num_photos  # from the photos timed to all

    def tutorial(captions_at_once: int | None) -> Callable[[int], float]:
        time_tutorial(model, examples[:2], captions_at_once=captions_at_once, **shape)  # warm up

        def timed(seed: int) -> float:
            some = random.Random(seed).sample(examples, num_photos)
            spent = time_tutorial(model, some, captions_at_once=captions_at_once, **shape)
            return scale * spent

        return timed

    share = f"{num_photos} photos, scaled" if scale > 1 else "whole epoch"
    ways: dict[tuple[str, str], Callable[[int], float]] = {
        ("showtell, 64 captions at once", "whole epoch"): lambda n: time_ours(config, data, n),
        ("Keras as in the tutorials, a photo at a time", share): tutorial(None),
        (f"the same, {CAPTIONS_AT_ONCE} captions at once", share): tutorial(CAPTIONS_AT_ONCE),
    }
    seconds: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for number in range(1, options.rounds + 1):
        for way, timed in ways.items():  # in turns, so that noise meets all three
            seconds[way].append(timed(number))

    print("| way | measured | s an epoch | least to most | times ours |")
    print("|---|---|---:|---:|---:|")
    ours = next(iter(seconds.values()))
    for (name, measured), values in seconds.items():
        ratio = statistics.median(b / a for a, b in zip(ours, values, strict=True))
        print(
            f"| {name} | {measured} | {statistics.median(values):,.0f} | "
            f"{min(values):,.0f} to {max(values):,.0f} | {ratio:.1f} |"
        )
    print(
        f"\n{len(examples):,} photos, {data.train.num_captions:,} captions, vocabulary "
        f"{len(data.vocabulary):,}, longest caption {longest} with start and end. "
        f"{sum(p.numel() for p in decoder.parameters()):,} parameters here, "
        f"{model.count_params():,} in Keras. {options.rounds} rounds, the median; "
        f"{available_cpus()} cores; torch {torch.__version__}, keras {version('keras')}."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="dataset folder")
    parser.add_argument("--photos", type=int, default=150, help="that Keras is timed on, a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache-dir", type=Path)
    measure(parser.parse_args())
