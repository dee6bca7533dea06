import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from showtell.config import (
    BeamConfig,
    Config,
    DecoderConfig,
    EncoderConfig,
    TrainingConfig,
    from_dict,
    load_config,
)
from showtell.errors import ConfigError

CONFIGS_DIR = Path(__file__).parent.parent / "configs"


@pytest.fixture
def load(tmp_path):
    """Load a configuration from TOML text."""

    def load(text, *overrides):
        path = tmp_path / "run.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return load


# What is read


def test_an_empty_file_gives_the_defaults(load):
    assert load("") == Config()


def test_settings_in_the_file_replace_the_defaults(load):
    config = load("name = 'mine'\n[decoder]\nhidden_dim = 512\n[encoder]\nfeatures = 'grid'")
    assert config.name == "mine"
    assert config.decoder == DecoderConfig(hidden_dim=512)
    assert config.encoder == EncoderConfig(features="grid")
    assert config.training == TrainingConfig()


# Studies and recipes.
OTHER_FILES = ("study.toml", "encoders.toml", "flagship.toml", "first-flagship.toml")
RUNS = [path for path in sorted(CONFIGS_DIR.glob("*.toml")) if path.name not in OTHER_FILES]


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
def test_the_published_configurations_load_under_their_own_names(path):
    assert load_config(path).name == path.stem


def test_a_whole_number_is_accepted_for_a_float_and_becomes_one(load):
    rate = load("[training]\nlearning_rate = 1").training.learning_rate
    assert rate == 1.0
    assert isinstance(rate, float)


positive = st.floats(min_value=1e-9, max_value=1e9)
count = st.integers(1, 10**6)
configs = st.builds(
    Config,
    name=st.from_regex(r"[a-z0-9][a-z0-9._-]*", fullmatch=True),
    seed=st.integers(0, 2**32 - 1),
    encoder=st.builds(
        EncoderConfig,
        name=st.text(),
        image_size=st.integers(32, 1024),
        features=st.sampled_from(["pooled", "grid"]),
        mean=st.sampled_from([(), (1.0, 2.0, 3.0)]),
        std=st.sampled_from([(), (0.5, 1.0, 255.0)]),
    ),
    decoder=st.builds(
        DecoderConfig,
        architecture=st.text(),
        embedding_dim=count,
        hidden_dim=count,
        image_dropout=st.floats(0, 1, exclude_max=True),
    ),
    training=st.builds(
        TrainingConfig,
        min_count=count,
        batch_size=count,
        learning_rate=positive,
        schedule=st.sampled_from(["constant", "cosine"]),
        clip_norm=positive,
        max_epochs=count,
        patience=count,
        checkpoint_every_s=st.floats(0, 1e9),
    ),
    decoding=st.builds(
        BeamConfig,
        beam_size=st.integers(1, 1000),
        max_length=st.integers(1, 1000),
        length_penalty=st.floats(0, 10),
    ),
)


@given(configs)
def test_a_configuration_survives_json(config):
    assert from_dict(Config, json.loads(json.dumps(config.to_dict()))) == config


# Overrides


def test_an_override_wins_over_the_file(load):
    config = load("[training]\nmax_epochs = 9\npatience = 4", "training.max_epochs=3")
    assert config.training == TrainingConfig(max_epochs=3, patience=4)


def test_the_last_of_two_overrides_wins(load):
    assert load("", "seed=2", "seed=3").seed == 3


@pytest.mark.parametrize("override", ["name=tiny", "name='tiny'", 'name = "tiny"', "name= tiny "])
def test_a_word_in_an_override_may_be_quoted_or_not(load, override):
    assert load("", override).name == "tiny"


def test_an_override_may_hold_an_equals_sign(load):
    assert load("", "decoder.architecture=a=b").decoder.architecture == "a=b"


def test_an_override_without_an_equals_sign_is_refused_with_the_right_form(load):
    with pytest.raises(ConfigError, match=r"section\.key=value, got 'training\.patience'"):
        load("", "training.patience")


