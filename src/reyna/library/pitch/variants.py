"""The variants of a pitch: for each, who writes it and what each part of it is."""

from collections.abc import Mapping
from typing import Final

import msgspec

from reyna.library.pitch.settings import PartName, VariantName


class TextPart(msgspec.Struct, frozen=True):
    """A part that is prose: its task for the model, and its length in words."""

    task: str
    min_words: int
    max_words: int


class ListPart(msgspec.Struct, frozen=True):
    """A part that is a list: its task for the model, the text fields of an item, the first of which names it, and the
    most items. Items of one field are plain texts."""

    task: str
    fields: tuple[str, ...]
    max_items: int
    min_items: int = 1


Part = TextPart | ListPart


class Variant(msgspec.Struct, frozen=True):
    """`role` is who the model plays, `work` what is pitched, and `parts` are in the order of the pitch."""

    role: str
    work: str
    parts: Mapping[PartName, Part]


WORK: Final = ("work", "reason")
PERSON: Final = ("name", "description")
SUGGEST: Final = (
    "Suggest real, published {what} that it stands beside, with a sentence each on what they share. Leave out any that "
    "you are not sure exists: fewer are better than a wrong one."
)
CAST: Final = "List the main characters with one or two sentences each: who they are, and what they want."
LETTER_RULES: Final = (
    " Do not invent facts about the author, awards, sales or other works, and name no comparable titles. Where the "
    "author's name or a fact about the author belongs, write it in square brackets to be filled in."
)
VARIANTS: Final[Mapping[VariantName, Variant]] = {
    "book": Variant(
        "an experienced literary agent",
        "book",
        {
            "logline": TextPart(
                "Write the logline: who wants what, what stands in the way, and what is at stake.", 12, 45
            ),
            "synopsis_short": TextPart("Write a short synopsis, as it stands in a catalogue.", 50, 110),
            "synopsis": TextPart("Write a one-page synopsis with the turning points and the end.", 200, 400),
            "synopsis_long": TextPart(
                "Write a detailed synopsis from beginning to end, in the present tense, with all turning points, the "
                "motives of the characters and the end.",
                500,
                1_000,
            ),
            "audience": TextPart("Say who the readers are, and why they will want it.", 25, 120),
            "suggested_comparables": ListPart(SUGGEST.format(what="books of the last years"), WORK, 5),
            "characters": ListPart(CAST, PERSON, 8),
            "selling_points": ListPart("List what makes it worth publishing, one sentence each.", ("point",), 6, 3),
            "query_letter": TextPart(
                "Write the query letter to a literary agent: the hook, the story without its end, the kind of book and "
                "its length, and a closing line." + LETTER_RULES,
                180,
                400,
            ),
        },
    ),
    "film": Variant(
        "an experienced film producer",
        "film",
        {
            "logline": TextPart("Write the logline: the protagonist, the goal, the obstacle and the stakes.", 12, 40),
            "synopsis_short": TextPart("Write a synopsis of one paragraph.", 50, 110),
            "synopsis": TextPart("Write a one-page synopsis in three acts, in the present tense.", 200, 400),
            "synopsis_long": TextPart("Write a treatment: scene by scene, what we see and hear.", 500, 1_000),
            "audience": TextPart("Say who will watch it and where: cinema, festival or streaming.", 25, 120),
            "suggested_comparables": ListPart(SUGGEST.format(what="films and series"), WORK, 5),
            "characters": ListPart(CAST, PERSON, 8),
            "selling_points": ListPart("List what makes it worth producing, one sentence each.", ("point",), 6, 3),
            "query_letter": TextPart("Write the letter to a producer." + LETTER_RULES, 150, 350),
        },
    ),
    "album": Variant(
        "an experienced label manager",
        "album",
        {
            "logline": TextPart("Say in one sentence what the album is and how it sounds.", 10, 40),
            "synopsis_short": TextPart("Write the text for a streaming page.", 50, 110),
            "synopsis": TextPart("Write the concept: what holds the songs together, and where they lead.", 150, 350),
            "synopsis_long": TextPart("Write the press text: concept, sound and the songs in their order.", 350, 800),
            "audience": TextPart("Say who will listen, and where they find their music.", 25, 120),
            "suggested_comparables": ListPart(SUGGEST.format(what="albums and artists"), WORK, 5),
            "selling_points": ListPart("List what makes it worth releasing, one sentence each.", ("point",), 6, 3),
            "query_letter": TextPart("Write the letter to a label." + LETTER_RULES, 120, 300),
        },
    ),
    "research-grant": Variant(
        "an experienced writer of research proposals",
        "research project",
        {
            "logline": TextPart(
                "State the objective in one sentence: the question, and what its answer changes.", 12, 50
            ),
            "synopsis_short": TextPart("Write the lay summary, for readers outside of the field.", 60, 130),
            "synopsis": TextPart("Write the abstract: problem, objective, method, expected results, impact.", 180, 350),
            "synopsis_long": TextPart(
                "Write the project description: state of knowledge, objectives, method, work plan, risks and impact. "
                "Where a figure or a source is needed that the text does not give, write it in square brackets.",
                500,
                1_000,
            ),
            "audience": TextPart("Say who benefits from the results, and how they will learn of them.", 25, 150),
            "suggested_comparables": ListPart(SUGGEST.format(what="lines of research and publications"), WORK, 5),
            "selling_points": ListPart("List the expected results, one sentence each.", ("point",), 6, 3),
            "query_letter": TextPart("Write the covering letter to the funder." + LETTER_RULES, 150, 350),
        },
    ),
}
