"""All settings of a training run: one TOML file in, the same as JSON beside the results.

Sections are frozen dataclasses that refuse bad values at birth. An unknown key is an error that
names the nearest known one, so a misspelt setting never silently keeps its default.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from math import inf
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from showtell.errors import ConfigError, suggest

T = TypeVar("T")
_NO_CHANGES: Mapping[str, Any] = MappingProxyType({})
V = TypeVar("V")


def _require(ok: bool, message: str) -> None:
    if not ok:
        raise ConfigError(message)


def setting(default: V, help: str, *, metavar: str = "N", also: str = "") -> V:
    """Make a field that the command line offers as an option of the same name.

    Args:
        help: what it does, a sentence or two.
        metavar: what stands for its value there, if it is a number.
        also: another name of the option.
    """
    about = {"help": help, "metavar": metavar, "also": also}
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Which CNN looks at the photo, and what of it the decoder sees."""

    name: str = "efficientnet-lite2"  # or keras:NAME, timm:NAME, onnx:PATH; see docs/encoders.md
    image_size: int = 224  # pixels, square
    features: Literal["pooled", "grid"] = "pooled"  # (1, D) or (L, D) for each photo
    weights: str = ""  # a local file; "": the pretrained ones; "random": fresh ones
    output: str = ""  # of an onnx: encoder, the tensor that holds the features; "": its only output
    mean: tuple[float, ...] = ()  # RGB, 0..255; (): what the pretrained weights expect
    std: tuple[float, ...] = ()  # likewise

    def __post_init__(self) -> None:
        _require(
            self.image_size >= 32, f"image_size must be at least 32 pixels, got {self.image_size}"
        )
        is_onnx = self.name.startswith("onnx:")
        _require(not (is_onnx and self.weights), "weights: an onnx: encoder has its own")
        _require(is_onnx or not self.output, f"output is a setting of onnx:, not of {self.name}")
        _require(len(self.mean) in (0, 3), f"mean must be 3 numbers, got {self.mean}")
        _require(
            len(self.std) in (0, 3) and all(value > 0 for value in self.std),
            f"std must be 3 numbers above 0, got {self.std}",
        )


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """The network that writes the sentence."""

    architecture: str = "merge"  # a key of `showtell.models.build.ARCHITECTURES`
    cell: Literal["lstm", "gru"] = "lstm"
    embedding_dim: int = 256  # E
    hidden_dim: int = 256  # H
    attention_dim: int = 256  # A, where the architecture attends
    image_dropout: float = 0.5  # on the features; after their projection where it attends
    embedding_dropout: float = 0.5  # on the embedded words
    output_dropout: float = 0.0  # before the last dense layer
    # How many concepts of each group (of ImageNet's, of captions' words) an architecture that
    # attends looks at beside the grid; (): at none.
    concept_places: tuple[int, ...] = ()
    concept_dropout: float = 0.0  # share of these places that a photo loses in training

    def __post_init__(self) -> None:
        for name in ("embedding_dim", "hidden_dim", "attention_dim"):
            value = getattr(self, name)
            _require(value >= 1, f"{name} must be positive, got {value}")
        _require(
            all(places >= 0 for places in self.concept_places),
            f"concept_places must not be negative, got {self.concept_places}",
        )
        for name in ("image_dropout", "embedding_dropout", "output_dropout", "concept_dropout"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"{name} must be in [0, 1), got {value}")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the decoder learns."""

    min_count: int = 5  # a word enters the vocabulary when the train captions hold it this often
    batch_size: int = 64  # captions
    accumulation_steps: int = 1  # batches to one update: as if a batch were so much larger
    learning_rate: float = 1e-3  # AdamW
    weight_decay: float = 0.0  # decoupled (Loshchilov and Hutter 2019), of matrices alone
    warmup_epochs: float = 0.0  # the learning rate rises from 0 over these
    schedule: Literal["constant", "cosine"] = "cosine"  # cosine: falls to 0 at max_epochs
    label_smoothing: float = 0.0  # share of the target spread over the vocabulary
    consensus_weighting: float = 0.0  # 0..1: how far captions weigh by the others' agreement
    doubly_stochastic: float = 0.0  # lambda of Xu et al. 2015, eq. 14; for what attends
    # Looks at each photo that are cached: as it is, and mirrored and cropped as finetuning says;
    # each batch sees one of them.
    views: int = 1
    # Nats by which concepts of captions' words are jittered: the encoder is surer of the photos
    # that it learned from than it will be of others.
    concept_noise: float = 0.0
    clip_norm: float = 5.0  # the gradient's norm is cut to this
    precision: Literal["float32", "bfloat16"] = "float32"  # bfloat16: mixed, for CUDA
    max_epochs: int = 10
    patience: int = 10  # stop after this many epochs without a better validation CIDEr
    checkpoint_every_s: float = 120.0  # within an epoch; every epoch ends with one too

    def __post_init__(self) -> None:
        for name in (
            *("min_count", "batch_size", "accumulation_steps", "views", "max_epochs", "patience"),
        ):
            value = getattr(self, name)
            _require(value >= 1, f"{name} must be at least 1, got {value}")
        for name in ("learning_rate", "clip_norm"):
            value = getattr(self, name)
            _require(0 < value < inf, f"{name} must be above 0 and finite, got {value}")
        for name in ("weight_decay", "warmup_epochs", "doubly_stochastic", "concept_noise"):
            value = getattr(self, name)
            _require(0 <= value < inf, f"{name} must be finite and not negative, got {value}")
        value = self.checkpoint_every_s
        _require(value >= 0, f"checkpoint_every_s must not be negative, got {value}")
        value = self.label_smoothing
        _require(0 <= value < 1, f"label_smoothing must be in [0, 1), got {value}")
        value = self.consensus_weighting
        _require(0 <= value <= 1, f"consensus_weighting must be in [0, 1], got {value}")


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """What a run learns from sentences without photos (`--text`), if it is given any.

    Each is read beside the concepts of a photo that shows, as far as the recogniser can tell, what
    it says. For decoders that look at concepts.
    """

    min_count: int = 20  # a word enters the vocabulary when the text holds it this often
    sentences: int = 0  # of the text, read in an epoch; others in the next
    shown: float = 0.375  # share of them for which the photo's own features are shown too
    temperature: float = 0.7  # how far each concept is believed when photos are drawn; 0: any photo
    draws: int = 4  # photos drawn for each sentence, one of which stands beside it in an epoch

    def __post_init__(self) -> None:
        for name in ("min_count", "draws"):
            value = getattr(self, name)
            _require(value >= 1, f"{name} must be at least 1, got {value}")
        _require(self.sentences >= 0, f"sentences must not be negative, got {self.sentences}")
        _require(0 <= self.shown <= 1, f"shown must be in [0, 1], got {self.shown}")
        value = self.temperature
        _require(0 <= value < inf, f"temperature must be finite and not negative, got {value}")


@dataclass(frozen=True, kw_only=True)
class PseudoCaptionConfig:
    """What a run learns from what a model says of photos (`--pseudo-captions`), if it is given."""

    min_confidence: float = 0.0  # 0..1: captions that the model was less sure of are left out

    def __post_init__(self) -> None:
        value = self.min_confidence
        _require(0 <= value <= 1, f"min_confidence must be in [0, 1], got {value}")


@dataclass(frozen=True, kw_only=True)
class FinetuningConfig:
    """Whether the encoder learns too. Its features are then computed live, from altered photos.

    BatchNorm stays in evaluation mode: its statistics are those of ImageNet.
    """

    from_epoch: int = 0  # the encoder learns from this epoch on; 0 is never
    learning_rate: float = 1e-5  # of the encoder; the schedule of training scales it too
    frozen: float = 0.0  # share of its weight tensors, from the photo on, that never learn
    flip: bool = True  # half of the photos are mirrored
    crop: float = 0.8  # the smallest share of a photo's area that a random crop keeps; 1 is all

    def __post_init__(self) -> None:
        _require(self.from_epoch >= 0, f"from_epoch must not be negative, got {self.from_epoch}")
        rate = self.learning_rate
        _require(0 < rate < inf, f"learning_rate must be above 0 and finite, got {rate}")
        _require(0 <= self.frozen < 1, f"frozen must be in [0, 1), got {self.frozen}")
        _require(0 < self.crop <= 1, f"crop must be in (0, 1], got {self.crop}")


@dataclass(frozen=True, kw_only=True)
class SelfCriticalConfig:
    """Whether the decoder learns from its own captions, by their CIDEr-D (Rennie et al. 2017).

    For a run that begins with another's weights (`--init-from`): fresh ones draw noise.
    """

    samples: int = 0  # captions drawn for each photo; 0: it learns from people's captions alone
    cross_entropy: float = 0.0  # share of the loss that people's captions keep

    def __post_init__(self) -> None:
        _require(
            self.samples == 0 or self.samples >= 2,
            f"samples must be 0, or at least 2 to compare with one another, got {self.samples}",
        )
        value = self.cross_entropy
        _require(0 <= value < 1, f"cross_entropy must be in [0, 1), got {value}")


@dataclass(frozen=True, kw_only=True)
class DistillationConfig:
    """How much a run learns from teachers: trained runs, given with `--teacher` or by a recipe."""

    weight: float = 0.0  # share of each target that is their expectation, not the word that came

    def __post_init__(self) -> None:
        _require(0 <= self.weight <= 1, f"weight must be in [0, 1], got {self.weight}")


@dataclass(frozen=True, kw_only=True)
class RecognitionConfig:
    """Whether this run teaches the encoder to name what it sees. It has no decoder then.

    Of the other sections it reads `encoder`; of `training` what is not about captions, with
    `batch_size` in photos and `learning_rate` that of the new classifier; of `finetuning` the
    encoder's `learning_rate`, and how photos are altered.
    """

    min_count: int = (
        0  # content words that train says this often become concepts; 0: a decoder's run
    )
    views: int = 3  # of each photo with captions: as it is, and altered ones; each is computed once
    unlabelled_views: int = 2  # likewise of each photo without captions (`--photos`)
    unlabelled_batch_size: int = 16  # photos without captions beside each batch
    class_weight: float = 5.0  # of staying close to what ImageNet's classifier said before
    dropout: float = 0.3  # before the new classifier

    def __post_init__(self) -> None:
        _require(self.min_count >= 0, f"min_count must not be negative, got {self.min_count}")
        for name in ("views", "unlabelled_views", "unlabelled_batch_size"):
            value = getattr(self, name)
            _require(value >= 1, f"{name} must be at least 1, got {value}")
        value = self.class_weight
        _require(0 <= value < inf, f"class_weight must be finite and not negative, got {value}")
        _require(0 <= self.dropout < 1, f"dropout must be in [0, 1), got {self.dropout}")


@dataclass(frozen=True, kw_only=True)
class BeamConfig:
    """How to search, and how to say what is found: a whole search, not changes to one.

    Lengths count word tokens; `<start>` and `<end>` are never counted. The command line makes its
    options of these fields: a further setting is a further field.
    """

    beam_size: int = setting(3, "Hypotheses kept at each step; 1 is greedy.", also="--num-beams")
    # Tokens; a hypothesis this long that has not ended is unfinished.
    max_length: int = setting(20, "Most words in a sentence.")
    # alpha of Wu et al. 2016, eq. 14.
    length_penalty: float = setting(
        0.7,
        "Favour longer sentences the larger it is; 0 ranks by total log-probability.",
        metavar="A",
    )
    no_repeat_ngram: int = setting(0, "No N words in a row twice in a sentence; 0 allows it.")
    consensus: float = setting(
        0.0,
        "Choose the hypothesis that agrees best with the others, each voting with weight "
        "exp(log-probability / T); 0 chooses the likeliest.",
        metavar="T",
    )
    neutral: bool = setting(False, "Name no gender: a person, a child, their dog.")
    # With all-zero features beside the concepts; see `Captioner.hypotheses`.
    unseen: bool = setting(
        False,
        "Search a second time, told what the photo shows but not shown it; all hypotheses compete. "
        "Of models that look at concepts.",
    )
    chooser: bool = setting(False, "Rank hypotheses by the chooser that came with the model.")
    cautious: bool = setting(
        False,
        "Say the less specific word where the photo does not settle a gender, a number or a "
        "colour, of models that can tell.",
    )

    def __post_init__(self) -> None:
        _require(
            1 <= self.beam_size <= 1000,
            f"beam_size must be between 1 and 1000, got {self.beam_size}",
        )
        _require(
            1 <= self.max_length <= 1000,
            f"max_length must be between 1 and 1000, got {self.max_length}",
        )
        _require(
            0 <= self.length_penalty <= 10,
            f"length_penalty must be between 0 and 10, got {self.length_penalty}",
        )
        _require(
            self.no_repeat_ngram == 0 or self.no_repeat_ngram >= 2,
            f"no_repeat_ngram must be 0 or at least 2, got {self.no_repeat_ngram}",
        )
        _require(
            self.consensus == 0 or 0.01 <= self.consensus <= 1000,
            f"consensus must be 0 or between 0.01 and 1000, got {self.consensus}",
        )
        _require(
            not (self.chooser and self.consensus),
            "consensus and chooser both rank what is found: ask for one (--no-chooser, in Python "
            "chooser=False)",
        )

    def conditions(self) -> dict[str, str]:
        """What the signature of a score says of the search."""
        return {
            "beam": str(self.beam_size),
            "alpha": f"{self.length_penalty:g}",
            "max": str(self.max_length),
            **({"no-repeat": str(self.no_repeat_ngram)} if self.no_repeat_ngram else {}),
            **({"consensus": f"{self.consensus:g}"} if self.votes else {}),
            **({"neutral": "yes"} if self.neutral else {}),
            **({"unseen": "too"} if self.unseen else {}),
            **({"chooser": "yes"} if self.chooser else {}),
            **({"cautious": "yes"} if self.cautious else {}),
        }

    def finds_the_same_as(self, other: "BeamConfig") -> bool:
        """Whether both settings find the same captions, however these are then said."""
        return replace(self, neutral=other.neutral, cautious=other.cautious) == other

    @property
    def votes(self) -> bool:
        """Whether hypotheses vote; one alone has none to agree with."""
        return self.consensus > 0 and self.beam_size > 1


@dataclass(frozen=True, kw_only=True)
class Config:
    """A whole run: `showtell train CONFIG` reads one, `runs/NAME/config.json` keeps it."""

    name: str = "merge"
    seed: int = 1
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    text: TextConfig = field(default_factory=TextConfig)
    pseudo_captions: PseudoCaptionConfig = field(default_factory=PseudoCaptionConfig)
    finetuning: FinetuningConfig = field(default_factory=FinetuningConfig)
    self_critical: SelfCriticalConfig = field(default_factory=SelfCriticalConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)
    recognition: RecognitionConfig = field(default_factory=RecognitionConfig)
    decoding: BeamConfig = field(default_factory=BeamConfig)

    def __post_init__(self) -> None:
        ok = self.name.replace("-", "").replace("_", "").replace(".", "").isalnum()
        _require(ok, f"name must be letters, digits, '-', '_' and '.', got {self.name!r}")
        _require(0 <= self.seed < 2**32, f"seed must be between 0 and 2**32 - 1, got {self.seed}")
        if self.self_critical.samples and not self.self_critical.cross_entropy:
            for name, value in (
                ("distillation.weight", self.distillation.weight),
                ("training.consensus_weighting", self.training.consensus_weighting),
            ):
                _require(value == 0, f"{name} is a part of self_critical.cross_entropy, which is 0")
        _require(
            bool(self.decoder.concept_places) or not self.decoding.unseen,
            "decoding.unseen is for decoders that look at concepts: set decoder.concept_places",
        )
        _require(
            not (self.decoding.chooser or self.decoding.cautious),
            "decoding.chooser and cautious are for bundles: `showtell calibrate` sets them",
        )
        looks = bool(self.decoder.concept_places)
        _require(
            looks or not self.text.sentences,
            "text.sentences is for decoders that look at concepts: set decoder.concept_places",
        )
        few = self.text.sentences
        _require(
            few == 0 or few >= self.training.batch_size,
            f"text.sentences is {few}: less than training.batch_size, so none would be read",
        )
        _require(
            not (looks and self.finetuning.from_epoch),
            "finetuning.from_epoch: an encoder whose concepts are looked at learns by itself, in a "
            "stage with recognition.min_count",
        )
        first, last = self.finetuning.from_epoch, self.training.max_epochs
        _require(
            first <= last, f"finetuning.from_epoch is {first}, but max_epochs is {last}: never"
        )
        if self.recognises:
            self._check_recognition()

    def _check_recognition(self) -> None:
        _require(
            self.encoder.name.startswith("efficientnet-lite"),
            f"recognition is for efficientnet-lite encoders, not for {self.encoder.name}",
        )
        for name, value in (
            ("finetuning.from_epoch", self.finetuning.from_epoch),
            ("finetuning.frozen", self.finetuning.frozen),
            ("self_critical.samples", self.self_critical.samples),
            ("distillation.weight", self.distillation.weight),
        ):
            _require(
                value == 0,
                f"{name} is for a run that trains a decoder; with recognition.min_count it has "
                f"none, so set it to 0, got {value}",
            )

    @property
    def recognises(self) -> bool:
        """Whether this run trains an encoder to name what it sees, and no decoder."""
        return self.recognition.min_count > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts and values, ready for JSON."""
        return asdict(self)


