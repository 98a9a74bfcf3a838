import { Component, type ReactNode } from 'react';

/** Shows a sentence instead of an empty page where drawing fails; starting over leaves the address's state behind. */
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
          The page could not be drawn ({this.state.message}). Starting over forgets the recipe in the address.
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
