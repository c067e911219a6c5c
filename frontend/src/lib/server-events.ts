/** Server-sent events over fetch, so that they can carry an Authorization header. Knows no message's meaning. */

export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Cuts a text stream into events; feed it chunks, it calls back per event. Comments and retry hints are skipped. */
export class EventCutter {
  private buffer = '';
  private data: string[] = [];
  private event = 'message';
  private id: string | null = null;
  private readonly deliver: (event: ServerEvent) => void;

  constructor(deliver: (event: ServerEvent) => void) {
    this.deliver = deliver;
  }

  push(chunk: string): void {
    this.buffer += chunk;
    let end = this.buffer.search(/\r\n|\n|\r/);
    while (end >= 0) {
      // A lone CR at the very end may be half of a CRLF: wait for the rest.
      if (this.buffer[end] === '\r' && end === this.buffer.length - 1) return;
      const line = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + (this.buffer.startsWith('\r\n', end) ? 2 : 1));
      this.line(line);
      end = this.buffer.search(/\r\n|\n|\r/);
    }
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.deliver({ id: this.id, event: this.event, data: this.data.join('\n') });
      this.data = [];
      this.event = 'message';
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id') this.id = value;
  }
}

/** Read a response body to its end, calling `deliver` for each event. */
export async function readEvents(response: Response, deliver: (event: ServerEvent) => void): Promise<void> {
  if (response.body === null) return;
  const cutter = new EventCutter(deliver);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    cutter.push(decoder.decode(value, { stream: true }));
  }
}
