import { GCProfiler, getHeapStatistics } from "node:v8";

/** Live bytes of V8's heap, and those that wait to be collected. */
export const used = () => getHeapStatistics().used_heap_size;

/** Bytes allocated in V8's heap from `begin` to `end`: its growth, and what was collected meanwhile. */
export class Allocations {
  #collections = new GCProfiler();
  #usedBefore = 0;

  begin() {
    this.#collections.start();
    this.#usedBefore = used();
  }

  end() {
    const grown = used() - this.#usedBefore;
    const freed = this.#collections
      .stop()
      .statistics.map(
        ({ beforeGC, afterGC }) => beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      );
    return freed.reduce((sum, bytes) => sum + bytes, grown);
  }
}
