/** Told by what a value prints as: enough for values that the page makes itself. */
const is = (name: string) => (value: unknown) => Object.prototype.toString.call(value) === `[object ${name}]`;

export const types = {
  isAnyArrayBuffer: is("ArrayBuffer"),
  isAsyncFunction: is("AsyncFunction"),
  isBoxedPrimitive: (value: unknown) => value instanceof Number || value instanceof String || value instanceof Boolean,
  isDate: is("Date"),
  isMap: is("Map"),
  isNativeError: (value: unknown) => value instanceof Error,
  isPromise: is("Promise"),
  isProxy: () => false,
  isRegExp: is("RegExp"),
  isSet: is("Set"),
  isUint8Array: is("Uint8Array"),
};
