/** The parts of Node's globals that core uses for what the page does. Imported before core. */

export function encode(bytes: Uint8Array, encoding: string): string {
  if (encoding === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(String.fromCharCode(...bytes));
  return encoding === "base64" ? base64 : base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

class Bytes extends Uint8Array {
  static alloc(length: number): Bytes {
    return new Bytes(length);
  }
  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length;
  }
  static isBuffer(value: unknown): boolean {
    return value instanceof Bytes;
  }
  override toString(encoding = "utf8", from = 0, to = this.length): string {
    return encode(this.subarray(from, to), encoding);
  }
}

Object.assign(globalThis, {
  Buffer: Bytes,
  process: { env: {}, versions: { v8: "13" }, emitWarning: console.warn, nextTick: queueMicrotask },
  setImmediate: (work: () => void) => setTimeout(work),
});
