// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleBlob, sampleDeadLetter, sampleProcessor, sampleRun } from "../../../api/samples.fixture";
import type { DeadLetter } from "../../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../../testing/studio.fixture";
import { DeadLettersPage } from "./DeadLettersPage";
import { ReplayDialog } from "./ReplayDialog";

const BLOB = sampleBlob({ data: { content: "The ship sailed.", style: "calm" } });
const SCHEMA = { properties: { content: { title: "Text", type: "string" } } };
const NAME = "Tone reader: The ship sailed.";

function createStudio(letters: DeadLetter[], answers: Answers = {}): TestStudio {
  let left = letters;
  const remove = (path: string) => {
    left = left.filter(({ id }) => !path.includes(id));
  };
  return createTestStudio({
    "GET /dead": () => ({ items: left, next_cursor: null }),
    "GET /processors": () => ({ items: [sampleProcessor()], next_cursor: null }),
    "GET /blobs/*": () => BLOB,
    "GET /schemas/*/versions/*": () => ({ json_schema: SCHEMA }),
    "DELETE /dead/*": (_, path) => remove(path),
    "POST /dead/*/replay": (_, path) => {
      remove(path);
      return sampleRun();
    },
    ...answers,
  });
}

test("a run that was given up says why, and can be run again or discarded", async () => {
  const page = createStudio([
    sampleDeadLetter(),
    sampleDeadLetter({ id: "dead-2", run_id: "run-2", reason: "Timeout." }),
  ]);
  page.show(<DeadLettersPage />);
  expect(await screen.findByText("The output does not fit.")).toBeTruthy();
  expect(screen.getAllByText(/after 5 attempts/)).toHaveLength(2);
  await page.user.click((await screen.findAllByRole("button", { name: `Run again: ${NAME}` }))[0] as HTMLElement);
  await waitFor(() => expect(screen.queryByText("The output does not fit.")).toBeNull());
  await page.user.click(screen.getByRole("button", { name: `Discard ${NAME}` }));
  expect(await screen.findByText(/^Nothing was given up/)).toBeTruthy();
});

test("all are run again at once, and what could not be says why", async () => {
  const letters = [sampleDeadLetter(), sampleDeadLetter({ id: "dead-2", run_id: "run-2", reason: "Timeout." })];
  const report = { replayed: 1, left: 1, kept: [{ id: "dead-2", run_id: "run-2", reason: "The blob is gone." }] };
  const page = createStudio(letters, { "POST /dead/replay": () => report });
  page.show(<DeadLettersPage />);
  await page.user.click(await screen.findByRole("button", { name: "Run all again" }));
  await waitFor(() =>
    expect(page.studio.notices.shown.get().map((notice) => notice.text)).toEqual([
      "1 run started again.",
      "1 could not be run again. The blob is gone.",
    ]),
  );
});

test("its text can be put right first, and keeps what no field shows", async () => {
  const bodies: unknown[] = [];
  const page = createStudio([], {
    "POST /dead/*/replay": (body) => {
      bodies.push(body);
      return sampleRun();
    },
  });
  let isClosed = false;
  page.show(
    <Dialog>
      <ReplayDialog
        letter={sampleDeadLetter()}
        close={() => {
          isClosed = true;
        }}
      />
    </Dialog>,
  );
  const field = await screen.findByRole<HTMLInputElement>("textbox", { name: "Text" });
  expect(field.value).toBe("The ship sailed.");
  await page.user.type(field, " Away.");
  await page.user.click(screen.getByRole("button", { name: "Run again" }));
  await waitFor(() => expect(isClosed).toBe(true));
  expect(bodies).toEqual([{ data: { content: "The ship sailed. Away.", style: "calm" } }]);
});
