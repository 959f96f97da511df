import { NoAnswer } from "./failure.js";

/** An instant of the monotonic clock, in milliseconds, by which an operation has settled. */
export type Deadline = number;

/** Settles with the work, or rejects at the deadline; what the work still comes to then goes to `late`. */
export function settle<T>(work: () => Promise<T>, until: Deadline, late: (value: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const giveUp = () => {
      over = true;
      reject(new NoAnswer());
    };
    const timer = setTimeout(giveUp, Math.max(until - performance.now(), 1));
    const done = (value: T) => {
      clearTimeout(timer);
      if (over) late(value);
      else resolve(value);
    };
    const failed = (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    };
    try {
      Promise.resolve(work()).then(done, failed);
    } catch (error) {
      failed(error);
    }
  });
}
