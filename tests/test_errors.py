import pytest

from showtell import errors
from showtell.errors import ShowtellError

EVERY_ERROR = ShowtellError.__subclasses__()


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: error.__name__)
def test_the_drawn_tree_holds_every_error_with_its_meaning(error):
    drawn = {
        name: meaning
        for name, meaning in (
            line.split("── ")[1].split(maxsplit=1)
            for line in errors.__doc__.splitlines()
            if "── " in line
        )
    }
    meaning = error.__doc__.removesuffix(".")
    assert drawn[error.__name__] == meaning[0].lower() + meaning[1:]


def test_the_drawn_tree_holds_nothing_else():
    assert errors.__doc__.count("── ") == len(EVERY_ERROR)


def test_one_thing_is_counted_without_an_s():
    assert [errors.counted(n, "val image") for n in (0, 1, 2)] == [
        "0 val images",
        "1 val image",
        "2 val images",
    ]
