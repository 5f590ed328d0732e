"""French."""

import re
from typing import Final

from reyna.library.style_analysis.languages.profile import LanguageProfile, phrase_list, word_set

FRENCH: Final = LanguageProfile(
    code="fr",
    name="French",
    function_words=word_set(
        "ainsi alors après assez aucun aucune aussi autre autres avaient avait avant avec avoir beaucoup bien cela "
        "celle celles celui cependant certain certaine ceux chaque chez comme comment contre dans depuis derrière "
        "devant donc dont elle elles encore enfin entre être étaient était étant étais fait faire faut fois hors "
        "jamais jusque leur leurs lorsque lui mais même mêmes mieux moins notre nôtre nous parce parmi pendant peut "
        "plus plutôt pour pourquoi presque puis puisque quand quel quelle quelles quels quelque quelques quoi rien "
        "sans sera ses seulement sinon soit sont sous souvent suis sur tandis tant toujours tous tout toute toutes "
        "très trop vers voici voilà votre vous"
    ),
    first_person=word_set("je me moi mon ma mes mien mienne nous notre nos nôtre"),
    second_person=word_set("tu te toi ton ta tes tien tienne vous votre vos vôtre"),
    third_person=word_set("il elle ils elles lui leur leurs son sa ses sien sienne se soi eux"),
    past_verbs=word_set(
        "fut furent eut eurent alla vint prit mit fit dut put voulut sut était étaient avait avaient allait venait "
        "prenait"
    ),
    present_verbs=word_set(
        "suis sommes sont peut peuvent veut veulent fait font va vont vient viennent sait savent voit voient prend "
        "prennent met mettent doit doivent faut"
    ),
    past_ending=re.compile(r".{2,}(?:ait|aient)"),
    fillers=word_set(
        "vraiment simplement plutôt assez carrément littéralement absolument totalement soudain évidemment"
    ),
    cliches=phrase_list("""
        au fil du temps
        blanc comme neige
        comme un poisson dans l'eau
        dans la nuit des temps
        d'un seul coup
        en un clin d'œil
        il était une fois
        la goutte d'eau qui fait déborder le vase
        la partie émergée de l'iceberg
        le calme avant la tempête
        mieux vaut tard que jamais
        son sang se glaça
        tomber des nues
        un frisson parcourut
        un silence de mort
        une lueur d'espoir
    """),
)
