/** Whether each object whose prototype was replaced, and to which something is added, has a shape of its own. */
const isOld = Number.parseInt(process.versions.v8 ?? "", 10) < 13;

/**
 * Has V8 keep an object as a table if its prototype was replaced, which is what Express does to each request and
 * response. To the V8 of Node 20 and 22 each of these has a shape of its own from the first property that is added:
 * every further one takes microseconds, and every access, by Node too, is to a shape that no code has met. Tables share
 * one. The V8 of Node 24 has these objects share their shapes, and there a table would be slower.
 *
 * An object becomes a table as a property other than the one added last is removed: `name`, which is put back as it was.
 */
export function toDictionaryMode(object: object, name: string): void {
  if (!isOld || Object.getPrototypeOf(object) === object.constructor?.prototype) return;
  const property = Object.getOwnPropertyDescriptor(object, name);
  if (property?.configurable !== true) return;
  Reflect.deleteProperty(object, name);
  Object.defineProperty(object, name, property);
}
