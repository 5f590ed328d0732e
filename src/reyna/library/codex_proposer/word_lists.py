"""Word lists by which names are recognised: titles, verbs of people, prepositions of place, and capitals that are no
names. For English, German, French and Spanish."""

from typing import Final, Literal


def _word_set(*words: str) -> frozenset[str]:
    return frozenset(" ".join(words).split())


MALE_TITLES: Final = _word_set(
    "mr sir lord king prince duke baron father uncle brother herr monsieur señor don signor",
)
FEMALE_TITLES: Final = _word_set(
    "mrs miss ms lady queen princess duchess baroness madam madame mademoiselle aunt sister frau fräulein señora",
    "señorita doña signora",
)
OTHER_TITLES: Final = _word_set(
    "dr doctor professor prof captain colonel major general lieutenant sergeant admiral commander inspector",
    "constable detective reverend rev judge president senator count countess saint st old young master doktor",
    "capitán capitaine",
)
TITLES: Final = MALE_TITLES | FEMALE_TITLES | OTHER_TITLES
# A word that may stand before a name without being a part of it: "old Mr. Wickham", "poor Jane".
LOOSE_TITLES: Final = _word_set(
    "old young saint st father brother sister",
)
# Titles that stand before a given name; the others stand before a family's.
GIVEN_NAME_TITLES: Final = _word_set(
    "sir lady miss master aunt uncle king queen prince princess saint st sister brother father mother don doña",
    "count countess old young lord señorita fräulein mademoiselle",
)
MARRIED_TITLES: Final = _word_set(
    "mrs madame frau señora signora",
)
SPEECH_VERBS: Final = _word_set(
    "said says asked asks cried replied answered whispered shouted murmured muttered called exclaimed added",
    "continued began returned observed remarked told demanded insisted agreed snapped growled laughed sighed",
    "repeated sagte fragte rief antwortete flüsterte meinte erwiderte murmelte dit demanda répondit cria murmura",
    "ajouta dijo preguntó respondió gritó murmuró contestó",
)
PEOPLE_VERBS: Final = _word_set(
    "thought smiled looked turned nodded shook sat stood felt knew saw heard walked went came took ran shrugged",
    "frowned wondered remembered believed hoped wished wanted tried stared glanced listened waited decided loved",
    "hated read wrote had would could should must might did does has wept grinned coughed leaned reached opened put",
    "held gave lifted dachte lächelte sah ging kam nahm stand saß nickte wusste pensa sourit regarda alla vint prit",
    "savait pensó sonrió miró fue vino tomó sabía",
)
PLACE_PREPOSITIONS: Final = _word_set(
    "in at from into near through towards toward across around beyond outside within leave left leaving reach",
    "reached reaching visit visited entered quit in nach aus bei durch über dans à vers depuis en desde hacia hasta",
    "cerca",
)
PLACE_WORDS: Final = _word_set(
    "house street road lane square park hall castle abbey inn tavern church cathedral tower bridge river lake sea",
    "bay island isle islands hill hills mountain mountains valley forest wood woods moor city town village county",
    "shire kingdom harbour harbor port station hotel school university college gate place court cottage manor farm",
    "palace lodge parsonage mount dale row terrace gardens common green heath cliff wharf market straße platz",
    "schloss burg fluss stadt dorf rue château pont ville calle plaza río castillo puerta",
)
PARTICLES: Final = _word_set(
    "de du von van der den la le di da del della of the ten ter bin ibn al y",
)
ARTICLES: Final = _word_set(
    "the der die das la le el",
)
ROLES: Final = _word_set(
    "king queen duke duchess prince princess baron baroness count countess doctor professor captain colonel major",
    "general lieutenant sergeant admiral commander inspector constable judge president father uncle aunt",
)
# Capitals that are no names: the pronoun, calendar, languages and nationalities, exclamations, parts of books.
NOT_NAMES: Final = _word_set(
    "poor little big good great i i'm i'll i'd i've monday tuesday wednesday thursday friday saturday sunday",
    "january february april june july august september october november december christmas easter michaelmas god",
    "lord heaven heavens jesus christ scotch welsh christian christians aye nay english french german spanish",
    "italian latin greek american british european irish scottish russian chinese dutch chapter part book volume",
    "contents prologue epilogue oh ah yes no well dear my mr mrs miss sir madam ma'am the a an and but or if in on",
    "at of to for with by from as it he she they we you his her their our your this that these those there here",
    "what when where who why how not so then now one two three four five six seven eight nine ten first second mama",
    "papa mamma mother father ladyship lordship majesty honour highness excellency ich sie er es wir ihr und aber",
    "oder der die das ein eine gott herr je tu il elle nous vous et mais le la les un une yo tú él ella nosotros y",
    "pero el los las dios nobody everybody somebody anybody everyone someone anyone people men women others all",
    "both none each another some many few most",
)
PRONOUNS: Final[dict[str, Literal["female", "male"]]] = {
    **dict.fromkeys(("he", "him", "his", "himself", "er", "ihn", "ihm", "sein", "il", "lui", "él"), "male"),
    **dict.fromkeys(("she", "her", "hers", "herself", "elle", "ella"), "female"),
}
NICKNAMES: Final[dict[str, str]] = {
    **dict.fromkeys(("lizzy", "lizzie", "liz", "eliza", "beth", "betsy", "bess"), "elizabeth"),
    **dict.fromkeys(("kitty", "kate", "katie", "cathy"), "catherine"),
    **dict.fromkeys(("will", "bill", "billy", "willie"), "william"),
    **dict.fromkeys(("tom", "tommy"), "thomas"),
    **dict.fromkeys(("bob", "rob", "bobby", "robbie"), "robert"),
    **dict.fromkeys(("dick", "rick", "ricky"), "richard"),
    **dict.fromkeys(("jack", "johnny"), "john"),
    **dict.fromkeys(("jim", "jimmy", "jamie"), "james"),
    **dict.fromkeys(("ned", "ted", "eddie"), "edward"),
    **dict.fromkeys(("harry", "hal"), "henry"),
    **dict.fromkeys(("meg", "maggie", "peggy", "daisy"), "margaret"),
    **dict.fromkeys(("molly", "polly"), "mary"),
    **dict.fromkeys(("nell", "nelly", "ellie"), "eleanor"),
    **dict.fromkeys(("sam", "sammy"), "samuel"),
    **dict.fromkeys(("joe", "joey"), "joseph"),
    **dict.fromkeys(("alex", "sasha", "sandy"), "alexander"),
    **dict.fromkeys(("sue", "susie"), "susan"),
    **dict.fromkeys(("annie", "nan", "nancy"), "anne"),
    **dict.fromkeys(("sepp",), "josef"),
    **dict.fromkeys(("hans",), "johannes"),
    **dict.fromkeys(("pepe",), "josé"),
}
