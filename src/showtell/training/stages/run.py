"""Training the stages of a recipe one after another.

A recipe may be killed at any moment: given again, it goes through the stages that have finished
without training, and goes on with the one in hand from its checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from showtell.config import Config
from showtell.data.pseudo_captions import PseudoCaptions
from showtell.data.text import Text
from showtell.errors import ConfigError
from showtell.models.build import check_decoder
from showtell.training.data import TrainingData, check_same_encoder, load_training_data
from showtell.training.epochs import TrainingState
from showtell.training.processes import Processes
from showtell.training.recognition.data import RecognitionData, load_recognition_data
from showtell.training.recognition.train import train_recogniser
from showtell.training.run import TrainedRun, average, load_run
from showtell.training.series import SeriesEvents
from showtell.training.stages.config import Recipe, Stage
from showtell.training.teachers import check_teacher
from showtell.training.train import train_captioner


def run_recipe(
    recipe: Recipe,
    data_dir: Path,
    out: Path,
    *,
    processes: Processes | None = None,
    init: TrainedRun | None = None,
    teachers: tuple[TrainedRun, ...] = (),
    text: Text | None = None,
    photos_dir: Path | None = None,
    pseudo_captions: PseudoCaptions | None = None,
    command: str = "",
    force: bool = False,
    tensorboard: bool = False,
    cache_dir: Path | None = None,
    events: SeriesEvents | None = None,
) -> TrainingState:
    """Train each stage in its folder below `out`, or in `out` itself where it has no name.

    Args:
        init: a run to begin with, for stages that begin with no other.
        teachers: of the only stage of a recipe without names.
        text: sentences without photos, for stages that learn from them.
        photos_dir: a folder of photos without captions, for stages that learn to recognise, and to
            stand beside the sentences of the text.
        pseudo_captions: what a model says of these photos, for stages that train a decoder.
        force: train a recipe without names anew.

    Returns:
        Where the last stage stands.

    Raises:
        CheckpointError, ConfigError, DataError, ImageError, KeyboardInterrupt: as
            `load_training_data` and `train_captioner`.
    """
    events = events or SeriesEvents()
    _check(
        recipe,
        has_init=init is not None,
        has_photos=photos_dir is not None,
        has_text=text is not None,
        has_pseudo=pseudo_captions is not None,
    )

    def on_features(done: int, total: int) -> None:
        events.features(done, total)
        if events.training.should_stop():  # what is encoded is kept
            raise KeyboardInterrupt

    state = TrainingState()
    told: set[bool] = set()

    def on_data(data: TrainingData | RecognitionData) -> None:
        """Tell of what the first stage of each kind learns from: the others have the same."""
        if (kind := isinstance(data, RecognitionData)) not in told:
            told.add(kind)
            events.data(data)

    for number, stage in enumerate(recipe.stages, start=1):
        if stage.name:
            events.begin(f"stage {stage.name}", number, len(recipe.stages))
        if stage.config.recognises:
            pictures = load_recognition_data(
                stage.config,
                data_dir,
                photos_dir=photos_dir,
                cache_dir=cache_dir,
                progress=on_features,
            )
            on_data(pictures)
            state = train_recogniser(
                stage.config,
                pictures,
                out / stage.name,
                processes=processes,
                command=command,
                force=force,
                tensorboard=tensorboard,
                events=events.training,
            )
            continue
        first = average([load_run(out / name) for name in stage.begin]) if stage.begin else init
        data = load_training_data(
            stage.config,
            data_dir,
            init=first,
            text=text,
            photos_dir=photos_dir,
            pseudo_captions=pseudo_captions,
            cache_dir=cache_dir,
            progress=on_features,
        )
        on_data(data)
        state = train_captioner(
            stage.config,
            data,
            out / stage.name,
            processes=processes,
            init=first,
            teachers=tuple(load_run(out / name) for name in stage.teachers) or teachers,
            command=command,
            force=force,
            tensorboard=tensorboard,
            events=events.training,
        )
    return state


def _check(
    recipe: Recipe, *, has_init: bool, has_photos: bool, has_text: bool, has_pseudo: bool
) -> None:
    """Find out what would stop a stage before hours of training, not after."""
    configs = {stage.name: stage.config for stage in recipe.stages}
    _check_given(
        list(configs.values()), has_photos=has_photos, has_text=has_text, has_pseudo=has_pseudo
    )
    for stage in recipe.stages:
        try:
            if stage.config.recognises:
                _check_first(stage, has_init=has_init)
            else:
                _check_writer(stage, configs, has_init=has_init, has_pseudo=has_pseudo)
        except ConfigError as error:
            raise ConfigError(
                f"stage {stage.name}: {error}" if stage.name else str(error)
            ) from error


def _check_given(
    configs: Sequence[Config], *, has_photos: bool, has_text: bool, has_pseudo: bool
) -> None:
    """Refuse what no stage would learn from."""
    learns_text = any(config.text.sentences for config in configs)
    if has_text and not learns_text:
        raise ConfigError("sentences without photos teach only a stage with text.sentences")
    if has_pseudo and not has_photos:
        raise ConfigError("pseudo-captions belong to photos without captions: give these too")
    if has_photos and not (has_text or has_pseudo or any(c.recognises for c in configs)):
        raise ConfigError(
            "photos without captions teach only a stage with recognition.min_count, or with "
            "text.sentences beside a text, or with pseudo-captions"
        )


def _check_writer(
    stage: Stage, configs: Mapping[str, Config], *, has_init: bool, has_pseudo: bool
) -> None:
    check_decoder(stage.config)
    if has_pseudo and stage.config.finetuning.from_epoch:
        raise ConfigError(
            "finetuning.from_epoch: pseudo-captions are learned from cached features alone"
        )
    for name in stage.begin:
        check_same_encoder(configs[name].encoder, stage.config.encoder)
    for name in stage.teachers:
        check_teacher(configs[name], stage.config, name=name)
    earlier = [configs[name] for name in stage.begin]
    writes = any(not one.recognises for one in earlier) if earlier else has_init
    if stage.config.self_critical.samples and not writes:
        raise ConfigError("self_critical.samples: it must begin with a trained run")


def _check_first(stage: Stage, *, has_init: bool) -> None:
    if stage.begin or stage.teachers or has_init:
        raise ConfigError(
            "recognition.min_count: it begins with the published encoder and has no teachers; set "
            "begin = [], and put what goes on with it after it"
        )
