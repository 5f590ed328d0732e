"""What a model wrote, without what it should not have written: pure rules, a question or a result each."""

# ruff: noqa: RUF001 - quotes and dashes of several languages are what this is about
import re
from collections.abc import Iterable, Sequence
from typing import Final

from reyna.library import prose

THINKING: Final = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
TAGS: Final = re.compile(r"<\|[^|<>]{1,40}\|>")
FENCE: Final = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
HEADING: Final = re.compile(r"^\s{0,3}#{1,6}\s+.*$|^\s*\*\*[^*\n]{1,80}\*\*:?\s*$|^\s*(?:[-*_]\s*){3,}$", re.MULTILINE)
BULLET: Final = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+", re.MULTILINE)
EMPHASIS: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1|(?<!\w)([*_])(?=\S)([^*_\n]+?)(?<=\S)\3(?!\w)")
PREAMBLE: Final = re.compile(
    r"^\s*(?:(?:sure|certainly|of course|absolutely|okay|gladly|gerne|natürlich|voici|claro)\b[^.!:\n]{0,80}[.!:,]\s*"
    r"|(?:(?:here|below)(?:'s| is| are)|this is|hier ist|hier sind|the following)\b[^.!\n]{0,120}:\s*"
    r"|(?:expanded|longer|revised|rewritten|detailed|original|new)\s+(?:text|version|passage|prose|note)s?\s*:\s*"
    r"|(?:text|story|passage|prose|answer|output|assistant)\s*:\s*)+",
    re.IGNORECASE,
)
AFTERWORD: Final = re.compile(
    r"^(?:\(?(?:word count|words)\b.*|(?:please )?let me know\b.*|(?:i )?hope (?:this|that)\b.*|feel free\b.*"
    r"|note:.*|\*?note that\b.*|would you like\b.*|if you(?:'d| would) like\b.*)$",
    re.IGNORECASE,
)
WRAPPED: Final = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("'", "'"))
# how a small model talks about the text instead of telling it
ABOUT_ITSELF: Final = re.compile(
    r"\b(?:(?:this|the|that|your|my|original|following|given|first|last|next|new|each) "
    r"(?:text|sentence|sentences|phrase|passage|paragraph|prompt|narrator|narrative|excerpt|word|words|writer|author|"
    r"reader|language|story|tone|version|instructions?|translation)\b(?! (?:on|of mouth))"
    r"|as an ai|language model|creative writing|writing style|metaphor\w*|idiom\w*|figurative|imagery|literary|"
    r"literature|cliché\w*|storytelling|in this (?:context|sentence|case|scene)|rephrase\w*|rewrit\w+|"
    r"translates? (?:to|as)|"
    r"i(?:'m| am) (?:here|happy|glad|ready|excited|sorry|sure)\b|i(?:'ll| will) (?:help|rephrase|try to)|help you with|"
    r"feel free|let me know|short story|grammatical\w*|more details?:)",
    re.IGNORECASE,
)
FIRST: Final = prose.listed(
    "i i'm i've i'll i'd me my mine myself we we're we've we'll us our ours ich mich mir mein meine meinen meiner wir "
    "uns unser unsere je nous yo nosotros"
)
SECOND: Final = prose.listed("you you're you've you'll your yours yourself du dich dir dein deine")
QUOTED: Final = re.compile(r'"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»')
COMMON: Final = {  # a language by its most frequent small words
    "English": prose.listed("the and of to was his her with that for it had were from they she he are this but"),
    "German": prose.listed("der die das und ist nicht ein eine den dem mit auf war sich von zu es im sie er aber so"),
    "French": prose.listed("le la les et des est une dans que qui pas pour sur avec elle il était du au ne"),
    "Spanish": prose.listed("el los las y es una que en con por para del se su como era pero más no al"),
    "Italian": prose.listed("il gli e di che una per con non era della nel sono si ma come più alla del un"),
    "Dutch": prose.listed("de het een en van is dat niet met op voor zijn haar maar ook aan er bij naar was"),
    "Portuguese": prose.listed("o os e uma que não com por para do da em era mas seu sua como mais ao um"),
}
SUBORDINATE: Final = re.compile(
    r"[\"“„]?(?:as|when|while|if|because|though|although|after|before|since|until|with|in|als|wenn|weil|während)\b",
    re.IGNORECASE,
)  # what begins so is no sentence without its second half
LIGHT: Final = prose.listed(
    "into with that from this they them their have been were when what will would could should there then than also "
    "about just very only over some your which while after before again more most much such like upon onto "
    "nicht eine einen einem einer sich aber auch noch dass wenn oder wird werden wurde sein seine ihre dans avec pour "
    "mais cette para como pero"
)
STEM: Final = 6  # letters of a word that count when two are compared: "thunder" and "thunderous" are the same
SAME: Final = 0.65  # of a sentence's weighty words were there before: it says nothing new
NAMES_LOOP: Final = 3  # times a weighty word may stand in one sentence


# --- a whole answer ---


def cleaned(answer: str) -> str:
    """The prose of an answer: no thinking, tags, fences, preamble, headings, bullets, emphasis or afterword, nor quotes
    around all of it. Paragraphs stay."""
    text = FENCE.sub("", TAGS.sub("", THINKING.sub("", answer)))
    text = EMPHASIS.sub(lambda found: found[2] or found[4], BULLET.sub("", HEADING.sub("", text)))
    text = without_afterword(PREAMBLE.sub("", text, count=1).strip())
    return re.sub(r"\n{3,}", "\n\n", unwrapped(text)).strip()


