import { expect, test } from "vitest";
import { sampleBlob, sampleNode, samplePlacement } from "../../api/samples.fixture";
import type { Blob, Item, Page, TreeNode } from "../../api/types";
import { type Branch, buildForest } from "../library/forest";
import { previewTrash } from "./trashPreview";

function node(id: string, children: TreeNode[] = []): TreeNode {
  return sampleNode({ id, children });
}

function branch(...nodes: TreeNode[]): Branch {
  const [root] = buildForest(nodes).roots;
  if (!root) throw new Error("no root");
  return root;
}

function noteIn(id: string, ...bucket_ids: string[]): Blob {
  return sampleBlob({ id, bucket_ids });
}

/** Answers one item a page, as a server with very small pages would. */
function holding(...blobs: Blob[]): (bucketId: string, cursor: string | null) => Promise<Page<Item>> {
  return (bucketId, cursor) => {
    const here = blobs.filter((one) => one.bucket_ids.includes(bucketId));
    const at = Number(cursor ?? 0);
    const items = here.slice(at, at + 1).map((one): Item => {
      return { kind: "blob", bucket: null, blob: one, placement: samplePlacement() };
    });
    return Promise.resolve({ items, next_cursor: at + 1 < here.length ? String(at + 1) : null });
  };
}

test("everything below goes along, and what stands in it twice counts once", async () => {
  const read = holding(noteIn("a", "one"), noteIn("b", "one", "two"), noteIn("c", "two"));
  const preview = await previewTrash(branch(node("one", [node("two")])), read);
  expect(preview).toEqual({ buckets: 1, content: { notes: 3, others: 0, staying: [] } });
});

test("a note that also stands elsewhere stays, and it is said where", async () => {
  const stays = noteIn("b", "one", "elsewhere");
  const expansion = { ...noteIn("c", "one"), schema_id: "expanded-text-v1" };
  const preview = await previewTrash(branch(node("one")), holding(noteIn("a", "one"), stays, expansion));
  expect(preview.content).toEqual({ notes: 1, others: 1, staying: [{ blob: stays, bucketId: "elsewhere" }] });
});

test("a very large subtree is not read for a question", async () => {
  const many = Array.from({ length: 50 }, (_, at) => node(`bucket-${at}`));
  const preview = await previewTrash(branch(node("a", many)), () => Promise.reject(new Error("read all the same")));
  expect(preview).toEqual({ buckets: 50, content: null });
});
