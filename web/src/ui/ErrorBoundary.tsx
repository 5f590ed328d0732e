/** Catches faults while a part of the page is drawn, so that the rest goes on, and shows a message in its place. */

import { Component, type ReactNode } from "react";
import { Button } from "react-aria-components";
import { text } from "../text";

interface ErrorBoundaryProps {
  children: ReactNode;
  /** The heading of the message. */
  title?: string;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="failure" role="alert">
        <h2>{this.props.title ?? text.app.paneFailed}</h2>
        <p>{text.app.failureExplained}</p>
        <div className="row">
          <Button className="button primary" onPress={() => this.setState({ hasFailed: false })}>
            {text.general.tryAgain}
          </Button>
          <Button className="button" onPress={() => window.location.reload()}>
            {text.app.reloadPage}
          </Button>
        </div>
      </div>
    );
  }
}
