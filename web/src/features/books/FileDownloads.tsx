/** Files as links: each is downloaded under its name, and a PDF can be looked at. */

import type { ReactNode } from "react";
import { text } from "../../text";
import { formatBytes } from "../../text/quantities";
import { Icon } from "../../ui/Icon";
import { UserText } from "../../ui/UserText";
import type { BookFile } from "./compiledBook";

const PDF = "application/pdf";

/** The address of a file's content. */
export const fileUrl = (id: string) => `/api/files/${encodeURIComponent(id)}`;

interface FileDownloadsProps {
  files: readonly BookFile[];
  /** What formats are called. */
  names?: Readonly<Record<string, string>>;
}

export function FileDownloads({ files, names = text.books.formatNames }: FileDownloadsProps): ReactNode {
  if (files.length === 0) return <p className="quiet">{text.books.noFiles}</p>;
  return (
    <ul className="downloads" aria-label={text.books.downloads}>
      {files.map((file) => (
        <li key={`${file.format} ${file.id}`}>
          <a
            className="button"
            href={fileUrl(file.id)}
            download={file.name}
            aria-label={text.books.download(file.name)}
          >
            <Icon name="download" /> {names[file.format] ?? <UserText>{file.name}</UserText>}
            <span className="quiet">{formatBytes(file.size)}</span>
          </a>
          {file.mediaType === PDF && (
            <a
              className="link"
              href={fileUrl(file.id)}
              target="_blank"
              rel="noreferrer"
              aria-label={text.books.viewName(file.name)}
            >
              {text.books.view}
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
