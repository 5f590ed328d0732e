/** Words about processors: what they take and make, how they do, and where they are switched on. */

import { formatCount } from "../quantities";

export const registry = {
  title: "Processors",
  pages: "Pages about processors",
  processors: "Processors",
  runs: "Runs",
  deadLetters: "Given up",
  unreadable: "The processors could not be read.",
  placesUnreadable: "Where they are switched on could not be read.",
  isEmpty: "No processor is registered. One appears here as soon as its worker is started.",
  explained:
    "A processor takes what you wrote and makes something of it. Switch it on, and it works by itself; or run it when you want.",
  yours: "yours",
  version: (version: string) => `version ${version}`,

  takes: "Takes",
  makes: "Makes",
  range: "Length",
  starts: "Starts",
  startsByItself: "by itself, for what is new or changed where it is switched on",
  startsByHand: "only when you run it",
  health: "Health",
  healthUnreadable: "Its health could not be read.",
  healthOf: (name: string) => `Health of ${name}`,
  noWorker: "No worker is running: nothing will happen until one does.",
  workers: (count: number) => `${formatCount(count, "worker")} running`,
  waiting: (count: number) => (count === 0 ? "nothing waiting" : `${formatCount(count, "run")} waiting`),
  noRunsYet: "no run has ended lately",
  success: (percent: number) => `${percent}% of the runs succeed`,
  times: (typical: string, slow: string) => `typically ${typical}, the slowest above ${slow}`,
  typicalTime: (typical: string) => `typically ${typical}`,

  where: "Where",
  off: "Switched off",
  onEverywhere: "Switched on everywhere",
  onFor: (count: number) => `Switched on for ${formatCount(count, "bucket")}`,
  exceptFor: (count: number) => `, but not for ${formatCount(count, "bucket")}`,
  everywhere: "Everywhere",
  goneBucket: "A bucket in the trash",
  placesOf: (name: string) => `Where ${name} is switched on`,
  switchOn: "Switch on…",
  switchOnName: (name: string) => `Switch on ${name}`,
  run: "Run…",
  runName: (name: string) => `Run ${name}`,
  removeName: (name: string) => `Remove ${name}`,
  removeTitle: "Remove {name}?",
  removeExplained:
    "It is switched off everywhere, and its runs that wait or are under way are stopped. What it made stays. Whoever runs its worker can register it again.",
  remove: "Remove",
  removed: (name: string) => `Removed “${name}”. What it made is still there.`,
  removeFailed: "It could not be removed.",
  settings: "Settings…",
  settingsIn: (name: string, place: string) => `Settings of ${name}: ${place}`,
  forget: (name: string, place: string) => `Forget that ${name} was switched on: ${place}`,
  toggle: (name: string, place: string) => `${name}: ${place}`,
  ownSettings: (count: number) => formatCount(count, "setting of its own", "settings of its own"),

  scope: "Where shall it work?",
  scopeEverywhere: "Everywhere",
  takenAlready: " (it has a switch there already)",
  scopeBucket: "In one bucket and everything in it",
  scopeChosen: "In {path}",
  chooseBucket: "Choose a bucket",
  chooseAnother: "Choose another bucket",
  bucketMissing: "Choose the bucket first.",
  switchOnTitle: "Switch on {name}",
  settingsTitle: "Settings of {name}",
  settingsWhere: "They apply here: {place}.",
  switchOnNow: "Switch on",
  save: "Save",
  switchedOn: (name: string) => `Switched on “${name}”.`,
  switchOnFailed: "It could not be switched on.",
  saved: "The settings are saved. They apply from the next run.",
  saveFailed: "The settings could not be saved.",
  toggleFailed: "It could not be switched.",
  forgotten: (name: string) => `“${name}” is no longer switched on there.`,
  forgetFailed: "It could not be removed.",
};

/** "text input (v1)" for text-input-v1; "text input (any version)" for text-input-v*. */
export function describeSchema(id: string): string {
  const [, name = id, major = ""] = /^(.+)-v(\d+|\*)$/.exec(id) ?? [];
  const words = name.replaceAll("-", " ").replaceAll("*", "anything");
  if (major === "*") return `${words} (any version)`;
  return major ? `${words} (v${major})` : words;
}

/** A duration as one would say it: "80 ms", "1.2 s", "3 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
