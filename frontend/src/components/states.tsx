/** What a panel or page shows when it has nothing, waits, or failed. Each says one thing and offers one action. */
import { Component, type ErrorInfo, type ReactNode } from 'react';
import { Button } from '@/components/button';
import { explain, RequestProblem } from '@/lib/problem';

export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Skeleton({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div className="flex flex-col gap-2 p-3" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton" style={{ width: `${90 - ((index * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

export function Failure({ failure, retry, stillTrue }: { failure: unknown; retry?: () => void; stillTrue?: string }) {
  return (
    <div className="empty" role="alert">
      <p className="text-text">{explain(failure)}</p>
      {stillTrue !== undefined && <p>{stillTrue}</p>}
      {failure instanceof RequestProblem && failure.correlationId !== null && <p className="text-xs">Reference {failure.correlationId}</p>}
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

interface BoundaryProps {
  name: string;
  children: ReactNode;
}

/** Contains a crash in its panel, with the way back. */
export class PanelBoundary extends Component<BoundaryProps, { failure: unknown }> {
  override state: { failure: unknown } = { failure: null };

  static getDerivedStateFromError(failure: unknown): { failure: unknown } {
    return { failure };
  }

  override componentDidCatch(failure: unknown, info: ErrorInfo): void {
    console.error(`${this.props.name} failed`, failure, info.componentStack);
  }

  override render(): ReactNode {
    if (this.state.failure === null) return this.props.children;
    return (
      <div className="empty" role="alert">
        <p className="text-text">{this.props.name} stopped working. The rest of the terminal, your orders and your positions are unaffected.</p>
        <p className="text-xs">{explain(this.state.failure)}</p>
        <Button onClick={() => this.setState({ failure: null })}>Reload panel</Button>
      </div>
    );
  }
}