def test_an_override_below_a_setting_that_is_no_section_is_refused(load):
    with pytest.raises(ConfigError, match=r"seed in 'seed\.high=1' is not a section"):
        load("seed = 1", "seed.high=1")


# Refusals


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sede=1", "unknown setting 'sede'. Did you mean 'seed'?"),
        ("decodng.beam_size=1", "unknown setting 'decodng'. Did you mean 'decoding'?"),
        (
            "training.learning_rat=1",
            "unknown setting 'training.learning_rat'. Did you mean 'learning_rate'?",
        ),
        (
            "encoder.colour=1",
            "unknown setting 'encoder.colour'. Known: name, image_size, features, weights, output, "
            "mean, std.",
        ),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_known_one(load, override, message):
    with pytest.raises(ConfigError) as caught:
        load("", override)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=1.0", "seed must be of type int, got 1.0"),
        ("seed=true", "seed must be of type int, got True"),
        ("name=1", "name must be of type str, got 1"),
        ("name=[]", "name must be of type str, got []"),
        ("training.clip_norm=false", "training.clip_norm must be of type float, got False"),
        ("training.clip_norm='big'", "training.clip_norm must be of type float, got 'big'"),
        ("training.min_count=", "training.min_count must be of type int, got ''"),
        (f"training.clip_norm=1{'0' * 400}", "training.clip_norm must be of type float, got 10"),
        ("encoder=3", "encoder must be a section, got 3"),
        ("encoder=[{}]", "encoder must be a section, got [{}]"),
        ("encoder.features=both", "encoder.features must be one of pooled, grid, got 'both'"),
        ("encoder.features=[]", "encoder.features must be one of pooled, grid, got []"),
        ("training.schedule=1", "training.schedule must be one of constant, cosine, got 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_setting_and_the_right_kind(
    load, override, message
):
    with pytest.raises(ConfigError) as caught:
        load("", override)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=-1", "seed must be between 0 and 2**32 - 1, got -1"),
        ("seed=4294967296", "seed must be between 0 and 2**32 - 1, got 4294967296"),
        ("name=''", "name must be letters, digits, '-', '_' and '.', got ''"),
        ("name='..'", "name must be letters, digits, '-', '_' and '.', got '..'"),
        ("name='../up'", "name must be letters, digits, '-', '_' and '.', got '../up'"),
        ("encoder.image_size=31", "image_size must be at least 32 pixels, got 31"),
        ("encoder.mean=[1, 2]", "mean must be 3 numbers, got (1.0, 2.0)"),
        ("encoder.std=[1, 2, 0]", "std must be 3 numbers above 0, got (1.0, 2.0, 0.0)"),
        ("encoder.output=map", "output is a setting of onnx:, not of efficientnet-lite2"),
        ("decoder.embedding_dim=0", "embedding_dim must be positive, got 0"),
        ("decoder.hidden_dim=0", "hidden_dim must be positive, got 0"),
        ("decoder.image_dropout=1", "image_dropout must be in [0, 1), got 1.0"),
        ("decoder.image_dropout=-0.1", "image_dropout must be in [0, 1), got -0.1"),
        ("decoder.image_dropout=nan", "image_dropout must be in [0, 1), got nan"),
        ("decoder.concept_places=[2,-1]", "concept_places must not be negative, got (2, -1)"),
        ("decoder.concept_dropout=1", "concept_dropout must be in [0, 1), got 1.0"),
        ("training.min_count=0", "min_count must be at least 1, got 0"),
        ("training.batch_size=0", "batch_size must be at least 1, got 0"),
        ("training.max_epochs=0", "max_epochs must be at least 1, got 0"),
        ("training.patience=0", "patience must be at least 1, got 0"),
        ("training.learning_rate=0", "learning_rate must be above 0 and finite, got 0.0"),
        ("training.learning_rate=nan", "learning_rate must be above 0 and finite, got nan"),
        ("training.clip_norm=-1", "clip_norm must be above 0 and finite, got -1.0"),
        ("training.views=0", "views must be at least 1, got 0"),
        ("training.concept_noise=-1", "concept_noise must be finite and not negative, got -1.0"),
        ("text.min_count=0", "min_count must be at least 1, got 0"),
        ("text.draws=0", "draws must be at least 1, got 0"),
        ("text.sentences=-1", "sentences must not be negative, got -1"),
        ("text.shown=1.1", "shown must be in [0, 1], got 1.1"),
        ("text.temperature=inf", "temperature must be finite and not negative, got inf"),
        ("training.checkpoint_every_s=-1", "checkpoint_every_s must not be negative, got -1.0"),
        ("training.checkpoint_every_s=nan", "checkpoint_every_s must not be negative, got nan"),
        ("decoding.beam_size=0", "beam_size must be between 1 and 1000, got 0"),
        ("decoding.max_length=0", "max_length must be between 1 and 1000, got 0"),
        ("decoding.max_length=1001", "max_length must be between 1 and 1000, got 1001"),
        ("decoding.length_penalty=-0.1", "length_penalty must be between 0 and 10, got -0.1"),
        ("decoding.length_penalty=nan", "length_penalty must be between 0 and 10, got nan"),
        ("decoding.length_penalty=inf", "length_penalty must be between 0 and 10, got inf"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_setting_the_range_and_the_value(
    load, override, message
):
    with pytest.raises(ConfigError) as caught:
        load("", override)
    assert message in str(caught.value)


def test_a_refusal_names_the_file(load, tmp_path):
    with pytest.raises(ConfigError) as caught:
        load("sede = 1")
    assert str(caught.value).startswith(f"{tmp_path / 'run.toml'}: ")


def test_a_value_is_checked_again_when_replaced():
    with pytest.raises(ConfigError, match="beam_size"):
        replace(BeamConfig(), beam_size=0)


def test_a_byte_order_mark_before_the_settings_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("seed = 7", encoding="utf-8-sig")
    assert load_config(tmp_path / "own.toml").seed == 7


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read the config .*absent\.toml"):
        load_config(tmp_path / "absent.toml")


def test_a_folder_is_not_a_configuration(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the config"):
        load_config(tmp_path)


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"cannot read the config .*latin\.toml.*utf-8"):
        load_config(path)


@pytest.mark.parametrize(
    "text",
    [
        "seed",
        "seed = ",
        "seed = 1\nseed = 2",
        "[training\n",
        "name = 1999-99-99",
        pytest.param(f"seed = {'9' * 5000}", id="too many digits"),
        pytest.param(f"seed = {'[' * 5000}", id="too deep"),
    ],
)
def test_bad_toml_is_refused_as_such(load, text):
    with pytest.raises(ConfigError, match=r"run\.toml is not valid TOML: "):
        load(text)


# Anything at all

known = [
    f"{name}.{key}" if isinstance(value, dict) else name
    for name, value in Config().to_dict().items()
    for key in (value if isinstance(value, dict) else [name])
]
keys = st.sampled_from([*known, "seeds", "encoder", "training.seed", "name.x"])
VALUES = [
    *("0", "-1", "64", "0.5", "1e400", "nan", "-inf", "true", "0xffffffffffffffffff"),
    *("''", "'grid'", "'cosine'", "'\\'", "[]", "[[1], {}]", "{}", "{name = 'x'}", "1979-05-27"),
]
values = st.sampled_from(VALUES) | st.integers().map(str)
settings_text = st.dictionaries(keys, values, max_size=4).map(
    lambda chosen: "\n".join(f"{key} = {value}" for key, value in chosen.items())
)
overrides = st.tuples(keys | st.text(), values | st.text()).map("=".join) | st.text()


@pytest.fixture(scope="module")
def scratch_path(tmp_path_factory):
    return tmp_path_factory.mktemp("config") / "run.toml"


@given(
    settings_text.map(str.encode) | st.text().map(str.encode) | st.binary(),
    st.lists(overrides, max_size=2),
)
@settings(max_examples=300)
@example(b"", [f"seed={'9' * 5000}"])
@example(b"", [f"training.clip_norm={'9' * 400}"])
@example(b"", [f"seed={'[' * 5000}"])
def test_any_file_is_a_configuration_or_a_config_error(scratch_path, content, overrides):
    scratch_path.write_bytes(content)
    try:
        config = load_config(scratch_path, tuple(overrides))
    except ConfigError:
        return
    assert from_dict(Config, config.to_dict()) == config


def test_an_onnx_encoder_takes_no_other_weights_than_its_own(load):
    with pytest.raises(ConfigError, match="an onnx: encoder has its own"):
        load("", "encoder.name=onnx:b.onnx", "encoder.weights=random")


def test_neutral_words_are_in_the_signature_and_change_nothing_of_the_search() -> None:
    plain, neutral = BeamConfig(), BeamConfig(neutral=True)
    assert neutral.conditions() == {**plain.conditions(), "neutral": "yes"}
    assert "neutral" not in plain.conditions()
    assert neutral.finds_the_same_as(plain)
    assert not neutral.finds_the_same_as(BeamConfig(beam_size=5))


def test_caution_is_in_the_signature_and_changes_nothing_of_the_search() -> None:
    plain, cautious = BeamConfig(), BeamConfig(cautious=True)
    assert cautious.conditions() == {**plain.conditions(), "cautious": "yes"}
    assert cautious.finds_the_same_as(plain)


def test_the_chooser_is_in_the_signature_and_finds_other_captions() -> None:
    plain, chooser = BeamConfig(), BeamConfig(chooser=True)
    assert chooser.conditions() == {**plain.conditions(), "chooser": "yes"}
    assert not chooser.finds_the_same_as(plain)


def test_two_ways_to_rank_are_refused() -> None:
    with pytest.raises(ConfigError, match="consensus and chooser both rank"):
        BeamConfig(chooser=True, consensus=4.0)


@pytest.mark.parametrize("setting", ["chooser", "cautious"])
def test_a_run_has_neither_chooser_nor_caution(setting: str) -> None:
    with pytest.raises(ConfigError, match="are for bundles: `showtell calibrate` sets them"):
        from_dict(Config, {"decoding": {setting: True}})


def test_a_search_for_photos_unseen_needs_a_decoder_that_looks_at_concepts() -> None:
    decoding = {"unseen": True}
    looking = {"architecture": "topdown", "concept_places": [3]}
    assert from_dict(Config, {"decoding": decoding, "decoder": looking}).decoding.unseen
    with pytest.raises(ConfigError, match=r"set decoder\.concept_places"):
        from_dict(Config, {"decoding": decoding})


def test_the_signature_tells_of_a_second_search() -> None:
    assert "unseen" not in BeamConfig().conditions()
    assert BeamConfig(unseen=True).conditions()["unseen"] == "too"


LOOKING = "[decoder]\narchitecture = 'topdown'\nconcept_places = [3]\n"


def test_a_text_is_for_decoders_that_look_at_concepts(load):
    assert load(LOOKING, "text.sentences=640").text.sentences == 640
    with pytest.raises(ConfigError, match=r"text\.sentences is for decoders that look at concepts"):
        load("", "text.sentences=640")


def test_fewer_sentences_than_a_batch_are_refused(load):
    assert load(LOOKING, "text.sentences=64").text.sentences == 64
    with pytest.raises(ConfigError, match=r"less than training\.batch_size, so none would be read"):
        load(LOOKING, "text.sentences=63")


def test_an_encoder_whose_concepts_are_looked_at_learns_in_a_stage_of_its_own(load):
    with pytest.raises(ConfigError, match=r"stage with recognition\.min_count"):
        load(LOOKING, "finetuning.from_epoch=1")


def test_the_settings_of_a_run_from_before_texts_are_read():
    old = Config().to_dict()
    del old["text"], old["training"]["views"], old["training"]["concept_noise"]
    del old["decoder"]["concept_places"], old["decoder"]["concept_dropout"]
    assert from_dict(Config, json.loads(json.dumps(old))) == Config()
