"""The words in which captions claim a gender, a number or a colour. Fixed lists, lower case.

Sources: gender words are those of Hendricks et al. 2018, "Women also Snowboard"
(arXiv:1803.09797), with pronouns, family and the jobs that captions of Flickr8k hold; what to say
instead stands beside each. Colours are Berlin and Kay's eleven basic terms (1969), with others
that are common in Flickr8k's captions. The rest is our own.

What names nobody is no claim: *snowman*, *superman*, *human*. *King* and *queen* are left out, for
in captions they are mostly sizes of beds.
"""

from showtell.claims.inflect import plural
from showtell.claims.lists import word_set


def _with_plurals(ones: dict[str, str]) -> dict[str, str]:
    """Add "men": "people" to "man": "person"."""
    return ones | {plural(word): plural(instead) for word, instead in ones.items()}


# What says it of whom, and what says as much without the gender.
MALE = _with_plurals(
    {
        **dict.fromkeys(("man", "male", "guy", "gentleman", "dude"), "person"),
        **dict.fromkeys(("boy", "lad", "son"), "child"),
        **dict.fromkeys(("father", "dad", "daddy"), "parent"),
        **dict.fromkeys(("grandfather", "grandpa"), "grandparent"),
        **dict.fromkeys(("husband", "boyfriend"), "partner"),
        **dict.fromkeys(("uncle", "nephew"), "relative"),
        **dict.fromkeys(("cowboy", "horseman"), "rider"),
        **dict.fromkeys(("mailman", "postman"), "mail carrier"),
        "grandson": "grandchild",
        "brother": "sibling",
        "groom": "newlywed",
        "groomsman": "wedding guest",
        "prince": "royal",
        "schoolboy": "student",
        "policeman": "police officer",
        "fireman": "firefighter",
        "fisherman": "angler",
        "businessman": "businessperson",
        "salesman": "salesperson",
        "cameraman": "camera operator",
        "stuntman": "stunt performer",
        "sportsman": "athlete",
        "batsman": "batter",
        "baseman": "infielder",
        "swordsman": "fencer",
        "serviceman": "soldier",
        "workman": "worker",
    }
)
FEMALE = _with_plurals(
    {
        **dict.fromkeys(("woman", "female", "lady"), "person"),
        **dict.fromkeys(("girl", "lass", "daughter"), "child"),
        **dict.fromkeys(("mother", "mom", "mum", "mommy"), "parent"),
        **dict.fromkeys(("grandmother", "grandma"), "grandparent"),
        **dict.fromkeys(("wife", "girlfriend"), "partner"),
        **dict.fromkeys(("aunt", "niece"), "relative"),
        **dict.fromkeys(("ballerina", "showgirl"), "dancer"),
        "granddaughter": "grandchild",
        "sister": "sibling",
        "bride": "newlywed",
        "bridesmaid": "wedding guest",
        "princess": "royal",
        "schoolgirl": "student",
        "actress": "actor",
        "waitress": "server",
        "policewoman": "police officer",
        "businesswoman": "businessperson",
        "sportswoman": "athlete",
        "cowgirl": "rider",
    }
)
MALE_PRONOUNS = frozenset(("he", "him", "his", "himself"))
FEMALE_PRONOUNS = frozenset(("she", "her", "hers", "herself"))
# "Men's team": written without the apostrophe they are one token.
MALE_PLURAL_OWNERS = frozenset(("mens",))
FEMALE_PLURAL_OWNERS = frozenset(("womens",))

# They are nouns and adjectives: "a male", "a male surfer".
GENDER_ADJECTIVES = frozenset(("male", "female"))
# "A cowboy hat", "a man made lake", "a ladybug": of no person. Word -> what follows it there.
NO_PERSON_BEFORE = {
    **dict.fromkeys(
        ("cowboy", "cowgirl", "cowboys"), frozenset(("hat", "hats", "boot", "boots", "style"))
    ),
    "man": frozenset(("made", "hole")),
    "lady": frozenset(("bug", "bugs")),
    "princess": frozenset(("costume", "cake", "bed")),
}

NUMBERS = {
    **{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12},
}
# What stands for a number without claiming it as loudly: "a couple of dogs".
ALSO_TWO = frozenset(("couple", "pair", "both", "twins"))
NUMBER_WORDS = {number: word for word, number in NUMBERS.items()}

BASIC_COLOURS = word_set("black white red green yellow blue brown orange pink purple gray")
COLOURS = {
    word: word
    for word in BASIC_COLOURS
    | word_set("tan beige gold silver maroon teal turquoise violet magenta")
} | {"grey": "gray", "golden": "gold"}
SHADES = word_set("light dark bright pale deep neon hot")  # "light blue"
# "White water", "orange juice", "golden retriever": names, not colours. Colour -> what follows.
NO_COLOUR_BEFORE = {
    "white": frozenset(("water", "waters")),
    "black": frozenset(("board", "boards")),
    "golden": frozenset(("retriever", "retrievers", "gate", "lab", "labrador")),
    "gold": frozenset(("medal", "medals")),
    "silver": frozenset(("medal", "medals", "ware")),
    "orange": frozenset(("juice", "slice", "slices", "peel", "peels", "tree", "trees")),
    "tan": frozenset(("line", "lines")),
}

# Words that no noun phrase goes on with: what comes before one ends there.
FUNCTION_WORDS = word_set(
    "a an the this that these those which who whom whose what where when while as because if so "
    "and or but nor than then in on at of by with without from to into onto in upon off over "
    "under above below beneath behind beside besides between among amongst around about across "
    "through throughout along alongside against toward towards near next during before after "
    "inside outside within up down out away back forward past like for is are was were be been "
    "being am has have had having do does did can could will would may might must should not "
    "n't 's 're 've 'll 'd 'm it its they them their theirs he him his she her hers i you we us "
    "my your our himself herself itself themselves each every there here also just very too "
    "together apart while both all another some any no only"
)

# What people and animals do in captions, where it could be taken for a thing: "in red jumps".
VERBS = word_set(
    "walk run play jump sit stand hold ride look watch fight stretch pose compete lie lay lean "
    "climb swim surf ski skate throw catch hit kick dance sing talk smile laugh eat drink wait "
    "work move perform race chase wrestle fly fall slide swing dive splash crouch kneel squat "
    "bend point wave read drive pull push carry go come get make take do bat pitch bowl rest "
    "sleep gather march attempt try prepare tackle wade skateboard snowboard bike cycle paddle "
    "row sail fish hike jog leap dig bite chew lick sniff shake bark hug kiss share give help "
    "grab reach use wear walk see check cook serve clap cheer celebrate practice practise perch "
    "hang spin roll speak scream yell"
)
