/** Has a property of an object read as true while `isTrue` says so; otherwise it is what it was. */
export function shadow(object: object, property: string, isTrue: () => boolean): void {
  const native = Object.getOwnPropertyDescriptor(object, property) ?? inherited(object, property);
  Object.defineProperty(object, property, {
    configurable: true,
    get: () => isTrue() || native?.get?.call(object),
  });
}

function inherited(object: object, property: string): PropertyDescriptor | undefined {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, property);
    if (found !== undefined) return found;
  }
  return undefined;
}
