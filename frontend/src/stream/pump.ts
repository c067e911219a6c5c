/**
 * One requestAnimationFrame loop for everything that follows market data. Each follower states how often it may draw
 * and what it watches; it is called only when that changed. A hidden tab drops to one look a second.
 */

export interface Follower {
  /** Shortest time between two draws. */
  everyMs: number;
  /** Sum of the versions watched: any change makes it differ. */
  version: () => number;
  draw: (nowMs: number) => void;
}

interface Entry extends Follower {
  seen: number;
  drawnAt: number;
}

export class Pump {
  private readonly entries = new Set<Entry>();
  private handle = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  /** Milliseconds spent drawing since the start, for the performance read-out. */
  busyMs = 0;

  follow(follower: Follower): () => void {
    const entry: Entry = { ...follower, seen: Number.NaN, drawnAt: -Infinity };
    this.entries.add(entry);
    this.start();
    return () => {
      this.entries.delete(entry);
      if (this.entries.size === 0) this.stop();
    };
  }

  /** Draw what is due at `nowMs`. Exposed so that tests own the clock. */
  turn(nowMs: number): void {
    const before = performance.now();
    for (const entry of this.entries) {
      // Half a frame of slack keeps 50 ms at 20 Hz on a 16.7 ms grid.
      if (nowMs - entry.drawnAt < entry.everyMs - 8) continue;
      const version = entry.version();
      if (version === entry.seen) continue;
      entry.seen = version;
      entry.drawnAt = nowMs;
      try {
        entry.draw(nowMs);
      } catch (failure) {
        // One follower's fault must not stop the others from drawing.
        console.error('A panel failed to draw', failure);
        this.entries.delete(entry);
      }
    }
    this.busyMs += performance.now() - before;
  }

  private start(): void {
    if (this.handle !== 0) return;
    const loop = (now: number): void => {
      this.turn(now);
      this.handle = this.entries.size > 0 ? requestAnimationFrame(loop) : 0;
    };
    this.handle = requestAnimationFrame(loop);
    // Animation frames stop in a hidden tab; titles and alerts still follow at 1 Hz.
    this.timer ??= setInterval(() => {
      if (document.hidden) this.turn(performance.now());
    }, 1_000);
  }

  private stop(): void {
    cancelAnimationFrame(this.handle);
    this.handle = 0;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
