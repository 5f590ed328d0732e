"""Twenty books of every kind, for what must hold of each of them in each format."""

from collections.abc import Callable
from typing import Final

from reyna.library.book_compiler.renderers.edition import Edition
from tests.library.book_compiler.books import SENTENCE, a_bucket, a_novel, a_text, an_edition
from tests.library.book_compiler.pictures import a_jpeg, a_png

HOSTILE: Final = (
    '#panic("x") $ #set page(width: 1pt) #include "/etc/passwd" `#raw` </w:t></w:r> ]]> <script>alert(1)</script> '
    "&amp; &#x0; \\u{0} @label <label> https://a.example/?q=\"'><b>& \x00\x07\u202e\ufffe {{x}} ${x} %s =1+1"
)
POEM: Final = "| One line\n|   two lines, *indented*\n|\n| and a stanza[^1]\n\n[^1]: A note on the stanza."
EVERYTHING: Final = """\
## A heading

A paragraph with *emphasis*, **strength**, ~~regret~~, `code`, a [link](https://example.org/?a=1&b=2), and a note.[^n]

> A quote
>
> > in a quote

1. one
2. two
   - nested

     with a paragraph

***

```
code & <markup>
```

![A picture](file-1)

Text with ![a small one](file-2) in it\\
and a line break. Again the note.[^n]

[^n]: The *note*.

    With two paragraphs.
"""


def _chapters(*texts: str, **metadata: str) -> Edition:
    return an_edition(
        a_bucket(
            "A Book",
            "book",
            children=[a_bucket(f"Chapter {number}", "chapter", text) for number, text in enumerate(texts, 1)],
            **metadata,
        )
    )


def _with_images() -> Edition:
    book = a_bucket("Pictures", "book", children=[a_bucket("One", "chapter", EVERYTHING)])
    return an_edition(book, {"file-1": a_png(), "file-2": a_jpeg(), "file-3": a_png()}, cover="file-3")


def _right_to_left() -> Edition:
    text = "אור קטן בחלון מחכה לי.\n\nA line of English.\n\nعربي في الوسط\n\n| שיר\n|   קצר"
    return _chapters(text, text, language="he", author="אנה רייס", title="x")


def _deep() -> Edition:
    inner = a_bucket("Scene", "scene", SENTENCE)
    for level in range(12):
        inner = a_bucket(f"Level {level}", "scene", SENTENCE, children=[inner])
    return an_edition(a_bucket("Deep", "book", children=[a_bucket("One", "chapter", children=[inner])]))


def _hostile() -> Edition:
    chapter = a_bucket(HOSTILE, "chapter", a_text(HOSTILE + "\n\n" + EVERYTHING, "blob-h", title=HOSTILE))
    root = a_bucket(HOSTILE, "book", author=HOSTILE, subtitle=HOSTILE, rights=HOSTILE, children=[chapter])
    return an_edition(root, contact=(HOSTILE,))


BOOKS: Final[dict[str, Callable[[], Edition]]] = {
    "novel": lambda: an_edition(a_novel(), contact=("Ana Reyes", "12 Harbour Road")),
    "plain": lambda: _chapters(SENTENCE, SENTENCE),
    "everything": lambda: _chapters(EVERYTHING, EVERYTHING, author="Ana Reyes"),
    "images": _with_images,
    "poetry": lambda: _chapters(POEM, POEM),
    "hebrew": _right_to_left,
    "arabic": lambda: _chapters("مرحبا بالعالم. *نعم*", language="ar"),
    "german": lambda: _chapters("„Ja“, sagte er.\n\nUnd ging.", language="de-AT", author="Ö. Müller"),
    "french": lambda: _chapters("— Oui, dit-elle.", language="fr"),
    "japanese": lambda: _chapters("吾輩は猫である。名前はまだ無い。", language="ja"),
    "no-chapters": lambda: an_edition(a_bucket("Notes", "book", SENTENCE, SENTENCE)),
    "one-chapter": lambda: an_edition(a_bucket("The North Wind", "chapter", SENTENCE)),
    "own-types": lambda: an_edition(
        a_bucket("Letters", "letters", children=[a_bucket("To Bo", "letter", SENTENCE), a_bucket("?", "letter", "Hi")])
    ),
    "titles-of-marks": lambda: an_edition(
        a_bucket("<&\"'>", "book", children=[a_bucket("1. #1 * _ [x]", "chapter", "# Another\n\n- a\n- b")])
    ),
    "untitled": lambda: an_edition(a_bucket(" ", "book", children=[a_bucket("\u200b", "chapter", SENTENCE)])),
    "scene-breaks": lambda: _chapters("One.\n\n***\n\nTwo.\n\n#\n\nThree.\n\n* * *", "***"),
    "front-and-back-alone": lambda: an_edition(
        a_bucket(
            "Matter",
            "book",
            children=[
                a_bucket("Front", "front-matter", SENTENCE, children=[a_bucket("Preface", "chapter", SENTENCE)]),
                a_bucket("Back", "back-matter", a_text(SENTENCE, "blob-n", title="Thanks")),
            ],
        )
    ),
    "deep": _deep,
    "hostile": _hostile,
    "without-contents": lambda: an_edition(a_novel(), table_of_contents=False, smart_quotes=True),
}
