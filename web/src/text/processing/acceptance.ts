/** Words about accepting what a processor wrote. */

export const acceptance = {
  accept: "Accept",
  acceptAll: "Accept all",
  acceptParagraph: (number: number) => `Accept paragraph ${number}`,
  isAccepted: "Accepted",
  accepted: (paragraphs: number | null) =>
    paragraphs === null
      ? "The text was accepted."
      : paragraphs === 1
        ? "The paragraph was accepted."
        : `${paragraphs} paragraphs were accepted.`,
  acceptFailed: "It was not accepted.",
  takeBackFailed: "The acceptance could not be taken back.",
  paneOf: (note: string) => `Accepted text of ${note.toLowerCase()}`,
  acceptedText: "Accepted text",
  howToAccept: "What you accept, all of it or single paragraphs, appears here as a text of its own.",
  unreadable: "The accepted text cannot be read.",
  noteChanged: "The note has changed since this was accepted.",
  origins: { person: "You", model: "Model", import: "Import" },
  originMeaning: {
    person: "You wrote this paragraph.",
    model: "A language model wrote this paragraph.",
    import: "This paragraph was imported.",
  },
  edit: "Edit",
  editFailed: "It was not saved.",
  save: "Save",
};
