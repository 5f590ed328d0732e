/** Uses, saves, imports, exports and deletes templates. */

import type { Bucket, Template } from "../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";
import type { TrashActions } from "../trash/trashActions";

const MAX_FILE_BYTES = 8 * 1024 * 1024; // what the studio takes

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices" | "undoRedo" | "route"> & {
  readonly trash: TrashActions;
};

export interface Choices {
  name: string;
  parentId: string | null;
  parameters: Record<string, number | string>;
}

/** A file that cannot be a template, in words for the user. */
export class UnusableFile extends Error {}

export class TemplateActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Makes all that the template holds and opens it. Raises what the studio refuses, for the form that asked. */
  async use(template: Template, choices: Choices): Promise<Bucket> {
    const { api, queries, notices, route, trash, undoRedo } = this.dependencies;
    const bucket = await api.instantiateTemplate(template.id, {
      ...choices,
      idempotencyKey: newIdempotencyKey("template"),
    });
    await queries.invalidate(keys.forest); // what is in it is new too
    route.go(bucket.id);
    const inverse = () => void trash.trashBucket(bucket.id);
    const undo = undoRedo.noticeAction({ act: "use_template", id: bucket.id, inverse });
    notices.notify(text.templates.created(bucket.name), undo);
    return bucket;
  }

  /** Saves a bucket as a template. Raises what the studio refuses. */
  async save(template: { bucketId: string; name: string; description: string; texts: boolean }): Promise<void> {
    const { api, queries, notices } = this.dependencies;
    const saved = await api.saveTemplate({ ...template, idempotencyKey: newIdempotencyKey("template") });
    notices.notify(text.templates.saved(saved.name, saved.left_out ?? 0));
    await queries.invalidate(keys.templates);
  }

  /** Raises UnusableFile, and what the studio refuses. */
  async importFile(file: File): Promise<Template> {
    const { api, queries, notices } = this.dependencies;
    if (file.size > MAX_FILE_BYTES) throw new UnusableFile(text.templates.importTooLarge);
    let document: unknown;
    try {
      document = JSON.parse(await file.text());
    } catch {
      throw new UnusableFile(text.templates.importUnreadable);
    }
    const template = await api.importTemplate(document, newIdempotencyKey("template"));
    notices.notify(text.templates.imported(template.name));
    await queries.invalidate(keys.templates);
    return template;
  }

  async remove({ id, name }: Template): Promise<void> {
    const { api, queries, notices } = this.dependencies;
    try {
      await api.deleteTemplate(id);
      notices.notify(text.templates.removed(name));
    } catch (error) {
      notices.notifyError(text.templates.removeFailed, error);
    }
    await queries.invalidate(keys.templates);
  }
}
