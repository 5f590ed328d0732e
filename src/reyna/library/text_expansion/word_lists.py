"""Word lists: pronouns, and words without a meaning of their own."""

from typing import Final


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of four letters or more that carry no meaning of their own.
FUNCTION_WORDS: Final = _word_set(
    "into with that from this they them their have been were when what will would could should there then than also "
    "about just very only over some your which while after before again more most much such like upon onto "
    "nicht eine einen einem einer sich aber auch noch dass wenn oder wird werden wurde sein seine ihre dans avec pour "
    "mais cette para como pero"
)
# Pronouns of a narrator, and of a reader who is spoken to.
FIRST_PERSON: Final = _word_set(
    "i i'm i've i'll i'd me my mine myself we we're we've we'll us our ours ich mich mir mein meine meinen meiner wir "
    "uns unser unsere je nous yo nosotros"
)
SECOND_PERSON: Final = _word_set("you you're you've you'll your yours yourself du dich dir dein deine")
