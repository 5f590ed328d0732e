"""The words that a book has beside its texts, in the languages that we know; English in others."""

# ruff: noqa: RUF001 - quotation marks of several languages
from typing import Final, NamedTuple


class BookLabels(NamedTuple):
    contents: str
    cover: str
    title_page: str
    notes: str
    back_to_text: str
    by: str
    words: str
    image: str
    start: str


ENGLISH: Final = BookLabels(
    "Contents", "Cover", "Title page", "Notes", "Back to the text", "by", "about {} words", "Image", "Start of the text"
)
LABELS: Final = {
    "en": ENGLISH,
    "de": BookLabels(
        "Inhalt",
        "Umschlag",
        "Titelseite",
        "Anmerkungen",
        "Zurück zum Text",
        "von",
        "etwa {} Wörter",
        "Bild",
        "Textbeginn",
    ),
    "es": BookLabels(
        "Índice",
        "Cubierta",
        "Portada",
        "Notas",
        "Volver al texto",
        "de",
        "unas {} palabras",
        "Imagen",
        "Inicio del texto",
    ),
    "fr": BookLabels(
        "Table des matières",
        "Couverture",
        "Page de titre",
        "Notes",
        "Retour au texte",
        "par",
        "environ {} mots",
        "Image",
        "Début du texte",
    ),
    "it": BookLabels(
        "Indice", "Copertina", "Frontespizio", "Note", "Torna al testo", "di", "circa {} parole", "Immagine", "Inizio"
    ),
    "pt": BookLabels(
        "Sumário",
        "Capa",
        "Folha de rosto",
        "Notas",
        "Voltar ao texto",
        "de",
        "cerca de {} palavras",
        "Imagem",
        "Início",
    ),
    "nl": BookLabels(
        "Inhoud",
        "Omslag",
        "Titelpagina",
        "Noten",
        "Terug naar de tekst",
        "door",
        "ongeveer {} woorden",
        "Afbeelding",
        "Begin",
    ),
    "he": BookLabels(
        "תוכן העניינים", "כריכה", "שער", "הערות", "חזרה לטקסט", "מאת", "כ־{} מילים", "תמונה", "תחילת הטקסט"
    ),
    "ar": BookLabels(
        "المحتويات",
        "الغلاف",
        "صفحة العنوان",
        "الهوامش",
        "العودة إلى النص",
        "تأليف",
        "حوالي {} كلمة",
        "صورة",
        "بداية النص",
    ),
}
SMART_QUOTES: Final = {
    "de": "„“‚‘",
    "fr": "«»‹›",
    "es": "«»“”",
    "it": "«»“”",
    "pt": "“”‘’",
    "nl": "“”‘’",
    "pl": "„”‚’",
    "ru": "«»„“",
    "sv": "””’’",
}
DEFAULT_SMART_QUOTES: Final = "“”‘’"


def labels_for(language: str) -> BookLabels:
    return LABELS.get(language.lower().split("-")[0], ENGLISH)


def smart_quotes_for(language: str) -> str:
    return SMART_QUOTES.get(language.lower().split("-")[0], DEFAULT_SMART_QUOTES)
