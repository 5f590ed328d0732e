"""Detection of the language of a text by its most frequent small words."""

import re
from collections import Counter
from typing import Final


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


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
ALL_FREQUENT_WORDS: Final = frozenset[str]().union(*FREQUENT_WORDS.values())
MIN_HITS: Final = 2  # small words in a text whose language is clear


def detect_language(text: str) -> str | None:
    """Returns the English name of the language with most of its small words in the text, None when it is not clear."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = Counter(filter(ALL_FREQUENT_WORDS.__contains__, words))
    hits = sorted(
        ((sum(counts[word] for word in counts.keys() & common), name) for name, common in FREQUENT_WORDS.items()),
        reverse=True,
    )
    clear = hits[0][0] >= MIN_HITS and hits[0][0] > hits[1][0]
    return hits[0][1] if clear else None


def changes_language(sentence: str, source: str) -> bool:
    """Returns True when both languages are clear, and they differ."""
    now, before = detect_language(sentence), detect_language(source)
    return now is not None and before is not None and now != before
