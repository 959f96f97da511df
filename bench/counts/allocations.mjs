import { GCProfiler, getHeapStatistics } from "node:v8";

/** Bytes of V8's heap that live, and those that wait to be collected. */
export const used = () => getHeapStatistics().used_heap_size;

/** Bytes allocated in V8's heap from `begin` to `end`: by how much it grew, and what was collected meanwhile. */
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
