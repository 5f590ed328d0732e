/** The choice of the runs to list. */

import type { ReactNode } from "react";
import type { RunFilter } from "../../../api/client";
import type { Processor, RunStatus } from "../../../api/types";
import { text } from "../../../text";
import { SelectField } from "../../../ui/SelectField";

const STATUSES = Object.entries(text.runs.statuses).map(([value, name]) => ({ value, name }));

interface RunFiltersProps {
  filter: RunFilter;
  setFilter: (filter: RunFilter) => void;
  processors: readonly Processor[];
}

export function RunFilters({ filter, setFilter, processors }: RunFiltersProps): ReactNode {
  const named = processors.map(({ id, name }) => ({ value: id, name }));
  return (
    <div className="filters">
      <SelectField
        label={text.runs.filterStatus}
        value={filter.status ?? ""}
        onChange={(status) => setFilter({ ...filter, status: (status || null) as RunStatus | null })}
        options={[{ value: "", name: text.runs.anyStatus }, ...STATUSES]}
      />
      <SelectField
        label={text.runs.filterProcessor}
        value={filter.processorId ?? ""}
        onChange={(processorId) => setFilter({ ...filter, processorId: processorId || null })}
        options={[{ value: "", name: text.runs.anyProcessor }, ...named]}
      />
    </div>
  );
}
