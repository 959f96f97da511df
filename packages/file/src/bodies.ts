import type { Disk } from "./disk.js";
import { attempt, codeOf, tolerate, unavailable } from "./failure.js";
import { Limiter } from "./limiter.js";

/** Maximum number of files that one handle has open at a time. */
const openAtOnce = 64;
/** The path is a symbolic link, a directory or a socket, and so not a file of ours. */
const foreign = ["ELOOP", "EMLINK", "EISDIR", "ENXIO", "ENODEV"];

/** Reads and writes whole files. A file is never changed after it was written. */
export class Bodies {
  readonly #disk: Disk;
  readonly #durable: boolean;
  readonly #limiter = new Limiter(openAtOnce);

  constructor(disk: Disk, durable: boolean) {
    this.#disk = disk;
    this.#durable = durable;
  }

  /** The bytes of a file of `size` bytes; "missing", or "foreign" when it is not a file of ours. */
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

  /** Writes a new file. False when its directory does not exist. Any failure removes the file again. */
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

  /** Makes changes of a directory survive a power failure, if `durable` is set. */
  async syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory, and does not need this: it journals names.
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
      // One byte more than expected, to detect a longer file.
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
      // An empty file is only a name, and names are synced with their directory.
      if (this.#durable && bytes.length > 0) await this.#disk.sync(fd);
    } finally {
      await this.#disk.close(fd);
    }
  }
}
