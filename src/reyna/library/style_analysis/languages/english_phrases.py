"""Clichés of English fiction and essays."""

from typing import Final

from reyna.library.style_analysis.languages.profile import phrase_list

CLICHES: Final = phrase_list("""
    a blessing in disguise
    a bolt from the blue
    a breath of fresh air
    a chill ran down
    a deafening silence
    a diamond in the rough
    a dime a dozen
    a drop in the ocean
    a fate worse than death
    a force to be reckoned with
    a heart of gold
    a level playing field
    a matter of life and death
    a pain in the neck
    a perfect storm
    a sight for sore eyes
    a sight to behold
    a single tear
    all hell broke loose
    all walks of life
    at the crack of dawn
    at the drop of a hat
    at the end of the day
    avoid like the plague
    back to square one
    barely a whisper
    beat around the bush
    bit the bullet
    black as night
    blood ran cold
    brave as a lion
    breath caught in
    breath she didn't know she was holding
    breath he didn't know he was holding
    breath i didn't know i was holding
    bright and early
    calm before the storm
    cold as ice
    could hear a pin drop
    crystal clear
    cut to the chase
    dark and stormy night
    dead as a doornail
    deep dark secret
    deer in the headlights
    easier said than done
    every cloud has a silver lining
    eyes like saucers
    few and far between
    fit as a fiddle
    for all intents and purposes
    free as a bird
    fresh as a daisy
    heart of the matter
    heart pounded in
    heart skipped a beat
    in the blink of an eye
    in the nick of time
    it was all a dream
    it was only a matter of time
    last but not least
    light at the end of the tunnel
    like a bull in a china shop
    like a fish out of water
    like the back of his hand
    like the back of her hand
    like the back of my hand
    little did he know
    little did i know
    little did she know
    little did they know
    living on borrowed time
    needle in a haystack
    needless to say
    never a dull moment
    nipped in the bud
    nothing ventured
    old as the hills
    once in a blue moon
    once upon a time
    only time will tell
    out of the blue
    pale as a ghost
    play with fire
    quiet as a mouse
    read between the lines
    rude awakening
    sent shivers down
    shiver down his spine
    shiver down her spine
    shiver down my spine
    sigh of relief
    silence was deafening
    sleep like a baby
    slept like a log
    stood the test of time
    strong as an ox
    sweat like a pig
    take the bull by the horns
    the bottom line
    the elephant in the room
    the grass is always greener
    the last straw
    the rest is history
    the tip of the iceberg
    the whole nine yards
    think outside the box
    throw caution to the wind
    time stood still
    tip of the iceberg
    tried and true
    under the weather
    until the cows come home
    weak in the knees
    when all is said and done
    white as a sheet
    white as snow
    wide as saucers
    without further ado
    writing on the wall
""")
