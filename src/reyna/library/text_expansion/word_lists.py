"""Word lists: small words by language, pronouns, abbreviations, and words that give a text its tone."""

from typing import Final


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that end with a full stop and do not end a sentence.
ABBREVIATIONS: Final = _word_set(
    "mr mrs ms dr prof st vs etc e.g i.e no fig jr sr inc ltd co approx dept est vol z.b d.h u.a bzw ca usw nr str"
)
# Small words by language, by which a text's language is detected.
FREQUENT_WORDS: Final = {
    "English": _word_set("the and of to was his her with that for it had were from they she he are this but"),
    "German": _word_set("der die das und ist nicht ein eine den dem mit auf war sich von zu es im sie er aber so"),
    "French": _word_set("le la les et des est une dans que qui pas pour sur avec elle il était du au ne"),
    "Spanish": _word_set("el los las y es una que en con por para del se su como era pero más no al"),
    "Italian": _word_set("il gli e di che una per con non era della nel sono si ma come più alla del un"),
    "Dutch": _word_set("de het een en van is dat niet met op voor zijn haar maar ook aan er bij naar was"),
    "Portuguese": _word_set("o os e uma que não com por para do da em era mas seu sua como mais ao um"),
}
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
# Tone; English only.
WARM_WORDS: Final = _word_set(
    "love loved loving smile smiled warm warmth gentle gently kind kindness friend friends hug hugged together happy "
    "tender thank thanks dear laugh laughed laughter joy welcome comfort cosy cozy home heart"
)
TENSE_WORDS: Final = _word_set(
    "fear feared afraid scream screamed dark darkness storm danger dangerous blood dead death die died kill killed gun "
    "panic threat threatened trembled trembling shouted desperate desperately broke thunder enemy alarm hunted "
    "suddenly"
)
