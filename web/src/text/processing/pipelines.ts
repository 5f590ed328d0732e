/** Words about pipelines: the list of them, their editor, and their progress. */

import { formatCount } from "../quantities";

export const pipelines = {
  title: "Pipelines",
  explained:
    "A pipeline runs processors one after the other: each takes what the one before it makes. Run one on a text or on a whole bucket.",
  list: "Your pipelines",
  unreadable: "The pipelines could not be read.",
  isEmpty: "No pipeline yet. Make one of the processors that you often run one after the other.",
  arrow: " → ",
  stage: (processor: string) => `${processor}: `,
  skipped: (count: number) => `${count} skipped`,
  stages: (count: number) => formatCount(count, "processor"),
  create: "New pipeline…",
  edit: "Change…",
  editName: (name: string) => `Change ${name}`,
  run: "Run…",
  runName: (name: string) => `Run ${name}`,
  removeName: (name: string) => `Delete ${name}`,
  removed: (name: string) => `Deleted “${name}”. What it has started goes on.`,
  removeFailed: "It could not be deleted.",
  createTitle: "New pipeline",
  editTitle: "Change the pipeline",
  chain: "Processors, one after the other",
  stageNumber: (number: number) => `Processor ${number}`,
  processor: "Processor",
  when: "Only if (a condition, may be empty)",
  whenExample: 'For example: words(content) > 100 and style == "creative"',
  addStage: "Add a processor",
  removeStage: (number: number) => `Take out processor ${number}`,
  nothingFits: "No processor takes what the last one makes.",
  save: "Save",
  saveFailed: "It could not be saved.",
  saved: (name: string) => `Saved “${name}”.`,
  changedElsewhere: "Somebody changed it meanwhile, on another device. Close this and begin again.",
  ofPipelines: "Or a pipeline",
};
