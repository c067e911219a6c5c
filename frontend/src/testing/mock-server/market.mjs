/** A small market for looking at the terminal: random books with real checksums. Only for development and measuring. */
import { crc32 } from 'node:zlib';

const START_MS = Date.UTC(2026, 2, 16, 14, 0, 0);
export const SYMBOLS = [
  ['NOVA', 'Nova Semiconductors', 14_985],
  ['HELX', 'Helix Therapeutics', 6_210],
  ['ORCA', 'Orca Logistics', 3_475],
  ['VOLT', 'Volt Motors', 22_140],
  ['PINE', 'Pine Foods', 8_805],
];
const fixed = (units) => (units / 100).toFixed(2);
const iso = (ms) => new Date(ms).toISOString().replace('Z', '000Z');

export class Market {
  constructor() {
    this.simMs = START_MS;
    this.seq = 0;
    this.tradeSeq = 0;
    this.symbols = new Map();
    for (const [symbol, name, start] of SYMBOLS) {
      const state = { symbol, name, mid: start, previousClose: start - 37, last: start, volume: 0, bids: new Map(), asks: new Map(), trades: [], bookSeq: 1, dirty: { bids: new Set(), asks: new Set() } };
      for (let i = 1; i <= 40; i += 1) {
        state.bids.set(start - i, this.size());
        state.asks.set(start + i, this.size());
      }
      this.symbols.set(symbol, state);
    }
  }

  size() {
    return 100 * (1 + Math.floor(Math.random() ** 2 * 40));
  }

  iso() {
    return iso(this.simMs);
  }

  /** One random change; answers the trades it made. */
  change(symbol) {
    const s = this.symbols.get(symbol);
    const trades = [];
    const side = Math.random() < 0.5 ? 'bids' : 'asks';
    const best = side === 'bids' ? Math.max(...s.bids.keys()) : Math.min(...s.asks.keys());
    const sign = side === 'bids' ? -1 : 1;
    const roll = Math.random();
    const set = (half, price, quantity) => {
      if (quantity <= 0) s[half].delete(price);
      else s[half].set(price, quantity);
      s.dirty[half].add(price);
    };
    if (roll < 0.12) {
      const quantity = Math.min(s[side].get(best), 10 * (1 + Math.floor(Math.random() * 20)));
      set(side, best, s[side].get(best) - quantity);
      this.tradeSeq += 1;
      s.last = best;
      s.volume += quantity;
      const trade = { seq: this.tradeSeq, sim_time: this.iso(), price: fixed(best), quantity: String(quantity), aggressor: side === 'asks' ? 'BUY' : 'SELL', condition: 'REGULAR' };
      s.trades.push(trade);
      if (s.trades.length > 300) s.trades.shift();
      trades.push(trade);
      if (s[side].size < 30) for (let i = 0; i < 15; i += 1) set(side, best + sign * (25 + i), this.size());
    } else if (roll < 0.2) {
      const other = side === 'bids' ? Math.min(...s.asks.keys()) : Math.max(...s.bids.keys());
      const inside = best - sign;
      if (inside !== other) set(side, inside, this.size());
    } else {
      const price = best + sign * Math.floor(Math.random() * 15);
      set(side, price, roll < 0.28 ? 0 : this.size());
      if (s[side].size === 0) set(side, best, 100);
    }
    return trades;
  }

  half(symbol, half, count) {
    const s = this.symbols.get(symbol);
    const keys = [...s[half].keys()].sort((a, b) => (half === 'bids' ? b - a : a - b)).slice(0, count);
    return keys.map((key) => [fixed(key), String(s[half].get(key)), 1 + (key % 7)]);
  }

  checksum(symbol) {
    const text = [...this.half(symbol, 'bids', 10), ...this.half(symbol, 'asks', 10)].map(([p, q]) => `${p}:${q}`).join('|');
    return crc32(text);
  }

  snapshot(symbol) {
    const s = this.symbols.get(symbol);
    return { symbol, seq: s.bookSeq, sim_time: this.iso(), bids: this.half(symbol, 'bids', 100), asks: this.half(symbol, 'asks', 100), checksum: this.checksum(symbol) };
  }

  delta(symbol) {
    const s = this.symbols.get(symbol);
    if (s.dirty.bids.size + s.dirty.asks.size === 0) return null;
    const levels = (half) => [...s.dirty[half]].map((price) => [fixed(price), String(s[half].get(price) ?? 0), s[half].has(price) ? 2 : 0]);
    const data = { symbol, prev_seq: s.bookSeq, seq: s.bookSeq + 1, sim_time: this.iso(), bids: levels('bids'), asks: levels('asks'), checksum: this.checksum(symbol) };
    s.bookSeq += 1;
    s.dirty.bids.clear();
    s.dirty.asks.clear();
    return data;
  }

  quote(symbol) {
    const s = this.symbols.get(symbol);
    const [bid] = this.half(symbol, 'bids', 1);
    const [ask] = this.half(symbol, 'asks', 1);
    return { symbol, bid: bid?.[0] ?? null, bid_quantity: bid?.[1] ?? null, ask: ask?.[0] ?? null, ask_quantity: ask?.[1] ?? null, last: fixed(s.last), change: fixed(s.last - s.previousClose), volume: String(s.volume), previous_close: fixed(s.previousClose) };
  }

  history(symbol, seconds, count) {
    const s = this.symbols.get(symbol);
    const out = [];
    let price = s.last;
    let at = Math.floor(this.simMs / 1000 / seconds) * seconds;
    for (let i = 0; i < count; i += 1) {
      const span = Math.max(2, Math.sqrt(seconds) * 1.6);
      const open = Math.round(price + (Math.random() - 0.5) * span);
      const high = Math.max(open, price) + Math.floor(Math.random() * span * 0.5);
      const low = Math.min(open, price) - Math.floor(Math.random() * span * 0.5);
      out.push({ time: iso(at * 1000), open: fixed(open), high: fixed(high), low: fixed(low), close: fixed(price), volume: String(1000 + Math.floor(Math.random() * 9000)), trades: 40 });
      price = open;
      at -= seconds;
    }
    return out.reverse();
  }
}
