// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleInstance, sampleNode, sampleProcessor } from "../../../api/samples.fixture";
import { type Answers, createTestStudio } from "../../../testing/studio.fixture";
import { SwitchOnDialog } from "./SwitchOnDialog";

const PROCESSOR = sampleProcessor({
  settings_schema: {
    type: "object",
    properties: {
      depth: { type: "integer", minimum: 1, maximum: 5, default: 2, description: "How closely" },
      signature: { type: "string", default: "Reader" },
    },
  },
});
const TREE = [sampleNode({ id: "bucket-1", name: "Novel", children: [sampleNode({ id: "bucket-2", name: "Storm" })] })];

function showDialog(answers: Answers = {}) {
  const bodies: unknown[] = [];
  const page = createTestStudio({
    "GET /tree": () => ({ items: TREE, next_cursor: null }),
    "POST /instances": (body) => {
      bodies.push(body);
      return sampleInstance({ processor_id: PROCESSOR.id });
    },
    ...answers,
  });
  let isClosed = false;
  page.show(
    <Dialog>
      <SwitchOnDialog
        processor={PROCESSOR}
        close={() => {
          isClosed = true;
        }}
      />
    </Dialog>,
  );
  return { ...page, bodies, isClosed: () => isClosed };
}

test("it is switched on everywhere, with the settings that were changed", async () => {
  const { user, bodies, isClosed } = showDialog();
  const depth = screen.getByRole<HTMLInputElement>("textbox", { name: "Depth" });
  expect(depth.value).toBe("2");
  expect(screen.getByText("How closely. From 1 to 5. Usually 2.")).toBeTruthy();
  await user.clear(depth);
  await user.type(depth, "4");
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  await waitFor(() => expect(isClosed()).toBe(true));
  expect(bodies).toEqual([{ processor_id: "tone-reader", bucket_id: null, enabled: true, settings: { depth: 4 } }]);
});

test("for one bucket, the bucket is chosen by its path", async () => {
  const { user, bodies } = showDialog();
  await user.click(screen.getByRole("radio", { name: "In one bucket and everything in it" }));
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Choose the bucket first.");
  await user.click(await screen.findByRole("option", { name: /Storm/ }));
  expect(screen.getByText("Novel", { exact: false }).closest("p")?.textContent).toContain("In Novel › Storm");
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  await waitFor(() => expect(bodies).toMatchObject([{ bucket_id: "bucket-2" }]));
});

test("what is wrong is said at its field, by the page and by the studio", async () => {
  const refusal = {
    status: 422,
    code: "invalid",
    detail: "The settings do not fit.",
    errors: [{ path: "/settings/signature", message: "must begin with a capital" }],
  };
  const { user, isClosed } = showDialog({ "POST /instances": () => refusal });
  const depth = screen.getByRole("textbox", { name: "Depth" });
  await user.clear(depth);
  await user.type(depth, "9");
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  expect(await screen.findByText("is at most 5")).toBeTruthy();
  expect(document.activeElement).toBe(depth);
  await user.clear(depth);
  await user.type(depth, "3");
  await user.click(screen.getByRole("button", { name: "Switch on" }));
  const signature = screen.getByRole("textbox", { name: "Signature" });
  await waitFor(() => expect(signature.getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByText("must begin with a capital")).toBeTruthy();
  expect(isClosed()).toBe(false);
});
