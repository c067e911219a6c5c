/** Times as written on screen. Simulated times are UTC on the simulated calendar and are shown in the venue's zone. */

let zone = 'America/New_York';
const formats = new Map<string, Intl.DateTimeFormat>();

export function setTimeZone(name: string): void {
  zone = name;
  formats.clear();
}

function format(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

function parse(value: string | null | undefined): Date | null {
  if (value === null || value === undefined || value === '') return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function timeOfDay(value: string | null | undefined): string {
  const date = parse(value);
  return date === null ? '–' : format('time', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(date);
}

export function dayOf(value: string | null | undefined): string {
  const date = parse(value);
  return date === null ? '–' : format('day', { weekday: 'short', day: '2-digit', month: 'short', year: 'numeric' }).format(date);
}

export function dayAndTime(value: string | null | undefined): string {
  const date = parse(value);
  if (date === null) return '–';
  return format('both', { day: '2-digit', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(date);
}

/** Offset of the shown zone from UTC at `ms`, in seconds: charts draw UTC, so their times are shifted by it. */
export function zoneOffsetSeconds(ms: number): number {
  const parts = format('parts', { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).formatToParts(new Date(ms));
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 1000);
}

/** "3 s", "4 min", "2 h", "5 d" since an instant. */
export function ago(value: string | null | undefined, nowMs: number = Date.now()): string {
  const date = parse(value);
  if (date === null) return '–';
  const seconds = Math.max(0, Math.round((nowMs - date.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
