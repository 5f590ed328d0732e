"""Frequent words whose syllables the rules of spelling miss, counted as in the CMU Pronouncing Dictionary."""

from typing import Final

WORDS_BY_SYLLABLES: Final = {
    1: (
        "belle clothes drawer fierce hague hughes isle isles jacques juan league leagues mosque pier pierce plague "
        "plaque prague rogue tongue torque vague vogue"
    ),
    2: (
        "acne acre acres agnes ahmed aires alfred andre antique averaged baseball baseline belgium berkeley boutique "
        "bracelet bruins bryan bryant business cafe careless carriage cashier catholic catholics cement centre "
        "centres chaos chile chloe chocolate choir cleveland coleman colleague colleagues colonel comeback couldnt "
        "coupled creature creatures critique crooked cushion dante diamond diamonds didnt doesnt doubled driveway "
        "dryer duel evening evenings eyebrows facebook farewell fashion fashioned fatigue fibre fired fireworks fluid "
        "fluids flyer flyers forecast forecasts forehead foreman foremost framework fueled fuels gameplay gateway "
        "genius genre genres georgetown giant giants gimme graveyard guidelines hadnt handled hasnt hatred headaches "
        "hereby hired homeland homeless homemade hometown homework hopeless household households hundred iceland isnt "
        "itd itll jaime jared jesse joel joey jorge jose julius kobe leicester leonard leopard liam liar lifelong "
        "lifestyle likewise limestone linkedin lion lions livestock louis louise luis lyon marriage maybe mccain "
        "mccoy metre metres michelle mightnt milestone minecraft monte mr mrs mustnt myers naive naked nashville "
        "neednt neville nike nineteen nineteenth ninety noah noel notebook notre oneself opera persuade piercing "
        "pipeline poem poems poet poets premier premiere priceless princeton react reacts rely rhythm rugged ruin "
        "ruined ruins ryan sacred safeguard safety salesman savior science sergio settled shakespeare shouldnt "
        "sidewalk sideways skiing soldier soldiers someday somehow someone somewhat sophomore sovereign spacecraft "
        "spokesman statewide struggled stumbled technique techniques thatd thatll theorem thereby therefore thereof "
        "timeline tire tired tires titled torres trademark troubled tumblr unique useless vineyard visuals warehouse "
        "wasnt wednesday whereby wholesale wicked widespread wireless worcester wouldnt wyatt xbox"
    ),
    3: (
        "acquire acquired admired albeit alien aliens alliance andrea angeles anime anyone apache area areas ariel "
        "assembled atheist averages averaging basically beautifully beforehand behavior behaviors beverages blvd "
        "bosnia businesses businessman businessmen catalogue cereal chaotic compliance convenience convenient croatia "
        "decorative deity denial desire desired desires dialogue diego disabled drastically earliest easier easiest "
        "ecuador element elements elliot elliott empire enabled entire entitled everyday everything everytime "
        "everywhere fashionable finale funniest gabriel garcia genuine happiest hawaii hercules heroic heroin "
        "homecoming homeowners idea ideas imagery influence influenced infrared inspired intriguing jacksonville "
        "karate kardashian liable libya likelihood linear lionel loneliness marriages massacre mccarthy mcconnell "
        "mcdonald mcgregor mercedes messiah mohamed mohammed montgomery montreal moreover mosaic naomi nausea "
        "nonetheless nuclear nucleus oasis persuaded philippe pneumonia poetic poetry policeman policemen premiership "
        "radically rafael ratios reacted reacting reaction reactions reactive reactor realise realised realize "
        "realized recipe recipes recycled reinforce reinforced reliance reunion rosemary ruining satire sciences "
        "scientist seattle shareholder shareholders sierra solely sovereignty spokesperson stakeholders suicide "
        "takeover theater theaters theatre theatres tokyo tuition uniquely usa valuable vegetable vegetables vienna "
        "visually whoever wyoming zimbabwe"
    ),
    4: (
        "affiliate affiliates aforementioned algorithm algorithms alliances aluminium ambiguous appliances appreciate "
        "arguably armenia armenian associate associates behavioral caribbean catastrophe coalition coincidence "
        "colonial complementary constituent constituents conveniently coordinate coordinates criticisms dementia "
        "diabetes diarrhea edinburgh emotionally enthusiasts entirely espn european europeans everybody genetically "
        "genuinely geographic geography geology geometric geometry html http inconvenience influences influential "
        "initiate intuition intuitive invaluable iranian ironically judaism kilometres laboratories laboratory "
        "marijuana mechanisms negotiate nevertheless organisms ptsd realism realistic realities reality realizes "
        "realizing reliable retirement reunited romania romanian santiago scientific specifically spontaneous "
        "suicidal theatrical ukrainian unreasonable ussr valencia veterinary whatsoever"
    ),
    5: (
        "affiliated affiliation appreciated appreciation associated association associations automatically "
        "bibliography christianity constituency continuity cooperative coordinated coordinating coordination "
        "coordinator differentiate economically enthusiasm enthusiastic geographical geological humiliation initiated "
        "judiciary liabilities liability louisiana minneapolis negotiated negotiating negotiation negotiations "
        "palestinian palestinians physiology radioactive retaliation schizophrenia sociology"
    ),
    6: ("mediterranean physiological reconciliation reliability simultaneously"),
}
ENGLISH_SYLLABLES: Final = {word: count for count, words in WORDS_BY_SYLLABLES.items() for word in words.split()}
