/** Buttons that copy and download a text: what was written can always be carried off. */

import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { firstLine } from "../../language/segmentation";
import { text as words } from "../../text";
import { copyToClipboard, download, fileNameFor } from "./textExport";

export function ExportButtons({ text }: { text: string }): ReactNode {
  const [label, setLabel] = useState(words.drafts.copy);
  const copy = async () => setLabel((await copyToClipboard(text)) ? words.drafts.copied : words.drafts.copyRefused);
  return (
    <>
      <Button className="button" onPress={() => void copy()}>
        {label}
      </Button>
      <Button className="button" onPress={() => download(fileNameFor(firstLine(text)), text)}>
        {words.drafts.download}
      </Button>
    </>
  );
}
