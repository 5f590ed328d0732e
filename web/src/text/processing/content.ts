/** Words around the content of blobs that is shown by its schema. */

export const content = {
  title: "Content",
  titleOf: (schema: string) => `${schema.charAt(0).toUpperCase()}${schema.slice(1)}`,
  unreadable: "It could not be read.",
  gone: "It is not there any more.",
  showData: "Show data",
  showText: "Show as text",
  empty: "There is nothing in it.",
  yes: "yes",
  no: "no",
  nothing: "none",
  numbered: (number: number) => `${number}`,
  more: (count: number) => `and ${count.toLocaleString("en")} more`,
  openSource: "What it was made of",
  madeBy: (processor: string) => `made by ${processor}`,
  places: "Where it stands",
  noPlace: "It stands in no bucket.",
};

/** "Expansion ratio" for expansion_ratio. */
export function humanize(key: string): string {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}
