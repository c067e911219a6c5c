/** The candle chart: history over REST, live bars by stream, own fills, working orders and position on it. */
import { useQuery } from '@tanstack/react-query';
import { CandlestickSeries, createChart, createSeriesMarkers, CrosshairMode, HistogramSeries, LineStyle, type IChartApi, type IPriceLine, type ISeriesApi, type ISeriesMarkersPluginApi, type Time } from 'lightweight-charts';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Failure } from '@/components/states';
import type { Candle } from '@/generated/shapes';
import { get } from '@/lib/http';
import { useDesk, useFacts, usePump, useSession, useStreams } from '@/stream/context';
import { workingOrders } from '@/stream/private-reducer';
import { fillMarks, INTERVALS, intervalSeconds, tidy, toBar, type Bar } from '@/features/chart/bars';

interface Drawn {
  chart: IChartApi;
  candles: ISeriesApi<'Candlestick'>;
  volume: ISeriesApi<'Histogram'>;
  markers: ISeriesMarkersPluginApi<Time>;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function dress({ chart, candles }: Drawn): void {
  chart.applyOptions({
    layout: { background: { color: token('--panel') }, textColor: token('--dim'), fontFamily: "'Inter Variable', sans-serif", fontSize: 11, panes: { separatorColor: token('--line') } },
    grid: { vertLines: { color: token('--raised') }, horzLines: { color: token('--raised') } },
    rightPriceScale: { borderColor: token('--line') },
    timeScale: { borderColor: token('--line') },
    crosshair: { vertLine: { color: token('--line-strong'), labelBackgroundColor: token('--line-strong') }, horzLine: { color: token('--line-strong'), labelBackgroundColor: token('--line-strong') } },
  });
  const up = token('--up');
  const down = token('--down');
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
}

const at = (seconds: number): Time => seconds as Time;

function volumeOf(bar: Bar): { time: Time; value: number; color: string } {
  return { time: at(bar.time), value: bar.volume, color: bar.close >= bar.open ? token('--up-soft') : token('--down-soft') };
}

export function Chart() {
  const session = useSession();
  const symbol = useDesk((state) => state.symbol);
  const interval = useDesk((state) => state.interval);
  const fills = useFacts((state) => state.fills);
  const orders = useFacts((state) => state.orders);
  const position = useFacts((state) => state.positions.get(symbol));
  const holder = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const legendShow = useRef<(() => void) | null>(null);
  const last = useRef<{ time: number; version: number; ready: boolean }>({ time: 0, version: 0, ready: false });
  const key = `${symbol}:${interval}`;
  useStreams(symbol === '' ? [] : [`candles:${key}`]);

  const history = useQuery({
    queryKey: ['candles', session.id, symbol, interval],
    enabled: symbol !== '',
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) => {
      const answer = await get<Candle[] | { results: Candle[] }>(`/sessions/${session.id}/candles`, { symbol, interval, limit: 500 }, signal);
      return tidy((Array.isArray(answer) ? answer : answer.results).map((candle) => toBar(candle, interval)));
    },
  });

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const chart = createChart(element, { autoSize: true, crosshair: { mode: CrosshairMode.Normal }, timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 6, barSpacing: 7 }, rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.24 } } });
    const candles = chart.addSeries(CandlestickSeries, {});
    const volume = chart.addSeries(HistogramSeries, { priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    const made: Drawn = { chart, candles, volume, markers: createSeriesMarkers(candles, []) };
    dress(made);
    setDrawn(made);
    const themes = new MutationObserver(() => dress(made));
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'data-palette'] });
    return () => {
      themes.disconnect();
      setDrawn(null);
      // After the other effects have let go of it: a disposed chart throws.
      queueMicrotask(() => chart.remove());
    };
  }, []);

  // The legend follows the crosshair, and the newest bar when there is none.
  useEffect(() => {
    if (drawn === null) return;
    const { digits } = session.market.scale(symbol);
    const show = (bar: { open: number; high: number; low: number; close: number } | undefined): void => {
      if (legend.current === null || bar === undefined) return;
      const tone = bar.close >= bar.open ? 'up' : 'down';
      const parts = ([['O', bar.open], ['H', bar.high], ['L', bar.low], ['C', bar.close]] as const).map(([name, value]) => {
        const item = document.createElement('span');
        item.append(`${name} `);
        const number = document.createElement('b');
        number.className = tone;
        number.textContent = value.toFixed(digits);
        item.append(number);
        return item;
      });
      legend.current.replaceChildren(...parts);
    };
    let pointed = false;
    const newest = (): void => {
      const data = drawn.candles.data();
      if (!pointed) show(data[data.length - 1] as unknown as Bar | undefined);
    };
    legendShow.current = newest;
    const move: Parameters<IChartApi['subscribeCrosshairMove']>[0] = (event) => {
      const bar = event.seriesData.get(drawn.candles) as Bar | undefined;
      pointed = bar !== undefined;
      if (bar !== undefined) show(bar);
      else newest();
    };
    drawn.chart.subscribeCrosshairMove(move);
    return () => drawn.chart.unsubscribeCrosshairMove(move);
  }, [drawn, session, symbol]);

  useEffect(() => {
    last.current.ready = false;
    if (drawn === null || history.data === undefined) return;
    const { digits, tickUnits } = session.market.scale(symbol);
    drawn.candles.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: tickUnits / 10 ** digits } });
    drawn.chart.applyOptions({ timeScale: { secondsVisible: intervalSeconds(interval) < 60, timeVisible: intervalSeconds(interval) < 86_400 } });
    drawn.candles.setData(history.data.map((bar) => ({ ...bar, time: at(bar.time) })));
    drawn.volume.setData(history.data.map(volumeOf));
    last.current = { time: history.data[history.data.length - 1]?.time ?? -Infinity, version: 0, ready: true };
    drawn.chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, history.data.length - 130), to: history.data.length + 6 });
    legendShow.current?.();
  }, [drawn, history.data, session, symbol, interval]);

  usePump([`candle:${key}`], 100, (market) => {
    if (drawn === null || !last.current.ready) return;
    for (const candle of market.barsAfter(key, last.current.version)) {
      const bar = toBar({ ...candle }, interval);
      if (bar.time < last.current.time) continue;
      last.current.time = bar.time;
      drawn.candles.update({ ...bar, time: at(bar.time) });
      drawn.volume.update(volumeOf(bar));
    }
    last.current.version = market.version(`candle:${key}`);
    legendShow.current?.();
  });

  const marks = useMemo(() => fillMarks(fills, symbol, interval), [fills, symbol, interval]);
  useEffect(() => {
    drawn?.markers.setMarkers(
      marks.map((mark) => ({
        time: at(mark.time),
        position: mark.side === 'BUY' ? 'belowBar' : 'aboveBar',
        shape: mark.side === 'BUY' ? 'arrowUp' : 'arrowDown',
        color: mark.side === 'BUY' ? token('--up') : token('--down'),
        text: mark.text,
      })),
    );
  }, [drawn, marks, history.data]);

  useEffect(() => {
    if (drawn === null) return;
    const lines: IPriceLine[] = [];
    for (const order of workingOrders(session.facts.getState())) {
      if (order.symbol !== symbol || order.price === null) continue;
      lines.push(drawn.candles.createPriceLine({ price: Number(order.price), color: order.side === 'BUY' ? token('--up') : token('--down'), lineStyle: LineStyle.Dashed, lineWidth: 1, axisLabelVisible: true, title: `${order.side === 'BUY' ? 'Buy' : 'Sell'} ${order.leaves_quantity}` }));
    }
    if (position !== undefined && Number(position.quantity) !== 0 && position.average_price !== null) {
      lines.push(drawn.candles.createPriceLine({ price: Number(position.average_price), color: token('--accent'), lineStyle: LineStyle.Solid, lineWidth: 1, axisLabelVisible: true, title: `Position ${position.quantity}` }));
    }
    return () => {
      for (const line of lines) drawn.candles.removePriceLine(line);
    };
  }, [drawn, session, symbol, orders, position]);

  return (
    <div className="flex h-full flex-col">
      <div className="panel-bar">
        <div className="flex items-center gap-3 overflow-hidden">
          <h2 className="text-sm font-semibold">{symbol}</h2>
          <div ref={legend} className="chart-legend" />
        </div>
        <div role="radiogroup" aria-label="Bar interval" className="flex gap-0.5">
          {INTERVALS.map((name) => (
            <button key={name} type="button" role="radio" aria-checked={name === interval} className={`size-pick ${name === interval ? 'size-on' : ''}`} onClick={() => session.desk.getState().setInterval(name)}>
              {name}
            </button>
          ))}
        </div>
      </div>
      <div className="relative min-h-0 flex-1">
        <div ref={holder} className="absolute inset-0" role="group" aria-label={`Candle chart of ${symbol}, ${interval} bars`} />
        {history.isPending && <div className="absolute inset-4 skeleton h-auto!" role="status" aria-label="Loading bars" />}
        {history.isError && <div className="absolute inset-0 bg-panel"><Failure failure={history.error} retry={() => void history.refetch()} stillTrue="Live prices go on in the other panels." /></div>}
        {history.data?.length === 0 && <div className="empty absolute inset-0 pointer-events-none">No bars yet. The first one forms with the next trade.</div>}
      </div>
    </div>
  );
}
