"""Spanish."""

import re
from typing import Final

from reyna.library.style_analysis.languages.profile import LanguageProfile, PassiveRule, phrase_list, word_set

SPANISH: Final = LanguageProfile(
    code="es",
    name="Spanish",
    function_words=word_set(
        "algo alguna algunas alguno algunos ante antes aquel aquella aquellas aquello aquellos aquí cada casi como "
        "cómo con contra cual cuál cuales cuando cuándo cuanto desde después donde dónde durante ella ellas ellos "
        "entonces entre eran eres esta está están estaba estaban estado estar estas este esto estos fuera fueron "
        "había habían habías haber hace hacer hacia hasta hemos hizo incluso luego mejor menos mientras mismo misma "
        "mucha muchas mucho muchos nada nadie ninguna ninguno nosotros nuestra nuestro nunca otra otras otro otros "
        "para pero poco podía porque puede pues quien quién sabe según será siempre sido sino sobre solo sólo somos "
        "también tampoco tanto tenía tener tiene toda todas todavía todo todos tras unas unos usted vamos veces "
        "ustedes"
    ),
    first_person=word_set("yo me mí mi mis mío mía conmigo nos nosotros nosotras nuestra nuestro nuestras nuestros"),
    second_person=word_set("tú te ti tu tus tuyo tuya contigo vosotros vosotras vuestro vuestra usted ustedes"),
    third_person=word_set("él ella ellos ellas le les lo los su sus suyo suya se consigo"),
    past_verbs=word_set(
        "era eran fue fueron había habían estaba estaban tenía tenían dijo dijeron hizo hicieron vio vieron fui iba "
        "iban podía podían quería querían sabía sabían llegó pasó miró quedó dio vino salió entró volvió cayó puso "
        "pudo quiso supo"
    ),
    present_verbs=word_set(
        "es son está están hay tiene tienen dice dicen hace hacen ve ven va van puede pueden quiere quieren sabe "
        "saben llega pasa mira queda da viene sale entra vuelve cae pone"
    ),
    passive=PassiveRule(
        auxiliaries=word_set("fue fueron era eran es son sido siendo será serán sería serían ser fuera fueran"),
        participle=re.compile(r".{2,}(?:ad|id)[oa]s?"),
        irregular_participles=word_set(
            "hecho hecha hechos hechas escrito escrita escritos escritas visto vista vistos vistas abierto abierta "
            "abiertos abiertas roto rota rotos rotas puesto puesta puestos puestas dicho dicha muerto muerta cubierto "
            "cubierta descubierto descubierta resuelto resuelta devuelto devuelta"
        ),
        no_participles=word_set(
            "lado lados cuidado vida vidas estado mercado pasado sentido soldado soldados comida marido"
        ),
        between=word_set("no ya también casi siempre nunca muy rápidamente finalmente luego"),
        agents=word_set("por"),
        max_gap=1,
    ),
    adverb=re.compile(r".{3,}mente"),
    no_adverbs=word_set("demente vehemente clemente inclemente simiente"),
    fillers=word_set(
        "realmente simplemente bastante básicamente literalmente obviamente totalmente absolutamente prácticamente "
        "evidentemente"
    ),
    cliches=phrase_list("""
        a fin de cuentas
        al fin y al cabo
        blanco como la nieve
        como alma que lleva el diablo
        como pez en el agua
        como un rayo
        de la noche a la mañana
        en un abrir y cerrar de ojos
        érase una vez
        la calma antes de la tormenta
        la gota que colmó el vaso
        la punta del iceberg
        más vale tarde que nunca
        poner los puntos sobre las íes
        se le heló la sangre
        un escalofrío recorrió su espalda
        un silencio sepulcral
    """),
)
