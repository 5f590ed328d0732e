// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleBucket } from "../../api/samples.fixture";
import type { PreviewNode, Template } from "../../api/types";
import { type Answers, createTestStudio } from "../../testing/studio.fixture";
import { SaveTemplateDialog } from "./SaveTemplateDialog";
import { TemplatesDialog } from "./TemplatesDialog";

function sampleNode(fields: Partial<PreviewNode>): PreviewNode {
  return { kind: "bucket", name: "Book", type: "book", times: 1, repeat: null, children: [], more: 0, ...fields };
}

const BOOK: Template = {
  id: "book",
  user_id: "house",
  origin: "shipped",
  name: "Book",
  description: "Chapters and characters.",
  type: "book",
  parameters: [
    { kind: "number", name: "chapters", label: "Chapters", default: 8, minimum: 1, maximum: 40 },
    { kind: "text", name: "hero", label: "Main character", default: "Mara" },
  ],
  preview: sampleNode({
    children: [
      sampleNode({ name: "Chapter 1", type: "chapter", times: 8, repeat: "chapters" }),
      sampleNode({ kind: "text", name: "Ideas", type: null }),
    ],
    more: 3,
  }),
  bucket_count: 9,
  text_count: 1,
  left_out: 0,
  size: 900,
  revision: 1,
  created_at: null,
};
const OWN: Template = { ...BOOK, id: "template-1", origin: "own", name: "Mine", parameters: [], description: "" };

function showGallery(answers: Answers = {}, parentId: string | null = null) {
  const page = createTestStudio({ "GET /templates": () => ({ items: [BOOK, OWN], next_cursor: null }), ...answers });
  let isClosed = false;
  const close = () => {
    isClosed = true;
  };
  page.show(
    <Dialog>
      <TemplatesDialog parentId={parentId} close={close} />
    </Dialog>,
  );
  return { ...page, isClosed: () => isClosed };
}

test("a template is chosen, filled in, and made with what was chosen", async () => {
  let sent: unknown;
  const made = (body: unknown) => {
    sent = body;
    return sampleBucket({ id: "bucket-9", name: "The Long Tide" });
  };
  const page = showGallery({ "POST /templates/*/instantiate": made });
  const { user, studio } = page;
  const shipped = await screen.findByRole("region", { name: "From the studio" });
  await user.click(within(shipped).getByRole("button", { name: /^Book/ }));
  const preview = screen.getByRole("region", { name: "What it makes" });
  expect(preview.textContent).toContain("Chapter 1 × 8");
  expect(preview.textContent).toContain("and 3 more");
  const chapters = screen.getByRole("textbox", { name: /Chapters/ });
  await user.clear(chapters);
  await user.type(chapters, "12");
  await user.tab();
  expect(preview.textContent).toContain("Chapter 1 × 12");
  const name = screen.getByRole("textbox", { name: "Name" });
  await user.clear(name);
  await user.type(name, "The Long Tide");
  await user.click(screen.getByRole("button", { name: "Create" }));
  await waitFor(() => expect(page.isClosed()).toBe(true));
  expect(sent).toEqual({ name: "The Long Tide", parent_bucket_id: null, parameters: { chapters: 12, hero: "Mara" } });
  expect(studio.route.current.get()).toBe("bucket-9");
});

test("a refusal stays in the form, which stays open", async () => {
  const tooMuch = () => ({ status: 429, code: "too_much", detail: "This is more than your quota allows." });
  const page = showGallery({ "POST /templates/*/instantiate": tooMuch });
  await page.user.click(await screen.findByRole("button", { name: /^Mine/ }));
  await page.user.click(screen.getByRole("button", { name: "Create" }));
  expect((await screen.findByRole("alert")).textContent).toContain("more than your quota allows");
  expect(page.isClosed()).toBe(false);
  await page.user.click(screen.getByRole("button", { name: "All templates" }));
  expect(await screen.findByRole("button", { name: /^Book/ })).toBeTruthy();
});

test("only a template of one's own can be deleted", async () => {
  const page = showGallery({ "DELETE /templates/*": () => ({}) });
  await page.user.click(await screen.findByRole("button", { name: /^Book/ }));
  expect(screen.queryByRole("button", { name: "Delete template" })).toBeNull();
  await page.user.click(screen.getByRole("button", { name: "All templates" }));
  await page.user.click(await screen.findByRole("button", { name: /^Mine/ }));
  await page.user.click(screen.getByRole("button", { name: "Delete template" }));
  await waitFor(() => expect(page.requests).toContain("DELETE /templates/template-1"));
});

test("a file that is no template is refused in words", async () => {
  const page = showGallery();
  await screen.findByRole("button", { name: /^Book/ });
  const input = document.querySelector<HTMLInputElement>('input[type="file"]');
  if (!input) throw new Error("no field for a file");
  await page.user.upload(input, new File(["no json"], "x.json", { type: "application/json" }));
  expect((await screen.findByRole("alert")).textContent).toContain("This file is not a template.");
});

test("a list that cannot be read says so", async () => {
  showGallery({ "GET /templates": () => ({ status: 403, code: "forbidden", detail: "No." }) });
  expect(await screen.findByText(/The templates could not be read/)).toBeTruthy();
});

test("a bucket is saved as a template, with its texts on request", async () => {
  let sent: unknown;
  const saved = (body: unknown) => {
    sent = body;
    return OWN;
  };
  const page = createTestStudio({ "POST /templates": saved });
  page.show(
    <Dialog>
      <SaveTemplateDialog id="bucket-1" close={() => undefined} />
    </Dialog>,
  );
  await page.user.type(screen.getByRole("textbox", { name: "Name" }), "Mine");
  await page.user.click(screen.getByRole("checkbox", { name: /Take along the texts/ }));
  await page.user.click(screen.getByRole("button", { name: "Save template" }));
  await waitFor(() => expect(sent).toEqual({ bucket_id: "bucket-1", name: "Mine", description: "", texts: true }));
});