def load_config(
    path: Path | None, overrides: Sequence[str] = (), changes: Mapping[str, Any] = _NO_CHANGES
) -> Config:
    """Read a TOML file of settings, which are checked when all is laid over them.

    Args:
        path: none for the defaults.
        overrides: such as `"seed=3"`; they win over the file.
        changes: such as `{"encoder": {"image_size": 299}}`; they win over both.

    Raises:
        ConfigError: the file is missing or not TOML, or a setting is unknown or bad.
    """
    values = read_toml(path) if path else {}
    try:
        return from_dict(Config, overlay(apply_overrides(values, overrides), dict(changes)))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}" if path else str(error)) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of settings.

    Raises:
        ConfigError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config {path}: {error}") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or beyond Python's limits
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def overlay(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Lay changes over settings, section by section."""
    both = {**base, **changes}
    for key in base.keys() & changes.keys():
        if isinstance(base[key], dict) and isinstance(changes[key], dict):
            both[key] = overlay(base[key], changes[key])
    return both


def from_dict(cls: type[T], values: dict[str, Any], *, where: str = "") -> T:
    """Build a settings dataclass from plain values, nested ones included.

    Raises:
        ConfigError: a key is unknown (the nearest known one is named) or a value has a wrong type.
    """
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown setting {where + key!r}. {suggest(key, known)}")
    missing = [n for n, f in known.items() if n not in values and _has_no_default(f)]
    _require(not missing, f"missing setting {', '.join(where + name for name in missing)}")
    return cls(
        **{key: _convert(hints[key], value, where=where + key) for key, value in values.items()}
    )


def override(settings: T, changes: Mapping[str, Any]) -> T:
    """Give settings with some of them changed; a change that is None keeps what was set.

    The command line's options and Python's keyword arguments both come in here.

    Args:
        settings: a dataclass of plain values.

    Raises:
        ConfigError: a name is unknown, or a value is of a wrong type or out of range.
    """
    asked = {name: value for name, value in changes.items() if value is not None}
    kept = {f.name: getattr(settings, f.name) for f in fields(settings)}  # type: ignore[arg-type]
    return from_dict(type(settings), {**kept, **asked})


def _convert(hint: Any, value: Any, *, where: str) -> Any:
    if is_dataclass(hint):
        _require(isinstance(value, dict), f"{where} must be a section, got {value!r}")
        return from_dict(hint, value, where=f"{where}.")  # type: ignore[arg-type]
    if get_origin(hint) is UnionType:  # such as `Path | None`
        if value is None:
            return None
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
        return _convert(hint, value, where=where)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if get_origin(hint) is Literal:
        options = get_args(hint)
        _require(value in options, f"{where} must be one of {', '.join(options)}, got {value!r}")
        return value
    if get_origin(hint) is tuple:
        _require(isinstance(value, list | tuple), f"{where} must be a list, got {value!r}")
        return tuple(_convert(get_args(hint)[0], item, where=where) for item in value)
    if get_origin(hint) is dict:
        _require(isinstance(value, dict), f"{where} must be a section, got {value!r}")
        return value
    return _convert_plain(hint, value, where=where)


def _convert_plain(hint: Any, value: Any, *, where: str) -> Any:
    if hint in (int, float) and not isinstance(value, bool):  # NumPy's numbers too
        if isinstance(value, Integral):
            value = int(value)
        if hint is float and isinstance(value, Real):
            with suppress(OverflowError):  # no float is that large
                return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where} must be of type {hint.__name__}, got {value!r}")
    return value


def to_plain(settings: Any) -> dict[str, Any]:
    """Give a settings dataclass as JSON holds it: lists for tuples, text for paths."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return plain


def same_settings(found: Any, wanted: Any) -> bool:
    """Compare settings that were kept with those wanted; see `changed_settings`."""
    return not changed_settings(found, wanted)


def changed_settings(found: Any, wanted: Any) -> list[str]:
    """Name the settings whose values differ, such as `training.max_epochs (10, now 8)`.

    A setting that an older showtell did not know counts as its default, and one that only a newer
    one knows as changed.

    Args:
        found: as `to_plain` gave them when they were kept, perhaps by another version.
        wanted: a settings dataclass.
    """
    if not isinstance(found, dict):
        return [f"settings ({found!r}, now {to_plain(wanted)!r})"]
    with suppress(ConfigError):  # of a newer showtell
        found = to_plain(from_dict(type(wanted), found))
    return list(_changed(found, to_plain(wanted)))


def _changed(old: dict[str, Any], new: dict[str, Any], where: str = "") -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        ours, theirs = (_by_place(values.get(key, "not set")) for values in (old, new))
        if isinstance(ours, dict) and isinstance(theirs, dict):
            yield from _changed(ours, theirs, f"{where}{key}.")
        elif ours != theirs:
            yield f"{where}{key} ({ours}, now {theirs})"


def _by_place(value: Any) -> Any:
    """Give a list of sections as a section of its own, by number from 1."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return {str(number): item for number, item in enumerate(value, start=1)}
    return value


def apply_overrides(values: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Give settings with those changed that are written as `section.key=value`.

    Raises:
        ConfigError: one is not written so, or names a section that is none.
    """
    changed = deepcopy(values)
    for override in overrides:
        _apply_override(changed, override)
    return changed


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    _require(bool(equals), f"write a setting as section.key=value, got {override!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text.strip()  # a bare word is a string
    *sections, last = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        _require(isinstance(values, dict), f"{section} in {override!r} is not a section")
    values[last] = value


def _has_no_default(item: Any) -> bool:
    return item.default is MISSING and item.default_factory is MISSING
