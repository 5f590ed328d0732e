"""German."""

import re
from typing import Final

from reyna.library.style_analysis.languages.profile import LanguageProfile, PassiveRule, phrase_list, word_set

GERMAN: Final = LanguageProfile(
    code="de",
    name="German",
    writes_nouns_with_capitals=True,
    function_words=word_set(
        "aber alle allem allen alles also andere anderen auch auf aus beim bereits bevor bist damit dann darauf darin "
        "darum dass davon dazu deine deinem deinen deiner denn deren dessen dich diese diesem diesen dieser dieses "
        "doch dort durch eine einem einen einer eines einmal etwas euch eure gegen gewesen habe haben hast hatte "
        "hatten hier hinter ihm ihn ihnen ihre ihrem ihren ihrer immer indem jede jedem jeden jeder jedes jedoch jene "
        "jetzt kann kein keine keinem keinen keiner können konnte konnten machen mehr meine meinem meinen meiner mich "
        "mich muss musste müssen nach nicht nichts noch nur oder ohne schon sehr sein seine seinem seinen seiner "
        "selbst sich sind soll sollte sondern sonst über unter viel viele vielleicht vom von vor während wann waren "
        "warum weil weiter welche wenn werde werden wieder will wird wollte wurde wurden würde zwar zwischen"
    ),
    first_person=word_set(
        "ich mich mir mein meine meinem meinen meiner meines wir uns unser unsere unserem unseren unserer"
    ),
    second_person=word_set("du dich dir dein deine deinem deinen deiner euch euer eure"),
    third_person=word_set("er ihn ihm sie ihr ihre ihrem ihren ihrer ihnen sein seine seinem seinen seiner seines"),
    past_verbs=word_set(
        "war waren hatte hatten wurde wurden ging gingen kam kamen sah sahen sagte sagten stand standen lag lagen saß "
        "saßen nahm nahmen gab gaben fand fanden dachte dachten wusste wussten blieb blieben hielt hielten lief "
        "liefen rief riefen machte machten konnte konnten musste mussten wollte wollten sollte begann fiel fielen zog "
        "zogen ließ ließen schien"
    ),
    present_verbs=word_set(
        "bin bist ist sind habe hast hat haben wird werden geht gehen kommt kommen sieht sehen sagt sagen steht "
        "stehen liegt liegen sitzt nimmt gibt findet denkt weiß bleibt hält läuft ruft macht kann muss will soll "
        "beginnt fällt zieht lässt"
    ),
    passive=PassiveRule(
        auxiliaries=word_set("wurde wurdest wurden wurdet worden wird werden"),
        participle=re.compile(r"(?:\w+)?ge\w{2,}(?:t|en)|(?:be|er|ver|zer|ent|emp|miss)\w{2,}t|\w{3,}iert"),
        no_participles=word_set(
            "gegen gerade gestern gehen geben gewinnen gefallen gehören genießen geschehen gelingen genug gesicht "
            "gericht gewicht gedicht gebiet gespenst geist geduld gesamt recht bett ort geschäft gesellschaft"
        ),
        agents=word_set("von"),
        max_gap=12,
    ),
    fillers=word_set(
        "eigentlich irgendwie ziemlich halt eben wohl sozusagen quasi einfach plötzlich natürlich wirklich total "
        "absolut durchaus gewissermaßen regelrecht"
    ),
    cliches=phrase_list("""
        am ende des tages
        auf den ersten blick
        auf leisen sohlen
        aus heiterem himmel
        blass wie ein gespenst
        das blut gefror in den adern
        der zahn der zeit
        die ruhe vor dem sturm
        die spitze des eisbergs
        ein stein fiel ihm vom herzen
        ein stein fiel ihr vom herzen
        es war einmal
        in letzter sekunde
        kalt wie eis
        lief es ihm kalt den rücken hinunter
        lief es ihr kalt den rücken hinunter
        mit an sicherheit grenzender wahrscheinlichkeit
        nichts für schwache nerven
        stille wasser sind tief
        wie aus dem nichts
        wie ein blitz aus heiterem himmel
        wie ein fels in der brandung
        wie vom blitz getroffen
    """),
)
