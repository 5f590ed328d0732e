/** Sends files to the studio in the tus protocol: an upload that is interrupted goes on where it was. */

import type { DetailedError, HttpResponse, PreviousUpload, Upload } from "tus-js-client";
import { text } from "../text";
import { Problem, Unreachable } from "./errors";

const ENDPOINT = "/api/files/uploads";
const FILE_ID_HEADER = "Reyna-File-Id";
const RETRY_DELAYS_MS = [0, 1_000, 3_000, 5_000, 10_000, 20_000];

interface UploadEvents {
  /** Bytes that were sent so far. */
  progress(sent: number): void;
  /** The id of the file that it became. */
  done(fileId: string): void;
  failed(error: unknown): void;
}

/** An upload under way. */
export interface FileUpload {
  pause(): void;
  resume(): void;
  /** Gives it up; what the studio has of it is removed. */
  cancel(): void;
}

/** Begins to send a file. */
export type StartUpload = (file: File, events: UploadEvents) => FileUpload;

/** Returns what starts uploads; `headers` are those of the user at that moment. The library is loaded for the first
 * one. */
export function createUploadStarter(headers: () => Record<string, string>): StartUpload {
  return (file, events) => {
    let upload: Upload | null = null; // once it can be started
    let isWanted = true;
    const load = async () => {
      const tus = await import("tus-js-client");
      const made = new tus.Upload(file, {
        endpoint: ENDPOINT,
        metadata: { filename: file.name },
        headers: headers(),
        retryDelays: RETRY_DELAYS_MS,
        removeFingerprintOnSuccess: true,
        onProgress: (sent) => events.progress(sent),
        onSuccess: ({ lastResponse }) => finish(lastResponse, events),
        onError: (error) => events.failed(toError(error as DetailedError)),
      });
      const [earlier] = await made.findPreviousUploads().catch((): PreviousUpload[] => []);
      if (earlier) made.resumeFromPreviousUpload(earlier);
      upload = made;
      if (isWanted) made.start();
    };
    load().catch((error: unknown) => events.failed(new Unreachable(String(error))));
    return {
      pause() {
        isWanted = false;
        void upload?.abort();
      },
      resume() {
        isWanted = true;
        upload?.start();
      },
      cancel() {
        isWanted = false;
        upload?.abort(true).catch(() => undefined); // what is left of it expires after a day
      },
    };
  };
}

function finish(response: HttpResponse, events: UploadEvents): void {
  const id = response.getHeader(FILE_ID_HEADER);
  if (id) events.done(id);
  else events.failed(new Unreachable(text.files.noAnswer));
}

/** Returns the refusal of the studio, or that it cannot be reached. */
function toError(error: DetailedError): unknown {
  const response = error.originalResponse;
  if (!response) return new Unreachable(error.message);
  const status = response.getStatus();
  const detail = detailOf(response.getBody()) ?? text.general.answeredWithoutReason(status);
  return new Problem({ status, code: "upload_refused", detail });
}

function detailOf(body: string): string | null {
  try {
    const content: unknown = JSON.parse(body);
    const detail = typeof content === "object" && content !== null && "detail" in content ? content.detail : null;
    return typeof detail === "string" ? detail : null;
  } catch {
    return null;
  }
}
