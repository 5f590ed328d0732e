/** The message in place of what could not be read, with a button to read it again. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { errorMessage } from "../api/errors";
import { text } from "../text";

interface QueryErrorProps {
  className: string;
  message: string;
  error: Error;
  retry: () => unknown;
}

export function QueryError({ className, message, error, retry }: QueryErrorProps): ReactNode {
  return (
    <div className={className} role="alert">
      <p>
        {message} {errorMessage(error)}
      </p>
      <Button className="button" onPress={() => void retry()}>
        {text.general.tryAgain}
      </Button>
    </div>
  );
}
