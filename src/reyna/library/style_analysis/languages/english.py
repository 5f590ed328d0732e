"""English."""

import re
from typing import Final

from reyna.library.style_analysis.languages.english_phrases import CLICHES
from reyna.library.style_analysis.languages.profile import LanguageProfile, PassiveRule, word_set

BE: Final = word_set("am is are was were be been being isn't aren't wasn't weren't i'm it's he's she's they're we're")
IRREGULAR_PARTICIPLES: Final = word_set(
    "beaten begun bitten blown born borne bound bought broken brought built burnt caught chosen cut dealt done drawn "
    "driven drunk eaten fed felt fought found forbidden forgotten forgiven frozen given grown heard held hidden hit "
    "hung hurt kept known laid led left lent lit lost made meant met mistaken overheard overthrown paid proven put "
    "read ridden rung run said seen sent set sewn shaken shot shown shut slain sold spent spoken spread sprung stolen "
    "struck strewn stuck stung sung sunk sworn swept swung taken taught thrown told torn trodden understood undone "
    "woken won worn wound woven written"
)
ADJECTIVES: Final = word_set(
    "tired scared excited interested bored worried frightened surprised pleased confused exhausted married drunk "
    "amazed ashamed annoyed delighted determined disappointed embarrassed relieved satisfied shocked terrified "
    "thrilled used supposed red bed naked wicked gifted aged indeed need seed speed hundred sacred retired alarmed "
    "concerned convinced crowded deserted detailed experienced left lost gone done lit born"
)
BETWEEN: Final = word_set(
    "not never also just still already always often soon now then being been finally suddenly slowly quickly quietly "
    "only almost nearly barely hardly once twice ever both all recently completely badly firmly carefully so well "
    "very more most too"
)

ENGLISH: Final = LanguageProfile(
    code="en",
    name="English",
    function_words=word_set(
        "about above after again against also although always another anybody anyone anything around away back "
        "because been before behind being below beneath beside besides between beyond both came come comes coming "
        "could couldn't didn't does doesn't doing done don't down during each either else even ever every everything "
        "from give going gone hadn't hasn't have haven't having here hers herself himself into isn't it's itself just "
        "know knew less like made make many maybe might more most much must myself near neither never nobody none "
        "nothing once only onto other others ourselves over perhaps quite rather said same says shall should "
        "shouldn't since some somebody someone something sometimes still such take than that that's their theirs them "
        "themselves then there there's these they they're this those though through till together took toward towards "
        "under until upon very want wanted wasn't well went were weren't what whatever when where whether which while "
        "whom whose will with within without won't would wouldn't your yours yourself"
    ),
    first_person=word_set("i i'm i've i'll i'd me my mine myself we we're we've we'll us our ours ourselves"),
    second_person=word_set("you you're you've you'll you'd your yours yourself yourselves"),
    third_person=word_set(
        "he he's he'd he'll him his himself she she's she'd she'll her hers herself they they're they'd they'll them "
        "their theirs themselves"
    ),
    past_verbs=word_set(
        "was were had did wasn't weren't hadn't didn't said went came saw took made knew thought told found gave got "
        "felt became left kept began stood heard ran sat held brought wrote lay fell spoke grew rose drew broke drove "
        "threw wore woke slept met spent lost sent built caught chose ate drank sang swam flew rode shook hung struck"
    ),
    present_verbs=word_set(
        "am is are has does isn't aren't hasn't doesn't don't i'm he's she's it's they're we're says goes comes sees "
        "takes makes knows thinks tells finds gives gets feels becomes leaves keeps begins stands hears runs sits "
        "holds brings writes lies falls speaks grows rises draws breaks drives throws wears wakes sleeps looks turns "
        "walks"
    ),
    past_ending=re.compile(r".*[^e]ed"),
    passive=PassiveRule(
        auxiliaries=BE,
        participle=re.compile(r".{2,}ed"),
        irregular_participles=IRREGULAR_PARTICIPLES,
        no_participles=ADJECTIVES,
        between=BETWEEN,
        agents=word_set("by"),
        max_gap=2,
    ),
    adverb=re.compile(r".{2,}ly"),
    no_adverbs=word_set(
        "only early family likely lonely lovely friendly ugly silly holy belly bully jelly july italy reply supply "
        "apply imply comply multiply rely fly ally assembly butterfly anomaly melancholy elderly deadly daily weekly "
        "monthly yearly costly lively curly chilly hilly homely orderly monopoly jolly folly gully lily wily burly "
        "surly sly brotherly cowardly ghostly heavenly kingly leisurely manly motherly saintly scholarly sickly "
        "sprightly stately timely unlikely unruly worldly rally tally dolly holly golly family's bubbly cuddly "
        "wrinkly prickly emily kelly molly sally polly billy sicily"
    ),
    filter_verbs=word_set(
        "saw see sees heard hear hears felt feel feels noticed notice notices watched watch watches realized realised "
        "realize realise realizes realises wondered wonder wonders thought think thinks knew know knows seemed seem "
        "seems decided decide decides remembered remember remembers observed observes sensed sense senses smelled "
        "smells tasted tastes believed believes supposed recognized recognised discovered"
    ),
    fillers=word_set(
        "very really just quite rather somewhat actually basically literally totally completely absolutely simply "
        "definitely certainly probably somehow suddenly slightly"
    ),
    cliches=CLICHES,
    positive_words=word_set(
        "love loved loving lovely smile smiled smiling laugh laughed laughing laughter happy happiness joy joyful "
        "glad delight delighted warm warmth gentle kind kindness friend friends beautiful beauty good great wonderful "
        "hope hoped hopeful calm peace peaceful bright sweet tender safe safety comfort brave proud pride trust win "
        "won success thank thanks grateful perfect nice pleasant pleased cheerful free gift golden better best enjoy "
        "enjoyed fun charming excellent fine fresh generous grace healthy honest kiss kissed lucky relief relieved "
        "welcome"
    ),
    negative_words=word_set(
        "hate hated fear feared afraid scream screamed screaming cry cried crying tears sad sadness sorrow grief pain "
        "painful hurt wound wounded blood bloody dead death die died dying kill killed murder dark darkness cold "
        "storm danger dangerous alone lonely lost loss broken broke bad worse worst terrible horrible awful ugly evil "
        "cruel angry anger rage fury furious bitter sick sickness ill weak tired empty desperate despair doom doomed "
        "enemy threat panic shame guilt guilty fail failed failure fall ruin ruined poison prison trap trapped wrong "
        "anxious worried worry nightmare pale hopeless miserable disgust terror grim harsh"
    ),
    negations=word_set(
        "not no never nobody nothing without hardly don't didn't doesn't isn't wasn't aren't weren't can't"
    ),
)
