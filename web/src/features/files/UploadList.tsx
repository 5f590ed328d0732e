/** The files on their way into a bucket, each with its progress and what can be done about it. */

import type { ReactNode } from "react";
import { Button, ProgressBar } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { formatBytes } from "../../text/quantities";
import { Icon } from "../../ui/Icon";
import { useStore } from "../../ui/store";
import { UserText } from "../../ui/UserText";
import type { UploadView } from "./uploads";

export function UploadList({ bucketId }: { bucketId: string }): ReactNode {
  const all = useStore(useStudio().uploads.shown, (uploads) => uploads);
  const uploads = all.filter((upload) => upload.bucketId === bucketId);
  if (uploads.length === 0) return null;
  return (
    <section className="uploads" aria-label={text.files.underWay}>
      <h2>{text.files.underWay}</h2>
      <ul>
        {uploads.map((upload) => (
          <UploadRow upload={upload} key={upload.id} />
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload }: { upload: UploadView }): ReactNode {
  const { name, size, sent, status, error } = upload;
  return (
    <li className="upload">
      <p>
        <UserText>{name}</UserText> <span className="quiet">{text.files.progress(status, sent, size)}</span>
      </p>
      {error ? (
        <p className="wrong" role="alert">
          {error}
        </p>
      ) : (
        <ProgressBar
          className="progress"
          aria-label={text.files.progressOf(name)}
          value={size === 0 ? 0 : (sent / size) * 100}
          valueLabel={formatBytes(sent)}
        >
          {({ percentage }) => (
            <span className="track">
              <span style={{ width: `${percentage ?? 0}%` }} />
            </span>
          )}
        </ProgressBar>
      )}
      <UploadButtons upload={upload} />
    </li>
  );
}

function UploadButtons({ upload: { id, name, status, mayBeRetried } }: { upload: UploadView }): ReactNode {
  const { uploads } = useStudio();
  if (status === "storing") return null;
  return (
    <div className="row">
      {(status === "sending" || status === "waiting") && (
        <Button className="icon-button" aria-label={text.files.pauseName(name)} onPress={() => uploads.pause(id)}>
          <Icon name="pause" />
        </Button>
      )}
      {status === "paused" && (
        <Button className="icon-button" aria-label={text.files.resumeName(name)} onPress={() => uploads.resume(id)}>
          <Icon name="play" />
        </Button>
      )}
      {status === "failed" && mayBeRetried && (
        <Button className="button" aria-label={text.files.retryName(name)} onPress={() => uploads.resume(id)}>
          {text.general.tryAgain}
        </Button>
      )}
      <Button
        className="icon-button"
        aria-label={status === "failed" ? text.files.dismissName(name) : text.files.cancelName(name)}
        onPress={() => uploads.cancel(id)}
      >
        <Icon name="close" />
      </Button>
    </div>
  );
}
