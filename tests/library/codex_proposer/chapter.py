"""A chapter with twenty-five named characters, some of whom have several names, and five places."""

from typing import Final

CHAPTER: Final = """\
The Harbour Master's Supper

Nobody in Saltmere had been asked to the harbour master's supper twice, apart from Agnes Thorne, who had been asked \
nine times and had gone once. "I shall not go," said Agnes. "Captain Orlo will be there, and he tells the story of \
the whale."

"Everybody tells the story of the whale," said Mr. Pell, who kept the rope shop. Mrs. Pell, behind him, counted \
candles.

Miss Thorne took her coat all the same. On the stairs of the Gull and Anchor she met Tobias Vane, who carried a \
crate of lemons, and his brother Edmund, who carried nothing. "Mind the third step," said Edmund. Tobias did not \
mind it.

The lemons rolled down Fish Street as far as the chapel, where Father Aldous caught two of them in his hat. "A \
miracle," he said, "though a small one." Old Widow Harrow caught the rest. She had not been seen to run since the \
war.

Inside, the table was laid for twenty. Captain Orlo sat at its head, with Lady Maude Ferring on his right and Sir \
Hugh Ferring as far from both as the cloth allowed. Lady Maude looked at the door. Her daughter, Philippa, looked \
at the window, behind which young Dr. Quill walked up and down without an umbrella.

"Let him in, for pity's sake," said Philippa.

"Let whom in?" asked Sir Hugh.

Mr. Bexley, the harbour master, clapped his hands. He was a round man, and his wife Dorothea was a square woman, \
and it was said in Saltmere that between them they had invented the wheel. Dorothea Bexley had put the cook, \
Hester, and the cook's boy, Pip, behind a screen, from where both could hear everything. Hester listened with a \
spoon in her hand.

"My friends," Mr. Bexley began, "the Marigold is lost."

Nobody spoke. Agnes saw Tobias put his hand on Edmund's sleeve. Their father had sailed on the Marigold, and so had \
Jonas Reed, to whom Agnes had once lent eleven shillings, and Sergeant Maddox, who owed the same sum to everybody.

"Lost where?" asked Captain Orlo. He had forgotten the whale.

"Off Cape Sorrow, on Tuesday night. Nell Carrow saw the lights from the lighthouse." Mr. Bexley wiped his face. \
"Nell is here. Nell, tell them."

Nell Carrow came in from the kitchen, with Hester behind her. She was small and wet. "I saw two lights," said Nell. \
"Then I saw one. Then Mr. Grimsby told me to write it down, and when I had written it, there were none."

"Grimsby sleeps on his watch," said Lady Maude. "He slept on mine, when I was christened."

"He did not sleep that night," said Nell.

Dr. Quill, who had come in by the kitchen too, and dripped, asked for the time. Professor Isolde Wren, who measured \
tides and had not said a word since the soup, gave it to the minute. "Low water was at eleven," said Professor \
Wren. "There are rocks at Cape Sorrow that a child could walk on at eleven. I have walked on them myself, with \
Ambrose."

"And who is Ambrose?" asked Philippa.

"My donkey," said Professor Wren.

It was Pip, in the end, who said what all of them thought. "Then they may be on the rocks, miss," he said to Agnes, \
who was nearest. "They may be sitting on the rocks this minute, Jonas and the sergeant and all."

Agnes Thorne stood up. She was not tall, but Captain Orlo stood up as well, and then Tobias and Edmund Vane, and \
Mr. Pell, and last of all Sir Hugh, who had not been known to stand up for anything since the old king died.

"The Marigold's boat is at Wexcombe," said Edmund. "Two hours by the road."

"One, by the marsh," said Widow Harrow from the door. She held a lemon in each hand. "Give me Ambrose, and a \
lantern, and one of the Vanes. Not the one who drops things."

They went out into the rain. Behind them Dorothea began to count the spoons, Mrs. Pell to put out the candles, and \
Father Aldous, who had been asked to say the grace, said it to the empty chairs. In the corner Barnaby Finch, the \
piano tuner from Wexcombe, whom nobody had introduced, went on with his soup.
"""
CHARACTERS: Final = (
    *("Agnes Thorne", "Captain Orlo", "Mr. Pell", "Mrs. Pell", "Tobias Vane", "Edmund Vane", "Father Aldous"),
    *("Widow Harrow", "Lady Maude Ferring", "Sir Hugh Ferring", "Philippa", "Dr. Quill", "Mr. Bexley"),
    *("Dorothea Bexley", "Hester", "Pip", "Jonas Reed", "Sergeant Maddox", "Nell Carrow", "Mr. Grimsby"),
    *("Professor Isolde Wren", "Ambrose", "Barnaby Finch"),
)
PLACES: Final = ("Saltmere", "Cape Sorrow", "Fish Street", "Wexcombe")
