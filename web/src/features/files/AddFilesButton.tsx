/** The button that chooses files to add to a bucket. */

import type { ReactNode } from "react";
import { Button, FileTrigger } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";

export function AddFilesButton({ bucketId }: { bucketId: string }): ReactNode {
  const { uploads } = useStudio();
  return (
    <FileTrigger allowsMultiple onSelect={(files) => uploads.add(bucketId, [...(files ?? [])])}>
      <Button className="button">
        <Icon name="upload" /> {text.files.add}
      </Button>
    </FileTrigger>
  );
}
