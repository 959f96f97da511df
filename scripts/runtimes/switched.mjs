import { memory } from "../../packages/core/dist/index.js";

/** The memory provider, with a switch that makes every write fail. */
export function switched() {
  const inner = memory();
  const state = { down: false };
  const connect = async (context) => {
    const provider = await inner.connect(context);
    const guard = (call) => (state.down ? Promise.reject(new Error("down")) : call());
    return {
      read: (key) => provider.read(key),
      create: (key, record) => guard(() => provider.create(key, record)),
      update: (key, record, expected) => guard(() => provider.update(key, record, expected)),
      touch: (key, expiresAt, expected) => provider.touch(key, expiresAt, expected),
      count: () => provider.count(),
      gc: () => provider.gc(),
      close: () => provider.close(),
    };
  };
  return { state, connector: { kind: "store", name: "switched", connect } };
}
