/** A blob of any schema for readers; its data as it is stored on request. */

import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import type { Blob } from "../../api/types";
import { text } from "../../text";
import { viewOf } from "./contentViews";
import { DataText, GeneratedContent } from "./GeneratedContent";

export function BlobContent({ blob }: { blob: Blob }): ReactNode {
  const [isData, setData] = useState(false);
  const View = viewOf(blob) ?? GeneratedContent;
  return (
    <div className="content">
      {isData ? <DataText value={blob.data} /> : <View blob={blob} />}
      <Button className="link" onPress={() => setData(!isData)}>
        {isData ? text.content.showText : text.content.showData}
      </Button>
    </div>
  );
}
