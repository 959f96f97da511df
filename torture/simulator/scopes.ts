import type { Scope } from "./enumerate.js";

/** Two processes, a session that both have loaded, and their operations on it at the same time. */
export const scopes: readonly Scope[] = [
  {
    name: "destroy and save",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["destroy"] },
      { process: 1, id: "current", operations: ["set", "append"] },
    ],
  },
  {
    name: "destroy after the end and save",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["set"], late: "destroy" },
      { process: 1, id: "current", operations: ["set", "append"] },
    ],
  },
  {
    name: "set after the end and regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["set"], late: "set" },
      { process: 1, id: "current", operations: ["set", "regenerate"] },
    ],
  },
  {
    name: "destroy and regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["destroy"] },
      { process: 1, id: "current", operations: ["set", "regenerate"] },
    ],
  },
  {
    name: "regenerate and regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["regenerate"] },
      { process: 1, id: "current", operations: ["set", "regenerate"] },
    ],
  },
  {
    name: "regenerate and update",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["set", "regenerate"] },
      { process: 1, id: "current", operations: ["update"] },
    ],
  },
  {
    name: "update and update",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["update"] },
      { process: 1, id: "current", operations: ["update", "append"] },
    ],
  },
  {
    name: "two updates of one process and a regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["update"] },
      { process: 0, id: "current", operations: ["update"] },
      { process: 1, id: "current", operations: ["regenerate"] },
    ],
  },
  {
    name: "regenerate from a retired id and destroy",
    faults: 1,
    requests: [
      { process: 0, id: "old", operations: ["set", "regenerate"] },
      { process: 1, id: "current", operations: ["destroy"] },
    ],
  },
  {
    name: "regenerate and destroy, both from a retired id",
    faults: 1,
    requests: [
      { process: 0, id: "old", operations: ["regenerate"] },
      { process: 1, id: "old", operations: ["destroy"] },
    ],
  },
  {
    name: "regenerate from a retired id and from the present one",
    faults: 1,
    requests: [
      { process: 0, id: "old", operations: ["regenerate"] },
      { process: 1, id: "current", operations: ["set", "regenerate"] },
    ],
  },
  {
    name: "regenerate, then destroy, and another's regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["regenerate", "destroy"] },
      { process: 1, id: "current", operations: ["regenerate"] },
    ],
  },
  {
    name: "update, then regenerate, and another's regenerate",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["update", "regenerate"] },
      { process: 1, id: "current", operations: ["regenerate"] },
    ],
  },
  {
    name: "update, then regenerate, and another's destroy",
    faults: 1,
    requests: [
      { process: 0, id: "current", operations: ["update", "append", "regenerate"] },
      { process: 1, id: "current", operations: ["destroy"] },
    ],
  },
];
