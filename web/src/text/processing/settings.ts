/** Words of the forms that are made from schemas. */

export const settings = {
  title: "Settings",
  none: "This processor has no settings.",
  unchanged: "What you leave as it is follows the processor.",
  required: "is needed",
  notANumber: "is not a number",
  notAnInteger: "is not a whole number",
  tooSmall: (least: number) => `is at least ${least}`,
  tooLarge: (most: number) => `is at most ${most}`,
  tooLong: (most: number) => `has at most ${most} characters`,
  notJson: "is not valid JSON",
  jsonHint: "As JSON",
  all: "Everything",
  between: (least: number, most: number) => `From ${least} to ${most}.`,
  atLeast: (least: number) => `At least ${least}.`,
  atMost: (most: number) => `At most ${most}.`,
  byDefault: (value: string) => `Usually ${value}.`,
  onePerLine: "One on each line.",
  noChoice: "Not chosen",
  yes: "yes",
  no: "no",
};
