/** What is given up without an answer from the server, since nothing was heard in time or too many wait already. */
export class GivenUp extends Error {
  constructor(message = "no answer in time") {
    super(message);
    this.name = "GivenUp";
  }
}

/**
 * Settles with the work, or rejects with {@link GivenUp} at `until`, an instant of the monotonic clock; what the work
 * still resolves to then goes to `late`.
 */
export function settle<T>(work: Promise<T>, until: number, late: (value: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(
      () => {
        over = true;
        reject(new GivenUp());
      },
      Math.max(until - performance.now(), 1),
    );
    const done = (value: T) => {
      clearTimeout(timer);
      if (over) late(value);
      else resolve(value);
    };
    work.then(done, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
