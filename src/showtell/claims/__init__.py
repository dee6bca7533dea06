"""What captions claim of people, numbers and colours, and how to say less. Knows nothing of models.

Everything here reads and gives tokens as `showtell.text.tokenize` makes them.
"""

from showtell.claims.find import Claim, Kind, find_claims
from showtell.claims.generalise import generalise
from showtell.claims.main_thing import main_thing, named_things
from showtell.claims.sentence import saying_no_gender, sentence, without_new_repeats

__all__ = [
    "Claim",
    "Kind",
    "find_claims",
    "generalise",
    "main_thing",
    "named_things",
    "saying_no_gender",
    "sentence",
    "without_new_repeats",
]