def unwrapped(text: str) -> str:
    """Without the quotes that stand around all of it; quotes inside stay."""
    for before, after in WRAPPED:
        inner = text[len(before) : -len(after)]
        if len(text) > 2 and text.startswith(before) and text.endswith(after) and before not in inner:
            return inner.strip()
    return text


def without_afterword(text: str) -> str:
    """Without closing lines that speak to the user."""
    lines = text.rstrip().splitlines()
    while len(lines) > 1 and (not lines[-1].strip() or AFTERWORD.match(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines)


def finished(text: str) -> str:
    """Up to the end of its last whole sentence; all of it when there is none."""
    lines = text.rstrip().splitlines()
    while lines:
        whole = prose.sentences(lines[-1])
        if whole and not prose.is_finished(whole[-1]):
            whole.pop()
        if whole:
            return "\n".join([*lines[:-1], " ".join(whole)])
        lines.pop()
    return text.strip()


def may_be_preamble(beginning: str) -> bool:
    """Whether these first words of an answer could still turn out to be a preamble, and should not be shown yet."""
    return len(beginning) < 24 or (PREAMBLE.match(beginning + ":") is not None and "\n" not in beginning)


# --- one sentence ---


def weighty(text: str) -> set[str]:
    """The words that carry meaning: four letters or more, or with a digit, and not among the small words of four or
    five letters; compared by their first six letters."""
    spoken = _spoken(text)
    numbered = {word for word in spoken if any(sign.isdigit() for sign in word)}
    return numbered | {word[:STEM] for word in spoken if len(word) >= 4 and word not in LIGHT and word not in numbered}


def is_repetition(sentence: str, earlier: Iterable[str]) -> bool:
    """Whether an earlier sentence said (nearly) the same, or all of an earlier one is in it again."""
    said, plain = weighty(sentence), _plain(sentence)
    for other in earlier:
        before = weighty(other)
        if plain == _plain(other):
            return True
        shared = len(said & before)
        if len(said) >= 2 and shared >= SAME * len(said):
            return True
        if len(before) >= 3 and shared >= 0.8 * len(before):
            return True
    return False


def loops(sentence: str, source: str = "") -> bool:
    """Whether it goes round in circles: three words in a row twice, or a weighty word more than three times, and not
    because the source does."""
    spoken = _spoken(sentence)
    threes = _threes(spoken)
    if any(threes.count(three) > 1 for three in set(threes) - set(_threes(_spoken(source)))):
        return True
    heavy = [word for word in spoken if len(word) >= 4]
    return any(heavy.count(word) > NAMES_LOOP for word in set(heavy))


def _spoken(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _threes(spoken: list[str]) -> list[tuple[str, str, str]]:
    return list(zip(spoken, spoken[1:], spoken[2:], strict=False))


def is_about_itself(sentence: str, source: str) -> bool:
    """Whether it speaks about the text or to the user, and the source does not."""
    found = ABOUT_ITSELF.search(sentence)
    return found is not None and found[0].lower() not in source.lower()


def changes_narrator(sentence: str, source: str) -> bool:
    """Whether it says "I" or "you", outside quotations, where the source does not (English and German)."""
    told, before = _unquoted(sentence), _unquoted(source)
    return any(told & person and not before & person for person in (FIRST, SECOND))


def begins_alike(sentence: str, earlier: Sequence[str]) -> bool:
    """Whether two of the last six sentences begin with the same two words."""
    opening = _plain(sentence).split()[:2]
    return sum(_plain(other).split()[:2] == opening for other in earlier[-6:]) >= 2


def language_of(text: str) -> str | None:
    """The English name of the language whose small words are the most here; None when that is not clear."""
    spoken = re.findall(r"[^\W\d_]+", text.lower())
    hits = sorted(((sum(word in common for word in spoken), name) for name, common in COMMON.items()), reverse=True)
    clear = hits[0][0] >= 2 and hits[0][0] > hits[1][0]
    return hits[0][1] if clear else None


def changes_language(sentence: str, source: str) -> bool:
    now, before = language_of(sentence), language_of(source)
    return now is not None and before is not None and now != before


def key_words_kept(text: str, source: str) -> float:
    """The share of the source's weighty words (0 to 1) that are in the text; 1 when it has none."""
    wanted = weighty(source)
    return len(wanted & weighty(text)) / len(wanted) if wanted else 1.0


def shortened(sentence: str, most: int) -> str | None:
    """The sentence up to a comma, semicolon or dash, of at most so many words, with a full stop; None without."""
    best = None
    if SUBORDINATE.match(sentence):
        return None
    for mark in re.finditer(r"[,;:]\s|\s[—–-]\s", sentence):
        head = sentence[: mark.start()]
        if 4 <= prose.count(head) <= most and not prose.is_open(head):
            best = head
    return f"{best.rstrip()}." if best else None


def _plain(sentence: str) -> str:
    return " ".join(_spoken(sentence))


def _unquoted(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+(?:'[a-z]+)?", QUOTED.sub(" ", text).lower().replace("’", "'")))
