import { expect, test } from "vitest";
import { type Branch, forestOf } from "./forest";
import { goingWith } from "./going";
import { blob } from "./house.fixture";
import type { Blob, Item, Node, Page } from "./nouns";

function node(id: string, children: Node[] = []): Node {
  const own = children.map((child) => ({ ...child, parent_bucket_id: id }));
  return { id, name: id, type: "part", parent_bucket_id: null, rank: id, revision: 1, children: own };
}

function branch(...nodes: Node[]): Branch {
  const [root] = forestOf(nodes).roots;
  if (!root) throw new Error("no root");
  return root;
}

function noteIn(id: string, ...bucket_ids: string[]): Blob {
  return { ...blob(id, 1, id), bucket_ids };
}

/** Answers one item a page, as a house with very small pages would. */
function holding(...blobs: Blob[]): (bucketId: string, cursor: string | null) => Promise<Page<Item>> {
  return (bucketId, cursor) => {
    const here = blobs.filter((one) => one.bucket_ids.includes(bucketId));
    const at = Number(cursor ?? 0);
    const items = here.slice(at, at + 1).map((one): Item => {
      return { kind: "blob", blob: one, placement: { rank: "a", label: null } };
    });
    return Promise.resolve({ items, next_cursor: at + 1 < here.length ? String(at + 1) : null });
  };
}

test("everything below goes along, and what stands in it twice counts once", async () => {
  const read = holding(noteIn("a", "one"), noteIn("b", "one", "two"), noteIn("c", "two"));
  const going = await goingWith(branch(node("one", [node("two")])), read);
  expect(going).toEqual({ buckets: 1, content: { notes: 3, others: 0, staying: [] } });
});

test("a note that also stands elsewhere stays, and it is said where", async () => {
  const stays = noteIn("b", "one", "elsewhere");
  const expansion = { ...noteIn("c", "one"), schema_id: "expanded-text-v1" };
  const going = await goingWith(branch(node("one")), holding(noteIn("a", "one"), stays, expansion));
  expect(going.content).toEqual({ notes: 1, others: 1, staying: [{ blob: stays, bucketId: "elsewhere" }] });
});

test("a very large subtree is not read for a question", async () => {
  const many = Array.from({ length: 50 }, (_, at) => node(`bucket-${at}`));
  const going = await goingWith(branch(node("a", many)), () => Promise.reject(new Error("read all the same")));
  expect(going).toEqual({ buckets: 50, content: null });
});
