// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleHealth, sampleInstance, sampleNode, sampleProcessor } from "../../../api/samples.fixture";
import { type Answers, createTestStudio, type TestStudio } from "../../../testing/studio.fixture";
import { ProcessorsPage } from "./ProcessorsPage";

const TONE = sampleProcessor({ input_schemas: ["text-input-v1", "edited-text-v*"], range: "3 to 1,000 words" });
const BOOK = sampleProcessor({ id: "book-compiler", name: "Book compiler", trigger: "manual" });
const HERE = sampleInstance({ processor_id: TONE.id, bucket_id: "bucket-1", settings: { depth: 3 } });

function showPage(answers: Answers = {}): TestStudio {
  const page = createTestStudio({
    "GET /processors": () => ({ items: [TONE, BOOK], next_cursor: null }),
    "GET /processors/*": () => sampleHealth(),
    "GET /tree": () => ({ items: [sampleNode({ id: "bucket-1", name: "Novel" })], next_cursor: null }),
    ...answers,
  });
  page.show(<ProcessorsPage />);
  return page;
}

const card = (name: string) => screen.findByRole("article", { name });

test("every processor says what it takes and makes, and when it starts", async () => {
  showPage();
  const tone = await card("Tone reader");
  expect(tone.textContent).toContain("text input (v1), edited text (any version)");
  expect(tone.textContent).toContain("style analysis (v1)");
  expect(tone.textContent).toContain("3 to 1,000 words");
  expect((await card("Book compiler")).textContent).toContain("only when you run it");
});

test("its health is told in words", async () => {
  const health = sampleHealth({ live_workers: 2, queue_length: 12, success_rate: 0.976, p50: 0.4, p95: 12 });
  showPage({ "GET /processors/*": () => health });
  const phrases = await within(await card("Tone reader")).findByRole("list", { name: "Health of Tone reader" });
  expect([...phrases.children].map((phrase) => phrase.textContent)).toEqual([
    "2 workers running",
    "12 runs waiting",
    "98% of the runs succeed",
    "typically 400 ms, the slowest above 12 s",
  ]);
});

test("times that read the same are said once", async () => {
  const health = sampleHealth({ live_workers: 1, queue_length: 0, success_rate: 1, p50: 2.61, p95: 2.64 });
  showPage({ "GET /processors/*": () => health });
  const phrases = await within(await card("Tone reader")).findByRole("list", { name: "Health of Tone reader" });
  expect(phrases.lastElementChild?.textContent).toBe("typically 2.6 s");
});

test("without a worker it says that nothing will happen", async () => {
  showPage({ "GET /processors/*": () => sampleHealth({ live_workers: 0 }) });
  expect(await within(await card("Tone reader")).findByText(/nothing will happen until one does/)).toBeTruthy();
});

test("where it is switched on can be switched off, and comes back when that is refused", async () => {
  const { requests, user } = showPage({
    "GET /instances": () => ({ items: [HERE], next_cursor: null }),
    "PATCH /instances/*": () => ({ status: 403, code: "forbidden", detail: "Not now." }),
  });
  expect(await screen.findByText("Switched on for 1 bucket")).toBeTruthy();
  const toggle = await screen.findByRole<HTMLInputElement>("switch", { name: "Tone reader: Novel" });
  await user.click(toggle);
  await waitFor(() => expect(requests).toContain("PATCH /instances/instance-1"));
  await waitFor(() => expect(toggle.checked).toBe(true));
});

test("forgetting where it was switched on can be undone", async () => {
  const created: unknown[] = [];
  const { studio, user } = showPage({
    "GET /instances": () => ({ items: [HERE], next_cursor: null }),
    "DELETE /instances/*": () => ({}),
    "POST /instances": (body) => {
      created.push(body);
      return HERE;
    },
  });
  await user.click(await screen.findByRole("button", { name: "Forget that Tone reader was switched on: Novel" }));
  await waitFor(() => expect(screen.queryByRole("switch")).toBeNull());
  studio.notices.shown.get()[0]?.actions[0]?.run();
  expect(await screen.findByRole("switch", { name: "Tone reader: Novel" })).toBeTruthy();
  expect(created).toEqual([
    { processor_id: "tone-reader", bucket_id: "bucket-1", enabled: true, settings: { depth: 3 } },
  ]);
});

test("the page says when there is no processor, and when they cannot be read", async () => {
  showPage({ "GET /processors": () => ({ items: [], next_cursor: null }) });
  expect(await screen.findByText(/^No processor is registered/)).toBeTruthy();
});

test("a failure can be tried again", async () => {
  showPage({ "GET /processors": () => ({ status: 403, code: "forbidden", detail: "Not with this key." }) });
  expect((await screen.findByRole("alert")).textContent).toContain("could not be read. Not with this key.");
});

test("only a processor of one's own can be removed, after a question", async () => {
  const own = sampleProcessor({ id: "shouting", name: "Shouting", scope: "user" });
  const { user, dialogs, requests } = showPage({
    "GET /processors": () => ({ items: [TONE, own], next_cursor: null }),
  });
  expect((await card("Shouting")).textContent).toContain("yours");
  expect(screen.queryByRole("button", { name: "Remove Tone reader" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Remove Shouting" }));
  expect(dialogs).toEqual([{ kind: "remove-processor", processor: own }]);
  expect(requests.filter((request) => request.startsWith("DELETE"))).toEqual([]);
});
