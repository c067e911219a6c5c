/** Problem details (RFC 9457) as the platform sends them, and the failures a request can end in. */

export interface FieldError {
  field?: string;
  code?: string;
  message?: string;
  detail?: string;
}

export class RequestProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly retryable: boolean;
  readonly outcome: 'none' | 'applied' | 'unknown';
  readonly correlationId: string | null;
  readonly extra: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>, correlationId: string | null) {
    const text = (key: string, otherwise: string): string => {
      const value = body[key];
      return typeof value === 'string' && value !== '' ? value : otherwise;
    };
    const title = text('title', `The server answered ${status}.`);
    super(text('detail', title));
    this.name = 'RequestProblem';
    this.status = status;
    this.code = text('code', `HTTP_${status}`);
    this.title = title;
    this.detail = text('detail', title);
    this.errors = Array.isArray(body.errors) ? (body.errors as FieldError[]) : [];
    this.retryable = body.retryable === true;
    const outcome = body.outcome;
    this.outcome = outcome === 'applied' || outcome === 'unknown' ? outcome : 'none';
    this.correlationId = correlationId;
    this.extra = body;
  }
}

/** No answer arrived: the line broke, or the time allowed ran out. What became of a command is unknown. */
export class NoAnswer extends Error {
  readonly timedOut: boolean;
  constructor(timedOut: boolean) {
    super(timedOut ? 'No answer in time.' : 'The server cannot be reached.');
    this.name = 'NoAnswer';
    this.timedOut = timedOut;
  }
}

/** A venue's reason with its numbers: "Insufficient buying power: needs 12 340.00, has 9 800.00". */
export function refusal(code: string, text: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  const reason = words.charAt(0).toUpperCase() + words.slice(1);
  if (text === '') return reason;
  return /^[A-Z]/.test(text) ? text : `${reason}: ${text}`;
}

/** One sentence for a person, whatever went wrong. */
export function explain(failure: unknown): string {
  if (failure instanceof RequestProblem) {
    const fields = failure.errors
      .map((error) => ({ field: error.field ?? '', said: error.message ?? error.detail ?? error.code ?? '' }))
      .filter(({ said }) => said !== '' && !failure.detail.includes(said))
      .map(({ field, said }) => (field === '' ? said : `${field}: ${said}`));
    const refused = failure.status === 409 || failure.status === 422;
    return [refused ? refusal(failure.code, failure.detail) : failure.detail, ...fields].join(' ');
  }
  if (failure instanceof Error) return failure.message;
  return 'Something went wrong.';
}
