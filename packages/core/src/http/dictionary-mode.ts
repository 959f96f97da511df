/** Whether V8 gives each object with a replaced prototype a separate shape when a property is added. */
const isOld = Number.parseInt(process.versions.v8 ?? "", 10) < 13;

/**
 * Makes V8 keep an object as a table if its prototype was replaced, as Express does with each request and response. In
 * the V8 of Node 20 and 22, each such object gets a shape of its own with the first added property: every further
 * property takes microseconds, and every access, also by Node, is to an unknown shape. Tables share one shape. In the
 * V8 of Node 24, these objects share their shapes, and a table would be slower.
 *
 * An object becomes a table when a property other than the last one added is removed. `name` is removed and put back
 * for this.
 */
export function toDictionaryMode(object: object, name: string): void {
  if (!isOld || Object.getPrototypeOf(object) === object.constructor?.prototype) return;
  const property = Object.getOwnPropertyDescriptor(object, name);
  if (property?.configurable !== true) return;
  Reflect.deleteProperty(object, name);
  Object.defineProperty(object, name, property);
}
