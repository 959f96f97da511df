import { main } from "./trials.js";

void main(process.argv.slice(2));
