import type {} from "@sess/core/h3"; // For `event.context.session`, also where only the types of a handler are read.

export interface Fields {
  user: string;
  visits: number;
}
