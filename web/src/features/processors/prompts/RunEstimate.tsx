/** What runs will use and cost, shown before they are started. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { NewEstimate } from "../../../api/client";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { QueryError } from "../../../ui/QueryError";

export function RunEstimate({ request }: { request: NewEstimate }): ReactNode {
  const query = useQuery(useStudio().queries.estimate(request));
  const estimate = query.data;
  if (query.error)
    return (
      <QueryError className="trouble" message={text.prompts.notEstimated} error={query.error} retry={query.refetch} />
    );
  if (!estimate)
    return (
      <p className="quiet" role="status">
        {text.prompts.estimating}
      </p>
    );
  if (estimate.runs === 0) return null; // the choice of texts says that nothing fits
  return (
    <div className="quiet" role="status">
      <p>
        {usageOf(estimate)} {costOf(estimate)}
      </p>
      {estimate.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}

interface Usage {
  calls: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
}

function usageOf({ calls, input_tokens, output_tokens }: Usage): string {
  if (calls === null || input_tokens === null || output_tokens === null) return text.prompts.unknown;
  return calls === 0 ? text.prompts.nothing : text.prompts.estimate(calls, input_tokens, output_tokens);
}

function costOf({ calls, cost }: { calls: number | null; cost: { amount: string; currency: string } | null }): string {
  if (cost === null || calls === 0) return "";
  return Number(cost.amount) === 0 ? text.prompts.free : text.prompts.cost(cost.amount, cost.currency);
}
