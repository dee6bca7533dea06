"""From a model's tokens to the sentence that a person reads."""

from showtell.claims.generalise import generalise
from showtell.text import detokenize


def sentence(tokens: list[str], *, neutral: bool) -> str:
    """Write tokens as a sentence, one that names no gender if it is to be neutral.

    >>> sentence(["a", "man", "walks", "his", "dog"], neutral=True)
    'A person walks their dog.'
    """
    return detokenize(generalise(tokens, ["gender"]) if neutral else tokens)
