"""A short novel of our own, with a bit of everything that a book may have."""

# ruff: noqa: RUF001 - the dashes of prose
from typing import Final

DEDICATION: Final = "*For those who keep the light.*"

NORTH_WIND: Final = """\
# The North Wind

The wind came round to the north a little after four, and Marit Halvorsen, who had been waiting for it since
breakfast, put down her pen. It was not a wind for writing. It was a wind for ropes and shutters, for counting the
hens, and for climbing the hundred and nine steps to see that nothing up there had come loose.

She counted them aloud, as her father had. At thirty she passed the window that looked on the village; at sixty the
one that looked on nothing. At ninety she stopped, because at ninety there was a sound.

"Who is it?" she said.

Nobody answered. The sound went on: a small, dry, regular knocking, as of somebody who does not expect to be let in,
but thinks it polite to ask.

She had read about such sounds. In the third volume of the keeper's journal[^journal] there was one on every other
page, and always it turned out to be a gull, or a rope, or once, memorably, a bishop. Marit did not believe in
bishops. She climbed the last nineteen steps, put her shoulder to the hatch, and pushed.

[^journal]: *Journal of the Light at Sørvær*, 1871–1903, in eleven volumes, of which the fourth is lost. All
quotations are from the fair copy.

***

It was a boy. He sat on the gallery with his back against the lamp, and he was knocking on the iron with the heel of
one shoe.

"You are late," said the boy.

"For what?"

"I don't know," he said. "They told me only that you would be."

He was perhaps nine years old, and perfectly dry. That was the first thing that she wrote down afterwards, and the one
that she underlined: *he was dry*, in a rain that had been coming sideways since noon. The second was the shoe. It was
a good shoe, black, with a strap and a button; the other foot was bare.

Marit thought of several things to say, and said the one that was of use. "Are you hungry?"

"Yes," said the boy, and stood up, and took her hand as if he had done it every evening of his life.
"""

SECOND_BOWL: Final = """\
He ate four bowls of soup. He ate them without hurry and without a word, and after each he put the spoon beside the
bowl, not in it, and waited to be asked. Her father would have liked him.

"What is your name?"

"That's the trouble," the boy said. He looked at the window. "It was on the shoe."

On the dresser stood the things that the sea had brought that year, in the order in which it had brought them:

1. a bottle, green, with no letter in it;
2. half an oar;
3. a tin box, which held

   - a pack of cards without the queens, and
   - a child's drawing of a house.

4. a shoe, black, with a strap and a button.

She had not thought of the shoe for months. Now she took it down, and turned it over, and read what was scratched into
the sole.

> We do not own the light. We are lent to it, a winter at a time.
>
> If you find this, be so good as to send it on.

"That isn't a name," said Marit.

"No," said the boy, who had begun on the bread. "It's an address."

## What the Journal Says

That night she read until the lamp smoked. The keeper of 1884 had been a careful man with a **dreadful** hand, and he
had liked verses. Most were about cod. One was not.

| The light goes out to look for ships,
|   and finds the dark instead,
| and says to it, as to a child,
|   *It's late. Come in to bed.*
|
| The dark comes in and shuts the door
|   and lies down on the floor.
| It has one shoe. It has no name.
|   It did not knock before.

Below it, in pencil, and in another hand: "He comes when the wind is north. Feed him. He is no trouble. ~~Do not~~ Ask
him about the fourth volume."[^hand]

[^hand]: The hand is that of Ingrid Halvorsen, Marit's grandmother, who by all accounts could not write.
"""

FOURTH_VOLUME: Final = """\
In the morning he was gone, and so was the soup. The shoe stood on the sill with its toe to the sea.

Marit washed the bowl. She fed the hens, and mended the shutter, and went up and down the hundred and nine steps with
the oil; and at ninety, each time, she stopped to listen. There was only the wind. It had gone round to the west,
where it belonged.

In the evening she opened her own journal. She had kept it for six years in the manner of the house: the weather, the
ships, the oil. It was the twelfth volume. She dipped the pen, and wrote the date, and under it: *Wind W, moderate.
Two trawlers, southbound. Oil, four measures.*

Then she thought of the boy's hand in hers, which had been warm, and which had been holding, she now understood, not
on but *up*. As one holds a lamp.

#

She found the fourth volume behind the flour. It was not lost at all. It had been put where somebody who was hungry
would come upon it, and it was nothing but names: eleven hundred of them, in eleven hands, each with a date and a
wind. The last but one was her grandmother's. The last was in her father's small square letters, from the winter when
she was nine, and had been ill, and had dreamed that she sat on the gallery in the rain with one bare foot, knocking.

*Marit*, it said. *N, strong. Ate well.*

There was room below it for one more line. She sat for a while. Outside, quite gently, the wind was getting up; and it
seemed to her that it came from a little east of where it had been, like somebody turning over in bed, and would go on
turning until it lay as it liked.

She went to put the soup on.
"""

AFTERWORD: Final = """\
There is no light at Sørvær, and never was.[^map] The steps have been counted, however, and there are a hundred and
nine.

The verses in Hebrew that the old keeper copied at the end of his journal run:

| אור קטן בחלון
| מחכה לי כל הלילה.

![The gallery of the lighthouse, with one shoe on it](file-gallery)

[^map]: See any map.
"""
