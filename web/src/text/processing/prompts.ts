/** Words about what runs send to language models, and what they will use. */

import { formatCount } from "../quantities";

export const prompts = {
  open: "Prompt",
  openOf: (name: string) => `Prompt of ${name}`,
  title: "What the language model is sent",
  unreadable: "The prompts could not be read.",
  more: "More prompts",
  nameOf: (number: number, attempt: number) =>
    attempt > 1 ? `Prompt ${number} of attempt ${attempt}` : `Prompt ${number}`,
  states: {
    planned: "not sent yet",
    sent: "waiting for its answer",
    answered: "answered",
    broken_off: "read as far as it was needed",
    failed: "failed",
  },
  tokens: (count: number, isEstimate: boolean) => `${isEstimate ? "about " : ""}${formatCount(count, "token")}`,
  seconds: (seconds: number) => `${seconds.toLocaleString("en", { maximumFractionDigits: 1 })} s`,
  parts: "Its parts",
  roles: { system: "system message", user: "user message" },
  shortened: (characters: number) => `Only its beginning is kept: it has ${formatCount(characters, "character")}.`,
  answer: "The answer",

  estimating: "Estimating what it will use…",
  estimate: (calls: number, input: number, output: number) =>
    `About ${formatCount(calls, "call")} of the language model, with ${formatCount(input, "token")} sent and ${formatCount(output, "token")} answered.`,
  cost: (amount: string, currency: string) => `About ${amount} ${currency}.`,
  free: "It costs nothing.",
  unknown: "What it will use is not known.",
  nothing: "It asks no language model.",
  notEstimated: "What it will use could not be estimated.",
};
