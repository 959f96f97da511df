import type { Disk } from "./disk.js";
import { attempt, codeOf, tolerate, unavailable } from "./failure.js";
import { Limiter } from "./limiter.js";

/** Files of one handle that are open at a time, at most. */
const openAtOnce = 64;
/** What is under the name is a symbolic link, a directory or a socket: none of ours. */
const foreign = ["ELOOP", "EMLINK", "EISDIR", "ENXIO", "ENODEV"];

/** Reads and writes whole files. A file that was written is never written to again. */
export class Bodies {
  readonly #disk: Disk;
  readonly #durable: boolean;
  readonly #limiter = new Limiter(openAtOnce);

  constructor(disk: Disk, durable: boolean) {
    this.#disk = disk;
    this.#durable = durable;
  }

  /** The bytes of a file that has `size` of them; "missing", or "foreign" where it is none of ours. */
  read(path: string, size: number): Promise<Buffer | "missing" | "foreign"> {
    return this.#limiter.run(async () => {
      try {
        return (await this.#read(path, size)) ?? "foreign";
      } catch (error) {
        if (codeOf(error) === "ENOENT") return "missing";
        if (foreign.includes(codeOf(error))) return "foreign";
        throw error;
      }
    });
  }

  /** Writes a new file. False where its directory is not there; no other failure leaves the file behind. */
  write(path: string, bytes: Buffer): Promise<boolean> {
    return this.#limiter.run(async () => {
      const fd = await tolerate(["ENOENT"], undefined, () => this.#disk.openNew(path));
      if (fd === undefined) return false;
      try {
        await this.#fill(fd, bytes);
      } catch (error) {
        await attempt(() => this.#disk.unlink(path));
        throw error;
      }
      return true;
    });
  }

  /** Has what was done to a directory survive a power failure, where that is wanted. */
  async syncDirectory(path: string): Promise<void> {
    // Windows opens no directory, and needs none of this: it journals names.
    if (!this.#durable || process.platform === "win32") return;
    const fd = await this.#disk.openToRead(path);
    try {
      await this.#disk.sync(fd);
    } finally {
      await this.#disk.close(fd);
    }
  }

  async #read(path: string, size: number): Promise<Buffer | undefined> {
    const fd = await this.#disk.openToRead(path);
    try {
      // One byte more than there should be, to see whether there are more.
      const bytes = Buffer.allocUnsafe(size + 1);
      let filled = 0;
      while (filled < size) {
        const count = await this.#disk.read(fd, bytes, filled);
        if (count === 0) break;
        filled += count;
      }
      return filled === size ? bytes.subarray(0, size) : undefined;
    } finally {
      await this.#disk.close(fd);
    }
  }

  /** Closes the file in any case. */
  async #fill(fd: number, bytes: Buffer): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        const count = await this.#disk.write(fd, bytes, written);
        if (count === 0) throw unavailable("the file system wrote nothing");
        written += count;
      }
      // An empty file is but a name, and names are synced with their directory.
      if (this.#durable && bytes.length > 0) await this.#disk.sync(fd);
    } finally {
      await this.#disk.close(fd);
    }
  }
}
