"""Co-reference: the forms of a name that mean the same, "Elizabeth", "Miss Bennet" and "Elizabeth Bennet"."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from reyna.library.codex_proposer.mentions import NameForm
from reyna.library.codex_proposer.word_lists import (
    FEMALE_TITLES,
    GIVEN_NAME_TITLES,
    LOOSE_TITLES,
    MALE_TITLES,
    MARRIED_TITLES,
    NICKNAMES,
    PARTICLES,
    PLACE_WORDS,
)

Gender = Literal["female", "male"]
USUAL_TITLE_FACTOR: Final = 3  # by which the most usual title is more frequent than any other


class NameGroup(msgspec.Struct):
    """The forms of one name with their counts; `perhaps` are the names of other groups that may mean the same."""

    name: str
    forms: Counter[NameForm]
    perhaps: list[str]

    @property
    def count(self) -> int:
        return self.forms.total()


def group_forms(counts: Mapping[NameForm, int], genders: Mapping[str, Gender]) -> list[NameGroup]:
    """Returns the groups, most frequent first. A form that may belong to several stays alone, and says so.

    `genders` are those of given names, as the pronouns after them say.
    """
    owners = _Owners(counts, genders)
    groups: dict[NameForm, Counter[NameForm]] = defaultdict(Counter)
    perhaps: dict[NameForm, list[NameForm]] = {}
    for form, count in counts.items():
        owner, candidates = owners.owner_of(form)
        groups[owner][form] += count
        if candidates:
            perhaps[owner] = candidates
    names = {owner: _main_name(forms) for owner, forms in groups.items()}
    found = [
        NameGroup(names[owner], forms, sorted({names[one] for one in perhaps.get(owner, ()) if one in names}))
        for owner, forms in groups.items()
    ]
    return sorted(found, key=lambda group: (-group.count, group.name))


class _Owners:
    """Finds the fullest form that a form belongs to. `genders` are those of given names, by the pronouns after them."""

    def __init__(self, counts: Mapping[NameForm, int], genders: Mapping[str, Gender]) -> None:
        self._counts = counts
        people = {_without_title(form) for form in counts if _has_full_name(form)}
        self._people = sorted(people, key=lambda one: one.words)
        self._by_first, self._by_last = defaultdict[str, list[NameForm]](list), defaultdict[str, list[NameForm]](list)
        for full in self._people:
            self._by_first[full.words[0].lower()].append(full)
            self._by_last[full.words[-1].lower()].append(full)
        self._genders = {full: self._gender_of(full, genders) for full in self._people}

    def owner_of(self, form: NameForm) -> tuple[NameForm, list[NameForm]]:
        """Returns the form whose group this one joins, and those that it may belong to instead."""
        if _has_full_name(form):
            return self._shortest_full(_without_title(form)), []
        if form.words[-1].lower() in PLACE_WORDS and len(form.words) > 1:
            return _without_title(form), []
        if (titled := self._usual_titled(form)) is not None:
            owner, candidates = self._owner_of_titled(titled)
            return (titled if candidates else owner), candidates
        return self._owner_of_titled(form)

    def _owner_of_titled(self, form: NameForm) -> tuple[NameForm, list[NameForm]]:
        candidates = self._candidates(form)
        if len(candidates) == 1 and self._is_sure(form, candidates[0]):
            return self._shortest_full(candidates[0]), []
        own = form if form.title and form.title not in LOOSE_TITLES else _without_title(form)
        return own, candidates

    def _usual_titled(self, form: NameForm) -> NameForm | None:
        """Returns "Mr. Darcy" for "Darcy", if that is by far the most usual title, and no full name begins so more
        often."""
        if form.title is not None and form.title not in LOOSE_TITLES:
            return None
        titled = sorted(
            (one for one in self._counts if one.words == form.words and one.title and one.title not in LOOSE_TITLES),
            key=lambda one: -self._counts[one],
        )
        if not titled or (titled[0].title in GIVEN_NAME_TITLES and self._by_first[form.words[0].lower()]):
            return None
        most = self._counts[titled[0]]
        rivals = [self._counts[one] for one in titled[1:]]
        rivals += [self._count_of(full) for full in self._by_first[form.words[0].lower()]]
        return titled[0] if most >= USUAL_TITLE_FACTOR * max(rivals, default=0) else None

    def _candidates(self, form: NameForm) -> list[NameForm]:
        first, last = form.words[0].lower(), form.words[-1].lower()
        found: list[NameForm] = []
        if form.title is None or form.title in GIVEN_NAME_TITLES:
            found = self._fitting(form, self._by_first[first])
            nicked = NICKNAMES.get(first)
            if not found and nicked:
                found = self._fitting(form, self._by_first[nicked])
            same_title = [one for one in found if form.title and NameForm(one.words, form.title) in self._counts]
            found = same_title or found
        if not found and form.title not in MARRIED_TITLES:
            found = self._fitting(form, self._by_last[last])
        return _unique_people(found)

    def _fitting(self, form: NameForm, people: Iterable[NameForm]) -> list[NameForm]:
        gender = gender_of(form.title)
        return [one for one in people if gender is None or self._genders[one] in (None, gender)]

    def _is_sure(self, form: NameForm, full: NameForm) -> bool:
        """Tells whether the only candidate is the one that is meant.

        A nickname is not when the given name mostly has a title; a family's name with a title is not when the gender of
        the candidate is not known, and men and women of that family are there.
        """
        first, last = form.words[0].lower(), form.words[-1].lower()
        if full.words[0].lower() == first:
            return True
        if NICKNAMES.get(first) == full.words[0].lower():
            alone = self._counts.get(NameForm(full.words[:1]), 0)
            return alone * 2 > sum(count for one, count in self._counts.items() if one.words == full.words[:1])
        if self._genders[full] is not None and gender_of(form.title) is not None:
            return True
        titled = {gender_of(one.title) for one in self._counts if one.words[-1].lower() == last and one.title}
        return len(titled - {None}) <= 1

    def _shortest_full(self, full: NameForm) -> NameForm:
        """Returns "Elizabeth Bennet" for "Elizabeth Jane Bennet" and "Eliza Bennet": the same first and last word."""
        given = _given_name(full)
        same = [one for one in self._by_last[full.words[-1].lower()] if _given_name(one) == given]
        formal = [one for one in same if one.words[0].lower() == given] or same
        return min(formal, key=lambda one: (len(one.words), one.words)) if same else full

    def _count_of(self, full: NameForm) -> int:
        return sum(count for one, count in self._counts.items() if one.words == full.words)

    def _gender_of(self, full: NameForm, genders: Mapping[str, Gender]) -> Gender | None:
        for form in self._counts:
            gender = gender_of(form.title)
            is_same = form.words == full.words or (form.words == full.words[:1] and form.title in GIVEN_NAME_TITLES)
            if gender is not None and is_same:
                return gender
        return genders.get(full.words[0])


def gender_of(title: str | None) -> Gender | None:
    return "female" if title in FEMALE_TITLES else "male" if title in MALE_TITLES else None


def _has_full_name(form: NameForm) -> bool:
    """Tells whether a form has the first and the last name of a person."""
    return len(form.words) > 1 and form.words[0].lower() not in PARTICLES and form.words[-1].lower() not in PLACE_WORDS


def _given_name(full: NameForm) -> str:
    """Returns the first name in lower case, in full for a nickname."""
    first = full.words[0].lower()
    return NICKNAMES.get(first, first)


def _unique_people(people: Iterable[NameForm]) -> list[NameForm]:
    """Returns one of those that are the same by given name and family."""
    return list({(_given_name(one), one.words[-1]): one for one in people}.values())


def _without_title(form: NameForm) -> NameForm:
    return NameForm(form.words)


def _main_name(forms: Counter[NameForm]) -> str:
    """Returns the name to show: the fullest that is not rare, with the title that always goes with it."""
    best = max(forms, key=lambda form: (len(form.words), forms[form], form.title is not None, form.as_printed))
    plain = [form for form in forms if form.words == best.words]
    titles = {form.title for form in plain if form.title not in LOOSE_TITLES}
    if len(best.words) > 1 and best.words[-1].lower() in PLACE_WORDS:
        return " ".join(best.words)
    title = titles.pop() if len(titles) == 1 else None
    return NameForm(best.words, title).as_printed
