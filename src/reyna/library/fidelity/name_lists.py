"""Word lists: common given names, forms of address, and capitalised words that are no names."""

from typing import Final

from reyna.domain.text.folding import fold


def _word_set(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split())


# Given names that models like to invent, of English, German, Spanish and French.
GIVEN_NAMES: Final = _word_set(
    "aaron adam adele adrian agnes alan albert alejandro alex alexander alexandra alfred alice alicia alina "
    "amanda amelia ana andrea andreas andrew angela anna anne annika anton antonio arthur ava barbara beatrice "
    "ben benjamin bernard bernd birgit brian camille carla carlos carmen caroline catherine cecilia charles "
    "charlotte chloe chris christian christina christine christopher claire claude claudia colin dan daniel "
    "daniela david deborah diana diego dieter dominik donald dorothy edgar edith edward eleanor elena eliza "
    "elizabeth ella ellen elsa emil emily emma eric erik ernst ethan eva evelyn felipe felix fernando fiona "
    "florian francesca francis francisco franz fred frederick friedrich gabriel gabriela george gerald "
    "gerhard gertrud gilbert gisela greta gustav hannah hans harold harriet harry heidi heinrich helen "
    "helena helga henri henry hermann hugo ian ines ingrid irene isaac isabel isabella ivan jacob jacques "
    "jakob james jane janet jason javier jean jeanne jennifer jeremy jessica joan joanna johann johannes john "
    "jonas jonathan jorge jose josef joseph josephine juan juana judith julia julian juliana julien juliette "
    "karin karl katharina katherine katrin kevin klara klaus konrad kurt larry laura lauren leo leon leonard lena "
    "lillian linda lisa louis louise lucas lucia lucy luis lukas madeleine magdalena manfred manuel marcel "
    "marcus margaret margarita maria mariana marianne marie mario marion markus martha martin martina mary "
    "mathilde matthew matthias maya megan melissa mia michael michelle miguel mike miriam monica monika nancy "
    "natalie nathan nicholas nicolas nina noah nora oliver olivia oscar otto pablo pascal patricia patrick paul "
    "paula pauline pedro peter philip philippe pierre rachel rafael ralph raymond rebecca renate ricardo richard "
    "robert roberto roger roland rosalie rosario ruth ryan sabine sally sam samantha samuel sandra sarah "
    "sebastian sergio sharon silvia simon simone sofia sonja sophia sophie stefan stephanie stephen steven susan "
    "susanne sylvia teresa theodor theo theresa thomas tim timothy tobias tom tyler ulrich ursula valentina "
    "vanessa vera veronica victor vincent virginia walter werner wilhelm william wolfgang xavier yvonne "
    "zoe"
)
FORMS_OF_ADDRESS: Final = _word_set(
    "mr mrs ms miss dr prof sir madam lady lord captain colonel herr frau fräulein doktor señor señora señorita "
    "don doña monsieur madame mademoiselle mme mlle sra sr srta"
)
# Capitalised in the middle of a sentence, and no names of persons or places in a story.
NO_NAMES: Final = _word_set(
    "i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday january february march april "
    "may june july august september october november december english french german spanish italian latin "
    "american european god christmas easter mr mrs ms miss dr prof sir madam lady lord captain colonel monsieur "
    "madame mademoiselle señor señora señorita don doña north south east west ok tv"
)
# Languages that write all nouns with a capital letter, so that a capital says nothing of a name.
CAPITALISED_NOUNS: Final = frozenset({"German"})
# Languages with capital letters for names, for which the rules hold.
NAMES_ARE_CAPITALISED: Final = frozenset({"English", "Spanish", "French", "Italian", "Portuguese", "Dutch"})
