/** Images and audio as they are: an image is shown, audio is played. */

import type { ReactNode } from "react";
import { fieldsOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { text } from "../../text";
import { formatBytes } from "../../text/quantities";
import { Icon } from "../../ui/Icon";
import { fileUrl } from "../books/FileDownloads";

/** True for a blob that refers to a file. */
export function hasFile(blob: Pick<Blob, "data">): boolean {
  return idOf(blob) !== "";
}

export function ImageView({ blob }: { blob: Blob }): ReactNode {
  const { alt, width, height } = fieldsOf(blob.data);
  return (
    <figure className="media">
      <img
        src={fileUrl(idOf(blob))}
        alt={typeof alt === "string" && alt ? alt : text.files.imageNamed(nameOf(blob))}
        width={typeof width === "number" ? width : undefined}
        height={typeof height === "number" ? height : undefined}
        loading="lazy"
      />
      <Caption blob={blob} />
    </figure>
  );
}

export function AudioView({ blob }: { blob: Blob }): ReactNode {
  return (
    <figure className="media">
      {/* biome-ignore lint/a11y/useMediaCaption: a recording of music has no captions */}
      <audio controls preload="metadata" src={fileUrl(idOf(blob))} aria-label={text.files.audioNamed(nameOf(blob))} />
      <Caption blob={blob} />
    </figure>
  );
}

function Caption({ blob }: { blob: Blob }): ReactNode {
  const { bytes, notes, credit } = fieldsOf(blob.data);
  return (
    <figcaption>
      {typeof credit === "string" && <p dir="auto">{credit}</p>}
      {typeof notes === "string" && (
        <p dir="auto" className="written">
          {notes}
        </p>
      )}
      <a className="button" href={fileUrl(idOf(blob))} download={nameOf(blob)}>
        <Icon name="download" /> <bdi dir="auto">{nameOf(blob)}</bdi>
        {typeof bytes === "number" && <span className="quiet">{formatBytes(bytes)}</span>}
      </a>
    </figcaption>
  );
}

function idOf({ data }: Pick<Blob, "data">): string {
  const id = fieldsOf(data)["file_id"];
  return typeof id === "string" ? id : "";
}

function nameOf({ data }: Pick<Blob, "data">): string {
  const { title, file_name } = fieldsOf(data);
  const names = [file_name, title].filter((name): name is string => typeof name === "string" && name !== "");
  return names[0] ?? text.files.unnamed;
}
