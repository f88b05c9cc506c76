/** How long the event loop was held up: p99 and maximum since the last look, ms. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopMonitor {
  read(): { p99: number; max: number };
  stop(): void;
}

const RESOLUTION = 20;

export function monitorEventLoop(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  // The histogram holds the timer's own period as well; what exceeds it is delay. NaN before the first sample.
  const delay = (nanoseconds: number) => Math.max(0, Math.round((nanoseconds || 0) / 1e5) / 10 - RESOLUTION);
  return {
    read() {
      const seen = { p99: delay(histogram.percentile(99)), max: delay(histogram.max) };
      histogram.reset();
      return seen;
    },
    stop: () => void histogram.disable(),
  };
}
