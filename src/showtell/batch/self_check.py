"""Does a whole job look sound? What a person would notice who reads a thousand captions."""

from showtell.batch.memory import Memory

ENOUGH = 50  # different photos, to say anything
SAME = 1 / 3  # of the photos with one caption: the model sees nothing, or all photos are alike
LOW = 0.1  # a confidence that 6 of 1,000 captions of Flickr8k's val fall below
MOST = 0.5  # of the captions


def warnings(journal: Memory) -> list[str]:
    """Say what looks wrong with a job's captions; nothing if all looks well."""
    caption, count, photos = journal.commonest_caption()
    if photos < ENOUGH:
        return []
    found = []
    if count > SAME * photos:
        found.append(
            f"{count} of {photos} different photos got the same caption, {caption!r}: "
            "the photos are alike, or the model does not know what they show"
        )
    low, counted = journal.num_below(LOW)
    if counted and low > MOST * counted:
        found.append(
            f"{low} of {counted} captions have a confidence below {LOW}: these photos are not of "
            "the kind the model learned from (people and animals out of doors); "
            "--min-confidence keeps such captions out of sidecars"
        )
    return found
