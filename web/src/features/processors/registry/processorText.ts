/** What a processor is and how it does, in words. */

import type { Instance, Processor, WatchedProcessor } from "../../../api/types";
import { text } from "../../../text";
import { describeSchema, formatSeconds } from "../../../text/processing/registry";

/** The facts about a processor, as names and values. */
export function factsOf({ input_schemas, output_schema, range, trigger }: Processor): [name: string, value: string][] {
  const facts: [string, string | null][] = [
    [text.registry.takes, input_schemas.map(describeSchema).join(", ")],
    [text.registry.makes, describeSchema(output_schema)],
    [text.registry.range, range],
    [text.registry.starts, trigger === "event" ? text.registry.startsByItself : text.registry.startsByHand],
  ];
  return facts.filter((fact): fact is [string, string] => !!fact[1]);
}

/** Returns the health of a processor whose workers are running, in a few phrases. */
export function healthPhrases({ live_workers, queue_length, success_rate, p50, p95 }: WatchedProcessor): string[] {
  const phrases = [text.registry.workers(live_workers), text.registry.waiting(queue_length)];
  if (success_rate === null) return [...phrases, text.registry.noRunsYet];
  phrases.push(text.registry.success(Math.round(success_rate * 100)));
  if (p50 === null) return phrases;
  const typical = formatSeconds(p50);
  const slow = p95 === null ? typical : formatSeconds(p95);
  return [...phrases, slow === typical ? text.registry.typicalTime(typical) : text.registry.times(typical, slow)];
}

/** Returns where a processor is switched on, in a sentence. */
export function describeWhere(instances: readonly Instance[]): string {
  const everywhere = instances.find(({ bucket_id }) => bucket_id === null);
  const inBuckets = instances.filter(({ bucket_id }) => bucket_id !== null);
  const on = inBuckets.filter(({ enabled }) => enabled).length;
  if (!everywhere?.enabled) return on > 0 ? text.registry.onFor(on) : text.registry.off;
  const off = inBuckets.length - on;
  return text.registry.onEverywhere + (off > 0 ? text.registry.exceptFor(off) : "");
}
