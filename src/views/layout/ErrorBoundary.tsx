import { Component, type ReactNode } from 'react';

/** Shows a message instead of an empty page when rendering fails; starting over drops the state in the address. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { message?: string }> {
  override state: { message?: string } = {};

  static getDerivedStateFromError(error: Error): { message: string } {
    return { message: error.message };
  }

  override render(): ReactNode {
    if (this.state.message === undefined) return this.props.children;
    return (
      <section className="banner" role="alert">
        <p>
          The page could not be rendered ({this.state.message}). Starting over discards the recipe in the
          address.
        </p>
        <button
          type="button"
          className="primary"
          onClick={() => {
            history.replaceState(undefined, '', location.pathname);
            location.reload();
          }}
        >
          Start over
        </button>
      </section>
    );
  }
}
