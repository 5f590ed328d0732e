// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob, sampleRun } from "../../api/samples.fixture";
import { type Answers, createTestStudio } from "../../testing/studio.fixture";
import { BlobContent } from "../content/BlobContent";
import { mergeListedRuns } from "../processors/runs";

const PITCH = {
  title: "The Light",
  logline: "A keeper must choose.",
  synopsis_short: "Short.",
  suggested_comparables: [
    { work: "The Harbour", reason: "A coast.", checked: false },
    { work: "The Pier", checked: true },
  ],
  characters: [{ name: "Ilse", description: "The keeper." }],
  remarks: [{ part: "synopsis_short", text: "It has 1 word; 50 to 110 were wanted." }],
  sections: [{ heading: "Tone", content: "Cold." }],
};
const FILE = {
  format: "pdf",
  file_id: "file-1",
  name: "The Light.pdf",
  media_type: "application/pdf",
  size: 9,
  sha256: "",
};

function showPitch(data: Record<string, unknown> = PITCH, answers: Answers = {}) {
  const bodies: unknown[] = [];
  const page = createTestStudio({
    "POST /runs": (body) => {
      bodies.push(body);
      const { processor_id } = body as { processor_id: string };
      return { items: [sampleRun({ processor_id })], next_cursor: null, batch_id: null };
    },
    "PATCH /blobs/*": (body) => {
      bodies.push(body);
      return sampleBlob();
    },
    ...answers,
  });
  page.show(<BlobContent blob={sampleBlob({ schema_id: "pitch-v1", data, revision: 3 })} />);
  const end = (fields: object) =>
    act(() => page.studio.runs.set(() => mergeListedRuns(new Map(), [sampleRun({ blob_id: "blob-1", ...fields })])));
  return { ...page, bodies, end };
}

const part = (name: string) => within(screen.getByRole("region", { name }));

test("a pitch is read in its parts, with what is to be checked", () => {
  showPitch();
  expect(screen.getByRole("heading", { name: "The Light" })).toBeTruthy();
  expect(part("Logline").getByText("A keeper must choose.")).toBeTruthy();
  expect(part("In short").getByText("It has 1 word; 50 to 110 were wanted.")).toBeTruthy();
  const works = part("Comparable titles").getAllByRole("listitem");
  expect(works.map((work) => work.textContent)).toEqual(["The Harbourto be checked A coast.", "The Pier "]);
  expect(part("Query letter").getByText("There is nothing here yet.")).toBeTruthy();
  expect(screen.getByText("Cold.")).toBeTruthy();
});

test("the words are those of the kind of work", () => {
  showPitch({ title: "Dawn", variant: "album", synopsis: "Nine songs." });
  expect(part("Concept").getByText("Nine songs.")).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Characters" })).toBeNull();
});

test("one part is drafted again, and the new pitch is opened", async () => {
  const { bodies, dialogs, end, user } = showPitch();
  await user.click(screen.getByRole("button", { name: "Draft Logline again" }));
  const request = { processor_id: "pitch-writer", settings: { parts: ["logline"] }, blob_ids: ["blob-1"] };
  await waitFor(() => expect(bodies).toEqual([request]));
  expect(await screen.findByRole("progressbar", { name: "Progress of the new draft" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Draft Characters again" }).hasAttribute("disabled")).toBe(true);
  end({ processor_id: "pitch-writer", status: "completed", output_blob_ids: ["blob-2"] });
  await user.click(screen.getByRole("button", { name: "Open the new version" }));
  expect(dialogs).toEqual([{ kind: "blob", blobId: "blob-2" }]);
});

test("why nothing was drafted is said", () => {
  const { end } = showPitch();
  end({ processor_id: "pitch-writer", status: "refused", error: "Connect a model first." });
  expect(screen.getByRole("alert").textContent).toBe("Nothing was drafted. Connect a model first.");
});

test("a part is edited by hand, and an empty one is taken out", async () => {
  const { bodies, user } = showPitch();
  await user.click(screen.getByRole("button", { name: "Edit Logline" }));
  const field = screen.getByRole("textbox", { name: "Logline" });
  await user.clear(field);
  await user.type(field, "She chooses.");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(bodies).toEqual([{ merge_patch: { logline: "She chooses." }, base_revision: 3 }]));
  expect(screen.queryByRole("textbox")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Edit In short" }));
  await user.clear(screen.getByRole("textbox", { name: "In short" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(bodies[1]).toEqual({ merge_patch: { synopsis_short: null }, base_revision: 3 }));
});

test("an edit that somebody else was faster with stays in the field", async () => {
  const conflict = { status: 409, code: "stale_revision", detail: "Someone changed this while you were editing." };
  const { user } = showPitch(PITCH, { "PATCH /blobs/*": () => conflict });
  await user.click(screen.getByRole("button", { name: "Edit Logline" }));
  await user.type(screen.getByRole("textbox", { name: "Logline" }), " Now.");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Someone changed this");
  expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("A keeper must choose. Now.");
});

test("one page of it is made, and downloaded", async () => {
  const document = sampleBlob({ id: "blob-9", schema_id: "exported-document-v1", data: { title: "S", files: [FILE] } });
  const { bodies, end, user } = showPitch(PITCH, { "GET /blobs/*": () => document });
  await user.click(screen.getByRole("button", { name: "One page to send: PDF and DOCX" }));
  await waitFor(() => expect(bodies).toMatchObject([{ processor_id: "pitch-export", blob_ids: ["blob-1"] }]));
  end({ processor_id: "pitch-export", status: "completed", output_blob_ids: ["blob-9"] });
  expect(await screen.findByRole("link", { name: "Download The Light.pdf" })).toBeTruthy();
});

test("a page that was made before is shown by its files", () => {
  const { show } = createTestStudio();
  show(<BlobContent blob={sampleBlob({ schema_id: "exported-document-v1", data: { title: "S", files: [FILE] } })} />);
  expect(screen.getByRole("link", { name: "View The Light.pdf" })).toBeTruthy();
});
