/**
 * Decimal strings: exact sums with decimal.js, and formatting at the edge with Intl.
 * Never turns an amount into a binary floating-point number.
 */
import { Decimal } from 'decimal.js';

Decimal.set({ precision: 40, rounding: Decimal.ROUND_HALF_EVEN });

export { Decimal };

export const ZERO = new Decimal(0);

/** A Decimal of a wire string, or null where there is none or it is not a number. */
export function toDecimal(value: string | null | undefined): Decimal | null {
  if (value === null || value === undefined || value === '') return null;
  try {
    const parsed = new Decimal(value);
    return parsed.isFinite() ? parsed : null;
  } catch {
    return null;
  }
}

/** Digits after the point of a decimal string: "0.01" has 2, "1" has 0. */
export function fractionDigits(value: string): number {
  const point = value.indexOf('.');
  return point < 0 ? 0 : value.length - point - 1;
}

/**
 * A fixed-point string as an integer count of its last place, padded to `digits`: ("149.9", 2) → 14990.
 * Throws RangeError when it is not plain decimal notation, has more places, or leaves the safe integers.
 */
export function toUnits(value: string, digits: number): number {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
  if (match === null) throw new RangeError(`not a decimal: ${value}`);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) throw new RangeError(`more than ${digits} places: ${value}`);
  const units = Number((match[2] ?? '') + fraction.padEnd(digits, '0'));
  if (!Number.isSafeInteger(units)) throw new RangeError(`too large: ${value}`);
  return match[1] === '-' && units !== 0 ? -units : units;
}

/** The reverse of toUnits: (14990, 2) → "149.90". */
export function fromUnits(units: number, digits: number): string {
  const sign = units < 0 ? '-' : '';
  const text = String(Math.abs(units)).padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export type NumberStyle = 'en-US' | 'de-DE' | 'fr-FR' | 'en-IN';
let locale: NumberStyle = 'en-US';
const formats = new Map<string, Intl.NumberFormat>();

/** Choose how numbers are written from now on. */
export function setNumberStyle(style: NumberStyle): void {
  locale = style;
  formats.clear();
}

function formatter(minimum: number, maximum: number, signed: boolean): Intl.NumberFormat {
  const key = `${minimum}/${maximum}/${signed}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.NumberFormat(locale, {
      minimumFractionDigits: minimum,
      maximumFractionDigits: maximum,
      signDisplay: signed ? 'exceptZero' : 'negative',
      roundingMode: 'halfEven',
    });
    formats.set(key, found);
  }
  return found;
}

function write(value: Decimal | string, minimum: number, maximum: number, signed: boolean): string {
  const text = typeof value === 'string' ? value : value.toFixed();
  // Intl reads decimal strings exactly; a number would be rounded first.
  return formatter(minimum, maximum, signed).format(text as `${number}`).replace('-', '−');
}

export const NONE = '–';

/** An amount of money with two places: "12,340.50"; a dash when there is none. */
export function money(value: Decimal | string | null | undefined, signed = false): string {
  if (value === null || value === undefined || value === '') return NONE;
  return write(value, 2, 2, signed);
}

/** A quantity: grouped, only the places it has. */
export function quantity(value: Decimal | string | null | undefined, signed = false): string {
  if (value === null || value === undefined || value === '') return NONE;
  return write(value, 0, 8, signed);
}

/** A price with `digits` places at least, and no more than `digits + 2`. */
export function price(value: Decimal | string | null | undefined, digits = 2): string {
  if (value === null || value === undefined || value === '') return NONE;
  return write(value, digits, digits + 2, false);
}

/** A ratio as a signed percentage: 0.0123 → "+1.23%". */
export function percent(value: Decimal | null): string {
  return value === null ? NONE : `${write(value.times(100), 2, 2, true)}%`;
}

/** Short form for crowded cells: 1234567 → "1.2M". */
export function compact(value: number): string {
  if (value < 10_000) return String(value);
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 100_000 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}
