/** Words about pitches. */

type Headings = Readonly<Record<string, string>>;

const HEADINGS: Headings = {
  logline: "Logline",
  synopsis_short: "In short",
  synopsis: "Synopsis",
  synopsis_long: "Detailed synopsis",
  audience: "Readers",
  suggested_comparables: "Comparable titles",
  characters: "Characters",
  selling_points: "Why publish it",
  query_letter: "Query letter",
};

/** The headings of a variant, where they are others. */
const OWN_HEADINGS: Readonly<Record<string, Headings>> = {
  film: {
    synopsis_long: "Treatment",
    audience: "Audience",
    selling_points: "Why produce it",
    query_letter: "Letter to a producer",
  },
  album: {
    synopsis: "Concept",
    synopsis_long: "Press text",
    audience: "Listeners",
    selling_points: "Why release it",
    query_letter: "Letter to a label",
  },
  "research-grant": {
    synopsis_short: "Lay summary",
    synopsis: "Abstract",
    synopsis_long: "Project description",
    audience: "Who benefits",
    suggested_comparables: "Related work",
    selling_points: "Expected results",
    query_letter: "Covering letter",
  },
};

export const pitches = {
  variants: { book: "Book pitch", film: "Film pitch", album: "Album pitch", "research-grant": "Research proposal" },
  headingOf: (variant: string, part: string) => OWN_HEADINGS[variant]?.[part] ?? HEADINGS[part] ?? part,
  ownHeadings: { hook: "Hook", comparables: "Comparable works", author_note: "About the author" },
  unchecked: "to be checked",
  notDrafted: "There is nothing here yet.",
  edit: "Edit",
  editName: (heading: string) => `Edit ${heading}`,
  editFailed: "It could not be saved.",
  save: "Save",
  draft: "Draft this part",
  draftName: (heading: string) => `Draft ${heading}`,
  draftAgain: "Draft this part again",
  draftAgainName: (heading: string) => `Draft ${heading} again`,
  progress: "Progress of the new draft",
  notDraftedAgain: "Nothing was drafted.",
  notExported: "The page was not made.",
  formatNames: { pdf: "PDF", docx: "DOCX" } as Readonly<Record<string, string>>,
  drafting: "Drafting…",
  ready: "A new version of this pitch is ready; this one stays as it is.",
  openNew: "Open the new version",
  exportPage: "One page to send: PDF and DOCX",
  exporting: "Making the page…",
};
