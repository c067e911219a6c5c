/**
 * A stand-in for the platform while the terminal is developed and measured: the public contract over a random
 * market, at a chosen update rate. `PORT=8100 RATE=100 node main.mjs`; serves the built terminal from dist/ too.
 * It keeps nothing and checks nobody's password: never part of the product.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { Market, SYMBOLS } from './market.mjs';

const PORT = Number(process.env.PORT ?? 8100);
const RATE = Number(process.env.RATE ?? 100);
const DIST = new URL('../../../dist/', import.meta.url).pathname;
const market = new Market();
const EPOCH = 1;
const sessionId = '0190aaaa-0000-7000-8000-000000000001';
let paused = false;
let speed = 1;
const logs = { orders: [], account: [], session: [] };
const orders = new Map();
const executions = [];
const positions = new Map();
const account = { currency: 'USD', cash: 100000, fees: 0, realized: 0 };
const sockets = new Set();

const money = (value) => value.toFixed(2);
const reserved = () => [...orders.values()].filter((o) => o.side === 'BUY' && live(o)).reduce((sum, o) => sum + Number(o.leaves_quantity) * Number(o.price ?? 0), 0);
const live = (o) => ['NEW', 'PARTIALLY_FILLED'].includes(o.status);
const accountBody = () => ({ currency: 'USD', cash: money(account.cash), reserved: money(reserved()), buying_power: money(account.cash - reserved()), equity: null, realized_pnl: money(account.realized), unrealized_pnl: null, fees: money(account.fees), state: 'ACTIVE' });
const sessionBody = () => ({ id: sessionId, name: 'Morning practice', status: 'READY', scenario: 'open-market', seed: 42, epoch: EPOCH, engine_version: '0.1.0', phase: 'CONTINUOUS', sim_time: market.iso(), speed: String(speed), paused, created_at: new Date(Date.now() - 720000).toISOString(), ready_in_ms: 412, target: 'READY', cause: null, date: null, account: {}, engine: { core: 'mock' }, link: null, ready_at: null, progress_url: '', next_seq: { orders: logs.orders.length + 1, account: logs.account.length + 1, session: logs.session.length + 1 } });

function emit(stream, type, data) {
  const frame = { stream, seq: logs[stream].length + 1, type, sim_time: market.iso(), wall_time: new Date().toISOString(), epoch: EPOCH, data };
  if (stream === 'orders') data.seq = frame.seq;
  logs[stream].push(frame);
  for (const socket of sockets) if (socket.streams.has(stream)) socket.send(JSON.stringify(frame));
}

function report(order, type, kind, extra = {}) {
  const execution = { ...order, execution_id: `${executions.length + 1}`, execution_type: kind, last_quantity: null, last_price: null, last_liquidity: null, fee: null, quantity_ahead: live(order) ? '1200' : null, ...extra, sim_time: market.iso() };
  emit('orders', type, execution);
  order.seq = execution.seq;
  executions.push(execution);
  emit('account', 'account.updated', accountBody());
}

function fill(order, price, quantity, liquidity) {
  const sign = order.side === 'BUY' ? 1 : -1;
  const fee = quantity * 0.003;
  const before = positions.get(order.symbol) ?? { symbol: order.symbol, quantity: 0, average: 0, realized: 0, fees: 0 };
  if (before.quantity * sign >= 0) before.average = (before.average * Math.abs(before.quantity) + price * quantity) / (Math.abs(before.quantity) + quantity);
  else before.realized += (price - before.average) * Math.min(quantity, Math.abs(before.quantity)) * Math.sign(before.quantity);
  before.quantity += sign * quantity;
  before.fees += fee;
  positions.set(order.symbol, before);
  account.cash -= sign * price * quantity + fee;
  account.fees += fee;
  account.realized = [...positions.values()].reduce((sum, p) => sum + p.realized, 0);
  order.cum_quantity = String(Number(order.cum_quantity) + quantity);
  order.leaves_quantity = String(Number(order.quantity) - Number(order.cum_quantity));
  order.average_price = price.toFixed(2);
  order.status = order.leaves_quantity === '0' ? 'FILLED' : 'PARTIALLY_FILLED';
  report(order, 'order.filled', 'TRADE', { last_quantity: String(quantity), last_price: price.toFixed(2), last_liquidity: liquidity, fee: fee.toFixed(4) });
  emit('account', 'position.updated', positionBody(before));
}

const positionBody = (p) => ({ symbol: p.symbol, quantity: String(p.quantity), average_price: p.average.toFixed(4), mark_price: null, unrealized_pnl: null, realized_pnl: money(p.realized), fees: money(p.fees) });

function place(body) {
  const order = { order_id: randomUUID(), client_order_id: body.client_order_id, symbol: body.symbol, side: body.side, type: body.type, time_in_force: body.time_in_force, quantity: body.quantity, price: body.price ?? null, stop_price: null, status: 'NEW', cum_quantity: '0', leaves_quantity: body.quantity, average_price: null, reject_code: null, text: null, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), sim_time: market.iso(), seq: 0 };
  orders.set(order.client_order_id, order);
  report(order, 'order.accepted', 'NEW');
  const quote = market.quote(order.symbol);
  const touch = Number(order.side === 'BUY' ? quote.ask : quote.bid);
  if (order.type === 'MARKET' || (order.side === 'BUY' ? Number(order.price) >= touch : Number(order.price) <= touch)) fill(order, touch, Number(order.quantity), 'REMOVED');
  return order;
}

function cancel(order) {
  order.status = 'CANCELED';
  order.leaves_quantity = '0';
  report(order, 'order.canceled', 'CANCELED');
  return order;
}

const problem = (status, code, detail) => ({ status, type: 'application/problem+json', body: { type: code.toLowerCase(), title: detail, status, detail, code, errors: [], retryable: false, outcome: 'none' } });
const ok = (body, status = 200) => ({ status, body });
const page = (rows) => ok({ results: rows, next: null });
const days = () => {
  const out = [];
  for (let ms = Date.UTC(2007, 0, 3); ms < Date.UTC(2011, 0, 1); ms += 86400000) if (![0, 6].includes(new Date(ms).getUTCDay())) out.push({ date: new Date(ms).toISOString().slice(0, 10), symbols: ['AAPL', 'IBM', 'KO', 'GE', 'MSFT'] });
  return out;
};
const token = () => ({ access: 'mock', access_expires_at: new Date(Date.now() + 900000).toISOString(), user: { id: 'u1', email: 'trader@example.com', display_name: 'Ada' } });

function answer(method, path, query, body, request) {
  const at = `${method} ${path.replace(`/sessions/${sessionId}`, '/S')}`;
  const symbol = query.get('symbol') ?? '';
  if (at === 'POST /auth/refresh') return /refresh=1/.test(request.headers.cookie ?? '') ? ok(token()) : problem(401, 'UNAUTHENTICATED', 'Sign in.');
  if (at === 'POST /auth/login') return { ...ok(token()), cookie: 'refresh=1; HttpOnly; SameSite=Strict; Path=/' };
  if (at === 'POST /auth/signup') return ok({ next: 'login' }, 201);
  if (at === 'POST /auth/logout') return { status: 204, cookie: 'refresh=; Max-Age=0; Path=/' };
  if (at === 'GET /me' || at === 'PATCH /me') return ok(token().user);
  if (path === '/me/preferences') return ok(method === 'PUT' ? body : {});
  if (at === 'GET /scenarios') return page([{ slug: 'open-market', title: 'Open market', summary: 'Five shares with seeded participants on both sides, from the open to the close.', difficulty: 'beginner', kind: 'synthetic', dates: false, symbols: SYMBOLS.map(([s]) => s) }, { slug: 'history', title: 'History', summary: 'A day of the past in real US shares, with the bars before it on the chart.', difficulty: 'intermediate', kind: 'history', dates: true, symbols: ['AAPL', 'GOOG', 'IBM', 'MSFT'] }]);
  if (at === 'GET /scenarios/history/days') return page(days());
  if (at === 'GET /sessions') return page([sessionBody()]);
  if (at === 'POST /sessions') return ok({ ...sessionBody(), status: 'LAUNCHING' }, 202);
  if (at === 'POST /stream-tickets') return ok({ ticket: 't', expires_in: 30 }, 201);
  if (at === 'GET /S') return ok(sessionBody());
  if (at === 'GET /S/instruments') return ok(SYMBOLS.map(([s, name]) => ({ symbol: s, name, tick_size: '0.01', lot_size: '1', currency: 'USD', min_quantity: '1', max_quantity: '100000', shortable: false, phase: 'CONTINUOUS', last_price: market.quote(s).last, previous_close: market.quote(s).previous_close })));
  if (at === 'GET /S/trades') return page([...market.symbols.get(symbol).trades].reverse().slice(0, 100));
  if (at === 'GET /S/candles') return page(market.history(symbol, { '1s': 1, '5s': 5, '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '1d': 86400 }[query.get('interval')] ?? 60, 300));
  if (at === 'GET /S/orders') return page([...orders.values()].reverse());
  if (at === 'GET /S/executions') return page([...executions].reverse());
  if (at === 'GET /S/positions') return page([...positions.values()].map(positionBody));
  if (at === 'GET /S/account') return ok(accountBody());
  if (at === 'POST /S/clock') {
    if (body.action === 'pause') paused = true;
    if (body.action === 'resume') paused = false;
    if (body.action === 'speed') speed = Number(body.speed);
    emit('session', 'clock.changed', { paused, speed: String(speed), sim_time: market.iso() });
    return ok(sessionBody());
  }
  if (at === 'POST /S/orders/preview') {
    const quote = market.quote(body.symbol);
    const price = body.type === 'MARKET' ? Number(body.side === 'BUY' ? quote.ask : quote.bid) : Number(body.price);
    const cost = price * Number(body.quantity);
    const broken = body.side === 'BUY' && cost > account.cash - reserved() ? [{ code: 'INSUFFICIENT_BUYING_POWER', text: `Needs ${cost.toFixed(2)}, has ${money(account.cash - reserved())}.` }] : [];
    return ok({ estimated_cost: cost.toFixed(2), estimated_fee: (Number(body.quantity) * 0.003).toFixed(2), average_fill_price: price.toFixed(2), fill_quantity: body.type === 'MARKET' ? body.quantity : '0', resting_quantity: body.type === 'MARKET' ? '0' : body.quantity, quantity_ahead: '1200', accepted: broken.length === 0, resulting_position: String((positions.get(body.symbol)?.quantity ?? 0) + (body.side === 'BUY' ? 1 : -1) * Number(body.quantity)), buying_power_after: money(account.cash - reserved() - cost), broken_rules: broken });
  }
  if (at === 'POST /S/orders') return ok(place(body), 201);
  if (at === 'DELETE /S/orders') return page([...orders.values()].filter((o) => live(o) && (symbol === '' || o.symbol === symbol) && (!query.get('side') || o.side === query.get('side'))).map(cancel));
  const one = /^(GET|PATCH|DELETE) \/S\/orders\/([^/]+)$/.exec(at);
  if (one) {
    const order = orders.get(decodeURIComponent(one[2]));
    if (!order) return problem(404, 'UNKNOWN_ORDER', 'No order has this id.');
    if (one[1] === 'GET') return ok(order);
    if (!live(order)) return problem(409, 'TOO_LATE_TO_CANCEL', 'The order is already closed.');
    if (one[1] === 'DELETE') return ok(cancel(order));
    orders.delete(order.client_order_id);
    Object.assign(order, { original_client_order_id: order.client_order_id, client_order_id: body.client_order_id, quantity: body.quantity ?? order.quantity, price: body.price ?? order.price });
    order.leaves_quantity = String(Number(order.quantity) - Number(order.cum_quantity));
    orders.set(order.client_order_id, order);
    report(order, 'order.replaced', 'REPLACED');
    return ok(order);
  }
  const flat = /^POST \/S\/positions\/([^/]+)\/flatten$/.exec(at);
  if (flat) {
    const p = positions.get(flat[1]);
    if (p?.quantity) place({ client_order_id: randomUUID(), symbol: p.symbol, side: p.quantity > 0 ? 'SELL' : 'BUY', type: 'MARKET', quantity: String(Math.abs(p.quantity)), time_in_force: 'IOC' });
    return ok({});
  }
  return problem(404, 'NOT_FOUND', `No such path: ${at}`);
}

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws:; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/healthz') return void response.end('ok');
  if (url.pathname.endsWith('/progress')) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    ['Place found', 'Exchange process started', 'Restoring state', 'Warming market data', 'Ready'].forEach((message, i) => setTimeout(() => {
      response.write(`data: ${JSON.stringify({ step: `s${i}`, message, percent: (i + 1) * 20, elapsed_ms: (i + 1) * 190, queue_position: null, ready: i === 4, failed: false })}\n\n`);
      if (i === 4) response.end();
    }, (i + 1) * 190));
    return;
  }
  if (url.pathname.startsWith('/api/v1/')) {
    let text = '';
    request.on('data', (chunk) => { text += chunk; });
    request.on('end', () => {
      const result = answer(request.method, url.pathname.slice('/api/v1'.length), url.searchParams, text === '' ? undefined : JSON.parse(text), request);
      const headers = { 'Content-Type': result.type ?? 'application/json' };
      if (result.cookie) headers['Set-Cookie'] = result.cookie;
      response.writeHead(result.status, headers);
      response.end(result.status === 204 ? undefined : JSON.stringify(result.body));
    });
    return;
  }
  const file = url.pathname.startsWith('/static/') ? url.pathname.slice(8) : 'index.html';
  readFile(join(DIST, file)).then((data) => {
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP });
    response.end(data);
  }, () => { response.writeHead(404); response.end(); });
});

const doors = new WebSocketServer({ server, handleProtocols: () => 'tradesim.v1' });
doors.on('connection', (socket) => {
  socket.streams = new Set();
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('message', (text) => {
    const message = JSON.parse(String(text));
    if (message.op !== 'hello' && message.op !== 'subscribe' && message.op !== 'unsubscribe') return;
    for (const { name, last_seq: after = 0 } of message.streams) {
      if (message.op === 'unsubscribe') { socket.streams.delete(name); continue; }
      socket.streams.add(name);
      if (logs[name]) for (const frame of logs[name].slice(after)) socket.send(JSON.stringify({ ...frame, poss_dup: true }));
      if (name.startsWith('book:')) {
        const data = market.snapshot(name.slice(5));
        socket.send(JSON.stringify({ stream: name, seq: data.seq, type: 'book.snapshot', sim_time: market.iso(), epoch: EPOCH, data }));
      }
    }
  });
});

let marketSeq = 0;
const frameOf = (stream, type, data) => ({ stream, seq: (marketSeq += 1), type, sim_time: market.iso(), wall_time: new Date().toISOString(), epoch: EPOCH, data });
const bars = new Map();
let credit = 0;
setInterval(() => {
  if (paused) return;
  market.simMs += 50 * speed;
  credit += RATE / 20;
  const out = [];
  const trades = new Map();
  while (credit >= 1) {
    credit -= 1;
    const [symbol] = SYMBOLS[Math.floor(Math.random() * SYMBOLS.length)];
    const made = market.change(symbol);
    if (made.length > 0) trades.set(symbol, [...(trades.get(symbol) ?? []), ...made]);
  }
  for (const [symbol] of SYMBOLS) {
    const delta = market.delta(symbol);
    if (delta !== null) {
      out.push({ ...frameOf(`book:${symbol}`, 'book.delta', delta), seq: delta.seq });
      out.push(frameOf('quotes', 'quote', market.quote(symbol)));
    }
    const made = trades.get(symbol);
    if (made !== undefined) out.push(frameOf(`trades:${symbol}`, 'trade', { trades: made }));
    for (const [name, seconds] of [['1s', 1], ['5s', 5], ['1m', 60], ['5m', 300]]) {
      if (made === undefined) continue;
      const start = Math.floor(market.simMs / 1000 / seconds) * seconds;
      const key = `${symbol}:${name}`;
      const price = made[made.length - 1].price;
      const bar = bars.get(key)?.start === start ? bars.get(key) : { start, open: price, high: price, low: price, volume: 0, trades: 0 };
      bar.high = Math.max(bar.high, price).toFixed(2);
      bar.low = Math.min(bar.low, price).toFixed(2);
      bar.volume += made.reduce((sum, t) => sum + Number(t.quantity), 0);
      bar.trades += made.length;
      bars.set(key, bar);
      out.push(frameOf(`candles:${key}`, 'candle', { time: new Date(start * 1000).toISOString(), open: bar.open, high: bar.high, low: bar.low, close: price, volume: String(bar.volume), trades: bar.trades }));
    }
  }
  for (const order of orders.values()) {
    if (!live(order)) continue;
    const quote = market.quote(order.symbol);
    const through = order.side === 'BUY' ? Number(quote.ask) <= Number(order.price) : Number(quote.bid) >= Number(order.price);
    if (through) fill(order, Number(order.price), Math.min(40, Number(order.leaves_quantity)), 'ADDED');
  }
  const queue = Object.fromEntries([...orders.values()].filter(live).map((o) => [o.client_order_id, { quantity_ahead: String(Math.floor(Math.random() * 1500)) }]));
  if (Object.keys(queue).length > 0) out.push(frameOf('queue', 'queue.updated', { orders: queue }));
  for (const socket of sockets) {
    const mine = out.filter((frame) => socket.streams.has(frame.stream));
    if (mine.length > 0) socket.send(JSON.stringify(mine));
  }
}, 50);
setInterval(() => {
  for (const socket of sockets) socket.send(JSON.stringify({ type: 'heartbeat', sim_time: market.iso(), epoch: EPOCH, data: { server_time: new Date().toISOString(), next_seq: { orders: logs.orders.length + 1, account: logs.account.length + 1, session: logs.session.length + 1 } } }));
}, 1000);

server.listen(PORT, () => console.log(`mock platform on http://localhost:${PORT}, ${RATE} updates/s`));
