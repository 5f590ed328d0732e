/** Switches processors on and off, changes their settings, and removes processors of the user's own. */

import type { Instance, JsonObject, Processor } from "../../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { text } from "../../../text";

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices">;

export interface InstanceSwitch {
  processorId: string;
  /** Null for everywhere. */
  bucketId: string | null;
  enabled: boolean;
  /** The instance that is there already. */
  present: Instance | undefined;
}

export interface InstanceToCreate {
  processorId: string;
  bucketId: string | null;
  enabled?: boolean;
  settings: JsonObject;
}

export class InstanceActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Switches on or off in one place. It shows at once, and is taken back when the studio refuses. */
  async setEnabled({ processorId, bucketId, enabled, present }: InstanceSwitch): Promise<void> {
    const { api, notices } = this.dependencies;
    if (present) this.#cache({ ...present, enabled });
    try {
      if (present) this.#cache(await api.changeInstance(present.id, { enabled }));
      else await this.create({ processorId, bucketId, enabled, settings: {} });
    } catch (error) {
      if (present) this.#cache(present);
      notices.notifyError(text.registry.toggleFailed, error);
    }
  }

  /** Raises what the studio refuses. */
  async create({ processorId, bucketId, enabled = true, settings }: InstanceToCreate): Promise<void> {
    const idempotencyKey = newIdempotencyKey("instance");
    this.#cache(
      await this.dependencies.api.createInstance({ processorId, bucketId, enabled, settings, idempotencyKey }),
    );
  }

  /** Raises what the studio refuses. */
  async changeSettings(instance: Instance, settings: JsonObject): Promise<void> {
    this.#cache(await this.dependencies.api.changeInstance(instance.id, { settings }));
    this.dependencies.notices.notify(text.registry.saved);
  }

  /** Forgets an instance; its place and settings come back by "Undo", as a new one. */
  async remove(instance: Instance, processorName: string): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    try {
      await api.deleteInstance(instance.id);
    } catch (error) {
      notices.notifyError(text.registry.forgetFailed, error);
      return void queries.invalidate(keys.instances);
    }
    queries.client.setQueryData<Instance[]>(keys.instances, (all) => all?.filter(({ id }) => id !== instance.id));
    const undo = () => {
      const { processor_id: processorId, bucket_id: bucketId, enabled, settings = {} } = instance;
      this.create({ processorId, bucketId, enabled, settings }).catch((error: unknown) =>
        notices.notifyError(text.registry.switchOnFailed, error),
      );
    };
    notices.notify(text.registry.forgotten(processorName), { label: text.general.undo, run: undo });
  }

  /** Removes a processor of the user's own, with its instances. */
  async removeProcessor({ id, name }: Processor): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    try {
      await api.deleteProcessor(id);
      notices.notify(text.registry.removed(name));
    } catch (error) {
      notices.notifyError(text.registry.removeFailed, error);
    }
    for (const key of [keys.processors, keys.instances, keys.runs]) void queries.invalidate(key);
  }

  #cache(changed: Instance): void {
    this.dependencies.queries.client.setQueryData<Instance[]>(keys.instances, (all = []) => {
      const isKnown = all.some(({ id }) => id === changed.id);
      return isKnown ? all.map((one) => (one.id === changed.id ? changed : one)) : [changed, ...all];
    });
  }
}
