// @vitest-environment jsdom
import { screen, within } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import type { RunPrompt, RunPrompts } from "../../../api/types";
import { type Answer, createTestStudio } from "../../../testing/studio.fixture";
import { PromptDialog } from "./PromptDialog";

const PART = {
  text: "Write at length.",
  source: "instruction",
  reason: "",
  role: "user",
  blob_id: null,
  bucket_id: null,
} as const;

function prompt(fields: Partial<RunPrompt> = {}): RunPrompt {
  return {
    number: 1,
    state: "answered",
    parts: [
      { ...PART, tokens: 4, estimated: true, characters: 16, shortened: false },
      { ...PART, text: "The ship", source: "note", tokens: 8, estimated: true, characters: 30_000, shortened: true },
    ],
    model: "big-1",
    max_tokens: 100,
    temperature: 0.6,
    input_tokens: 12,
    output_tokens: 7,
    cached_tokens: 0,
    estimated: false,
    answer: "The mighty vessel",
    answer_characters: 17,
    complete: true,
    error: null,
    sent_at: "2026-11-26T18:30:00Z",
    seconds: 1.25,
    attempt: 1,
    requested_at: null,
    ...fields,
  };
}

function show(answer: Partial<RunPrompts> | Answer) {
  const whole = { run_id: "run-1", state: "sent", items: [], next_cursor: null, complete: true, detail: null };
  const page = createTestStudio({
    "GET /runs/*/prompt": typeof answer === "function" ? answer : () => ({ ...whole, ...answer }),
  });
  page.show(
    <Dialog>
      <PromptDialog runId="run-1" close={() => undefined} />
    </Dialog>,
  );
  return page;
}

test("a prompt is shown in its parts, with where they are from, their tokens and the answer", async () => {
  show({ items: [prompt()] });
  const shown = await screen.findByRole("article", { name: "Prompt 1" });
  expect(within(shown).getByText(/answered.*big-1.*12 tokens.*1\.3 s/)).toBeTruthy();
  const [instruction, note] = within(shown).getAllByRole("listitem");
  expect(instruction?.textContent).toContain("instruction");
  expect(instruction?.textContent).toContain("about 4 tokens");
  expect(note?.textContent).toContain("Only its beginning is kept: it has 30,000 characters.");
  expect(within(shown).getByRole("region", { name: "The answer" }).textContent).toContain("The mighty vessel");
});

test("one that failed gives its reason, and prompts of a later attempt say so", async () => {
  show({ items: [prompt({ attempt: 2, state: "failed", answer: null, error: "It is busy." })] });
  const shown = await screen.findByRole("article", { name: "Prompt 1 of attempt 2" });
  expect(within(shown).getByText("It is busy.")).toBeTruthy();
});

test("a run that has sent nothing says so", async () => {
  show({ detail: "This run has sent nothing to a language model so far." });
  expect(await screen.findByText("This run has sent nothing to a language model so far.")).toBeTruthy();
});

test("while it is read it says so, and an error can be tried again", async () => {
  let isThere = false;
  const gone = { status: 404, code: "not_found", detail: "There is no run of yours under this id." };
  const whole = { run_id: "run-1", state: "sent", items: [prompt()], next_cursor: null, complete: true, detail: null };
  const { user } = show(() => (isThere ? whole : gone));
  expect(screen.getByRole("status")).toBeTruthy();
  expect((await screen.findByRole("alert")).textContent).toContain("The prompts could not be read.");
  isThere = true;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("article", { name: "Prompt 1" })).toBeTruthy();
});
