/**
 * Where each stream stands, and what to do with a frame that claims a number. Pure: it decides, others act.
 * A private stream is applied exactly once and in order; a conflated one only ever rises.
 */
import { isPrivate } from '@/stream/protocol';

export type Verdict = 'apply' | 'duplicate' | 'gap';

interface Place {
  epoch: number;
  lastSeq: number;
  /** A hole was seen and its repair was asked for; nothing newer is applied until it is filled. */
  repairing: boolean;
}

export class SequenceBook {
  private readonly places = new Map<string, Place>();
  gaps = 0;
  duplicates = 0;

  /** Start (or restart) a stream after `lastSeq`, as REST reported it or a snapshot said. */
  begin(stream: string, epoch: number, lastSeq: number): void {
    this.places.set(stream, { epoch, lastSeq, repairing: false });
  }

  forget(stream: string): void {
    this.places.delete(stream);
  }

  lastSeq(stream: string): number {
    return this.places.get(stream)?.lastSeq ?? 0;
  }

  epoch(stream: string): number {
    return this.places.get(stream)?.epoch ?? 0;
  }

  repairing(stream: string): boolean {
    return this.places.get(stream)?.repairing ?? false;
  }

  /** Judge a numbered frame. A private stream's numbers go on across epochs; a conflated one starts anew. */
  accept(stream: string, epoch: number, seq: number): Verdict {
    const place = this.places.get(stream);
    if (place === undefined) {
      // Nothing is known of a private stream that was never begun: its first number must be 1.
      if (isPrivate(stream) && seq > 1) {
        this.places.set(stream, { epoch, lastSeq: 0, repairing: true });
        this.gaps += 1;
        return 'gap';
      }
      this.places.set(stream, { epoch, lastSeq: seq, repairing: false });
      return 'apply';
    }
    if (isPrivate(stream)) {
      if (seq <= place.lastSeq) {
        this.duplicates += 1;
        return 'duplicate';
      }
      if (seq > place.lastSeq + 1) {
        if (!place.repairing) this.gaps += 1;
        place.repairing = true;
        return 'gap';
      }
      place.repairing = false;
    } else {
      if (epoch < place.epoch) return 'duplicate';
      if (epoch === place.epoch && seq <= place.lastSeq) {
        this.duplicates += 1;
        return 'duplicate';
      }
    }
    place.epoch = Math.max(place.epoch, epoch);
    place.lastSeq = seq;
    return 'apply';
  }

  /** The private streams that lost their tail, going by a heartbeat's next numbers. */
  behind(next: Record<string, number>): string[] {
    const lost: string[] = [];
    for (const [stream, seq] of Object.entries(next)) {
      const place = this.places.get(stream);
      if (place !== undefined && isPrivate(stream) && seq - 1 > place.lastSeq) lost.push(stream);
    }
    return lost;
  }
}
