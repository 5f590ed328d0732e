/** Words of the command palette. */

export const search = {
  title: "Find or do anything",
  label: "Find a bucket or an action",
  placeholder: "A bucket's name, or what you want to do",
  results: "Results",
  nothingFound: "Nothing found.",
  newBook: "New book",
  newBucketAtTop: "New bucket at the top",
  addNoteTo: (name: string) => `Add a note to ${name}`,
  newBucketIn: (name: string) => `New bucket in ${name}`,
  rename: (name: string) => `Rename ${name}`,
  move: (name: string) => `Move ${name}`,
  copy: (name: string) => `Copy ${name}`,
  moveToTrash: (name: string) => `Move ${name} to the trash`,
  openTrash: "Open the trash",
  changeTheme: "Change the theme",
  unsavedTexts: "Unsaved and set-aside texts",
  keyboard: "Keyboard",
};
