/** The interface through which the API client and the connection report the outcome of writes. */

export interface WriteObserver {
  writeSucceeded(): void;
  /** Receives why a write failed. */
  writeFailed(error: unknown): void;
}
